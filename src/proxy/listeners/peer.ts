import type { TLSSocket } from 'node:tls';
import { parseSpiffeId, peerSpiffeId } from '../../lib/spiffe.ts';

/** The client's SPIFFE id when its certificate was verified and is of our trust domain. */
export function admittedPeer(socket: TLSSocket, trustDomain: string): string | undefined {
  if (!socket.authorized) return undefined;
  const peer = peerSpiffeId(socket.getPeerCertificate().subjectaltname);
  return peer !== undefined && parseSpiffeId(peer)?.trustDomain === trustDomain ? peer : undefined;
}
