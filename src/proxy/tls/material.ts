import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { err, ok, type Result } from '../../lib/result.ts';
import { parseSpiffeId, peerSpiffeId } from '../../lib/spiffe.ts';
import type { BootstrapSecret } from '../bootstrap.ts';

/** A certificate with its key and roots, ready for use. */
export interface TlsMaterial {
  readonly identity: string;
  readonly trustDomain: string;
  readonly clientContext: tls.SecureContext;
  /** For servers: a client certificate is required and verified against the bundle. */
  readonly serverOptions: tls.TlsOptions;
}

/** Checks that the parts belong together; the error says which does not. */
export function tlsMaterial(secret: BootstrapSecret): Result<TlsMaterial, string> {
  const { certificateChain, privateKey, trustBundle } = secret;
  if (trustBundle.trim() === '') return err('trust_bundle: empty');
  let identity: string | undefined;
  try {
    identity = peerSpiffeId(new X509Certificate(certificateChain).subjectAltName);
  } catch {
    return err('certificate_chain: not a PEM certificate');
  }
  const trustDomain = identity === undefined ? undefined : parseSpiffeId(identity)?.trustDomain;
  if (identity === undefined || trustDomain === undefined) return err('certificate_chain: names no single SPIFFE id');
  const common = { cert: certificateChain, key: privateKey, ca: trustBundle, minVersion: 'TLSv1.2' } as const;
  try {
    const clientContext = tls.createSecureContext(common);
    const serverOptions = { ...common, requestCert: true, rejectUnauthorized: true };
    return ok({ identity, trustDomain, clientContext, serverOptions });
  } catch (error) {
    return err(`private_key or trust_bundle: ${(error as Error).message}`);
  }
}
