import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { canonicalIp } from '../../lib/ip-address.ts';
import { peerSpiffeId } from '../../lib/spiffe.ts';
import type { Destination } from '../interception/original-destination.ts';
import { limits } from '../limits.ts';
import type { TrustStore } from '../tls/trust.ts';

/** Who a connection comes from. In plain text there is no identity. */
export interface Peer {
  /** The proven SPIFFE id, or empty. */
  readonly identity: string;
  /** In canonical form; empty when the connection is gone already. */
  readonly address: string;
  /** Where it connected to, when that is no service's address and decides. */
  readonly destination: Destination | undefined;
}

export function peerOf(socket: Socket, identity: string, destination?: Destination): Peer {
  return { identity, address: canonicalIp(socket.remoteAddress ?? '') ?? '', destination };
}

/** When a connection ends as gracefully as its protocol can, on the ticker's clock: what was proven once is not true for ever. */
export function retireAt({ identity }: Peer, { now }: { readonly now: number }): number {
  return identity === '' ? Number.POSITIVE_INFINITY : now + limits.connectionAgeMillis;
}

/** The client's SPIFFE id when its certificate was verified by the authority of its own trust domain. */
export function admittedPeer(socket: TLSSocket, trust: TrustStore): string | undefined {
  if (!socket.authorized) return undefined;
  const leaf = socket.getPeerX509Certificate();
  const identity = peerSpiffeId(leaf?.subjectAltName);
  if (leaf === undefined || identity === undefined) return undefined;
  // A resumed session was verified when it began.
  if (Date.now() > Date.parse(leaf.validTo)) return undefined;
  return trust.covers(identity, leaf) ? identity : undefined;
}
