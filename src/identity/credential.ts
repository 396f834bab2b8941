import 'reflect-metadata';
import type { X509Certificate as NodeCertificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { readBundle } from '../lib/certificates.ts';
import { compareText } from '../lib/collections.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { randomSerial, validity } from './certificate.ts';
import { exportKey, importSigningKey, newKeys, type SigningKey } from './keys.ts';

/** What an authority signs with; all PEM. */
export interface AuthorityCredential {
  /** The certificate whose key signs, then those between it and its root. */
  readonly certificateChain: string;
  readonly privateKey: string;
  /** The roots that peers are verified against; the chain leads to one of them. */
  readonly trustBundle: string;
}

/** A credential that was checked. */
export interface Signer extends SigningKey {
  readonly issuer: x509.X509Certificate;
  /** PEM of what follows a leaf in the chain that its owner presents; empty when a root signs. */
  readonly intermediates: string;
  readonly trustBundle: string;
  /** When the first certificate of the chain ends, its root with them, in milliseconds since 1970. */
  readonly notAfter: number;
}

/** Checks that the parts belong together and may sign for the trust domain; the error is a sentence. */
export async function readSigner(
  trustDomain: string,
  credential: AuthorityCredential,
): Promise<Result<Signer, string>> {
  const chain = readBundle(credential.certificateChain);
  const roots = readBundle(credential.trustBundle);
  if (!chain.ok || !roots.ok) return err('the authority is damaged: it has no readable certificates');
  const [first] = chain.value;
  const fault = first === undefined ? 'it has no certificate' : chainFault(trustDomain, chain.value, roots.value);
  if (first === undefined || fault !== undefined) return err(`the authority cannot be used: ${fault}`);
  let key: SigningKey;
  try {
    const { keyObject, ...imported } = await importSigningKey(credential.privateKey);
    if (!first.checkPrivateKey(keyObject)) return err('the authority is damaged: key and certificate do not match');
    key = imported;
  } catch (error) {
    return err(`the authority is damaged: its key cannot be used: ${(error as Error).message}`);
  }
  const above = chain.value.filter((certificate) => !isSelfSigned(certificate));
  return ok({
    ...key,
    issuer: new x509.X509Certificate(first.raw),
    intermediates: above.map(pemOf).join(''),
    trustBundle: mergeBundles(credential.trustBundle),
    notAfter: endOf(chain.value, roots.value),
  });
}

function chainFault(
  trustDomain: string,
  chain: readonly NodeCertificate[],
  roots: readonly NodeCertificate[],
): string | undefined {
  if (chain.some((certificate) => !certificate.ca)) return 'not every certificate of its chain may sign others';
  const names = new x509.X509Certificate(chain[0]!.raw).getExtension(x509.SubjectAlternativeNameExtension);
  const uris = (names?.names.items ?? []).filter(({ type }) => type === 'url').map(({ value }) => value);
  if (uris.length > 0 && !uris.includes(`spiffe://${trustDomain}`))
    return `it is not of the trust domain ${trustDomain}`;
  return rootsOf(chain, roots).length > 0 ? undefined : 'its chain leads to none of its roots';
}

/** The roots that a chain leads to. */
function rootsOf(chain: readonly NodeCertificate[], roots: readonly NodeCertificate[]): readonly NodeCertificate[] {
  for (const [index, certificate] of chain.entries()) {
    const found = roots.filter((root) => issued(root, certificate));
    if (found.length > 0) return found;
    const above = chain[index + 1];
    if (above === undefined || !issued(above, certificate)) break;
  }
  return [];
}

/** Nothing below a root is valid for longer than it; one that was renewed under its old key counts as long as its last. */
function endOf(chain: readonly NodeCertificate[], roots: readonly NodeCertificate[]): number {
  const ends = (certificates: readonly NodeCertificate[]) =>
    certificates.map(({ validToDate }) => validToDate.getTime());
  return Math.min(...ends(chain), Math.max(...ends(rootsOf(chain, roots))));
}

/**
 * Of what a credential signs, in milliseconds since 1970: from the begin of its first certificate to the first end in its
 * chain and its root. One that cannot be read has ended.
 */
export function lifeOf({ certificateChain, trustBundle }: AuthorityCredential): {
  readonly begin: number;
  readonly end: number;
} {
  const chain = certificatesIn(certificateChain);
  const [first] = chain;
  if (first === undefined) return { begin: 0, end: 0 };
  return { begin: first.validFromDate.getTime(), end: endOf(chain, certificatesIn(trustBundle)) };
}

function issued(issuer: NodeCertificate, subject: NodeCertificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function isSelfSigned(certificate: NodeCertificate): boolean {
  return issued(certificate, certificate);
}

function pemOf(certificate: NodeCertificate): string {
  return `${certificate.toString().trim()}\n`;
}

/** One bundle of several, each certificate once, the first place kept; unreadable ones add nothing. */
export function mergeBundles(...bundles: readonly string[]): string {
  const byFingerprint = new Map(
    bundles.flatMap(certificatesIn).map((certificate) => [certificate.fingerprint256, pemOf(certificate)]),
  );
  return [...byFingerprint.values()].join('');
}

/** One bundle of several, in an order that does not depend on theirs. */
export function sortedBundle(...bundles: readonly string[]): string {
  const certificates = bundles.flatMap(certificatesIn);
  return mergeBundles(...certificates.toSorted((a, b) => compareText(a.fingerprint256, b.fingerprint256)).map(pemOf));
}

/** The certificates of a bundle that another does not have. */
export function rootsBeyond(bundle: string, other: string): string {
  const has = new Set(certificatesIn(other).map(({ fingerprint256 }) => fingerprint256));
  return certificatesIn(bundle)
    .filter(({ fingerprint256 }) => !has.has(fingerprint256))
    .map(pemOf)
    .join('');
}

function certificatesIn(bundle: string): readonly NodeCertificate[] {
  const read = readBundle(bundle);
  return read.ok ? read.value : [];
}

/** A new authority that signs for itself. */
export async function selfSignedCredential(
  trustDomain: string,
  { now, lifetimeSeconds }: { readonly now: number; readonly lifetimeSeconds: number },
): Promise<AuthorityCredential> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    // Roots of one trust domain differ by name too: some verifiers look a root up by its subject alone.
    name: `O=smi-mesh, CN=${trustDomain}, 2.5.4.5=${randomSerial().slice(0, 16)}`,
    ...validity(now, now + lifetimeSeconds * 1000),
    keys,
    signingAlgorithm: keys.signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pem = `${certificate.toString('pem')}\n`;
  return { certificateChain: pem, privateKey: await exportKey(keys.privateKey), trustBundle: pem };
}
