import type { TLSSocket } from 'node:tls';
import { peerSpiffeId, trustDomainOf } from '../tls/spiffe.ts';

/** The client's SPIFFE id when its certificate was verified and is of our trust domain. */
export function admittedPeer(socket: TLSSocket, trustDomain: string): string | undefined {
  if (!socket.authorized) return undefined;
  const peer = peerSpiffeId(socket.getPeerCertificate().subjectaltname);
  return peer !== undefined && trustDomainOf(peer) === trustDomain ? peer : undefined;
}
