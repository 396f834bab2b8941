import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { canonicalIp } from '../../lib/ip-address.ts';
import { parseSpiffeId, peerSpiffeId } from '../../lib/spiffe.ts';

/** Who a connection comes from. In plain text there is no identity. */
export interface Peer {
  /** The proven SPIFFE id, or empty. */
  readonly identity: string;
  /** In canonical form; empty when the connection is gone already. */
  readonly address: string;
}

export function peerOf(socket: Socket, identity: string): Peer {
  return { identity, address: canonicalIp(socket.remoteAddress ?? '') ?? '' };
}

/** The client's SPIFFE id when its certificate was verified and is of our trust domain. */
export function admittedPeer(socket: TLSSocket, trustDomain: string): string | undefined {
  if (!socket.authorized) return undefined;
  const peer = peerSpiffeId(socket.getPeerCertificate().subjectaltname);
  return peer !== undefined && parseSpiffeId(peer)?.trustDomain === trustDomain ? peer : undefined;
}
