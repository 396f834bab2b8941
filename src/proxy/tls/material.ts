import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { readBundle, validityOf } from '../../lib/certificates.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { peerSpiffeId, trustDomainOf } from '../../lib/spiffe.ts';
import type { BootstrapSecret } from '../bootstrap.ts';
import { tlsParameters } from './suites.ts';
import { type TrustedDomain, TrustStore } from './trust.ts';

/** A certificate with its key and roots, ready for use. */
export interface TlsMaterial {
  readonly identity: string;
  /** For connections to servers of a trust domain: verified against the roots of that domain only. */
  readonly clientContext: (identity: string) => tls.SecureContext | undefined;
  /** For servers: a client certificate is required and verified against the roots of all domains; `trust` tells them apart. */
  readonly serverOptions: tls.TlsOptions;
  readonly trust: TrustStore;
}

/** Checks that the parts belong together; the error says which does not. `others`: the domains that are federated. */
export function tlsMaterial(
  secret: BootstrapSecret,
  others: readonly TrustedDomain[] = [],
): Result<TlsMaterial, string> {
  const { certificateChain, privateKey, trustBundle } = secret;
  if (trustBundle.trim() === '') return err('trust_bundle: empty');
  let identity: string | undefined;
  try {
    identity = peerSpiffeId(new X509Certificate(certificateChain).subjectAltName);
  } catch {
    return err('certificate_chain: not a PEM certificate');
  }
  const trustDomain = identity === undefined ? undefined : trustDomainOf(identity);
  if (identity === undefined || trustDomain === undefined) return err('certificate_chain: names no single SPIFFE id');
  // The own domain speaks for itself whatever anybody says of it.
  const bundles = new Map([...others.map(({ name, bundle }) => [name, bundle] as const), [trustDomain, trustBundle]]);
  const roots = new Map<string, readonly X509Certificate[]>();
  for (const [name, bundle] of bundles) {
    const read = readBundle(bundle);
    if (!read.ok) return err(`trust_bundle of ${name}: ${read.error}`);
    roots.set(name, read.value);
  }
  const own = { ...tlsParameters, cert: certificateChain, key: privateKey };
  try {
    const contexts = new Map([...bundles].map(([name, ca]) => [name, tls.createSecureContext({ ...own, ca })]));
    return ok({
      identity,
      clientContext: (server) => contexts.get(trustDomainOf(server) ?? ''),
      serverOptions: { ...own, ca: [...bundles.values()], requestCert: true, rejectUnauthorized: true },
      trust: new TrustStore(roots),
    });
  } catch (error) {
    return err(`private_key or trust_bundle: ${(error as Error).message}`);
  }
}

/** When a certificate ends, in milliseconds since 1970; 0 for one that cannot be read. */
export function expiryOf({ certificateChain }: BootstrapSecret): number {
  return validityOf(certificateChain).until;
}
