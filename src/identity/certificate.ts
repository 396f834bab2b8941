import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { SpiffeId } from '../lib/spiffe.ts';
import type { SigningKey } from './keys.ts';

/**
 * Certificates begin in the past, so that peers accept them whose clocks are behind: by as much as nodes of a cluster may
 * differ before Kubernetes' own tokens stop working, twice.
 */
export const backdateSeconds = 600;

export interface LeafIssuer extends SigningKey {
  readonly issuer: x509.X509Certificate;
  /** No certificate that it signs outlives it; in milliseconds since 1970. */
  readonly notAfter: number;
}

export interface LeafOptions {
  readonly identity: SpiffeId;
  readonly publicKey: webcrypto.CryptoKey | x509.PublicKey;
  readonly hosts: readonly string[];
  readonly now: number;
  readonly lifetimeSeconds: number;
}

/** The certificate of a workload, PEM. */
export async function signLeaf(
  { issuer, key, signingAlgorithm, notAfter }: LeafIssuer,
  { identity, publicKey, hosts, now, lifetimeSeconds }: LeafOptions,
): Promise<string> {
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: 'O=smi-mesh',
    issuer: issuer.subjectName,
    ...validity(now, Math.min(now + lifetimeSeconds * 1000, notAfter)),
    publicKey,
    signingKey: key,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: identity },
        ...hosts.map((value): x509.JsonGeneralName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await authorityKeyIdentifier(issuer),
    ],
  });
  return `${leaf.toString('pem')}\n`;
}

/** Some authorities do not name their key by the hash of it: then the name that they use counts (RFC 5280 section 4.2.1.1). */
async function authorityKeyIdentifier(issuer: x509.X509Certificate): Promise<x509.AuthorityKeyIdentifierExtension> {
  const named = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  if (named === null) return await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey);
  return new x509.AuthorityKeyIdentifierExtension(named.keyId);
}

/** From a little before now. Times in milliseconds since 1970. */
export function validity(now: number, until: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - backdateSeconds * 1000), notAfter: new Date(until) };
}

/** 127 random bits, positive (RFC 5280 section 4.1.2.2). */
export function randomSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
