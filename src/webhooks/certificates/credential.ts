import { X509Certificate } from 'node:crypto';
import { readBundle } from '../../lib/certificates.ts';
import { compareText } from '../../lib/collections.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import type { ServingCertificate } from '../server.ts';

/** What the Secret of the webhooks holds. */
export interface WebhookCredential {
  /** What every replica serves with. */
  readonly serving: ServingCertificate;
  /** PEM of the authorities that the apiserver is to trust, each once. */
  readonly bundle: readonly string[];
  /** Made and trusted already, and not yet served. */
  readonly next?: ServingCertificate;
}

/** `tls.crt`, `tls.key` and `ca.crt` are those of a Secret of type kubernetes.io/tls, also as cert-manager writes it. */
const keys = {
  certificate: 'tls.crt',
  privateKey: 'tls.key',
  bundle: 'ca.crt',
  nextCertificate: 'next-tls.crt',
  nextPrivateKey: 'next-tls.key',
} as const;

/** Reads a Secret; an error says what it lacks. Whether the certificate is still valid is another question. */
export function decodeCredential(secret: Fields): Result<WebhookCredential, string> {
  const data = isRecord(secret.data) ? secret.data : {};
  const text = (key: string): string => {
    const value = data[key];
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  };
  const certificateChain = text(keys.certificate);
  const privateKey = text(keys.privateKey);
  if (!readBundle(certificateChain).ok) return err(`${keys.certificate} holds no certificate`);
  if (privateKey === '') return err(`${keys.privateKey} is missing`);
  const bundle = readBundle(text(keys.bundle));
  if (!bundle.ok) return err(`${keys.bundle} holds ${bundle.error}`);
  const next = { certificateChain: text(keys.nextCertificate), privateKey: text(keys.nextPrivateKey) };
  return ok({
    serving: { certificateChain, privateKey },
    bundle: [...new Set(bundle.value.map((certificate) => certificate.toString()))],
    ...(readBundle(next.certificateChain).ok && next.privateKey !== '' ? { next } : {}),
  });
}

/** The data of the Secret. */
export function encodeCredential({ serving, bundle, next }: WebhookCredential): Readonly<Record<string, string>> {
  const texts = {
    [keys.certificate]: serving.certificateChain,
    [keys.privateKey]: serving.privateKey,
    [keys.bundle]: bundle.join(''),
    ...(next === undefined
      ? {}
      : { [keys.nextCertificate]: next.certificateChain, [keys.nextPrivateKey]: next.privateKey }),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
  );
}

/**
 * A bundle as `caBundle` fields hold it, in an order of its own: a definition that is written for nothing makes the apiserver
 * open the storage of its objects anew.
 */
export function caBundleOf({ bundle }: WebhookCredential): string {
  return Buffer.from([...bundle].sort(compareText).join(''), 'utf8').toString('base64');
}

/** Whether an apiserver that trusts the bundle would accept the certificate for the hosts at a time. */
export function isUsable({ serving, bundle }: WebhookCredential, hosts: readonly string[], now: number): boolean {
  try {
    const leaf = new X509Certificate(serving.certificateChain);
    const names = hosts.every((host) => leaf.checkHost(host) !== undefined || leaf.checkIP(host) !== undefined);
    const trusted = bundle.some((pem) => {
      const authority = new X509Certificate(pem);
      return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
    });
    return names && trusted && now < leaf.validToDate.getTime();
  } catch {
    return false;
  }
}

/** When the certificate ends, in milliseconds since 1970. */
export function endOf({ certificateChain }: ServingCertificate): number {
  return new X509Certificate(certificateChain).validToDate.getTime();
}
