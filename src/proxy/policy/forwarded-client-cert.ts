import { createHash } from 'node:crypto';

/**
 * The value of `x-forwarded-client-cert` that names the proven client to the program, in the format that Envoy uses. `By` is the server's own identity, `Hash` the SHA-256 of the
 * client's certificate (left out without it), `URI` the client's.
 */
export function forwardedClientCert(own: string, peer: string, certificate: Buffer | undefined): string {
  const hash = certificate === undefined ? '' : `Hash=${createHash('sha256').update(certificate).digest('hex')};`;
  return `By=${own};${hash}URI=${peer}`;
}
