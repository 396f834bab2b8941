import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { isTrustDomain, parseSpiffeId, type SpiffeId } from '../lib/spiffe.ts';
import { createCredential, readCredential } from './store.ts';

/** An X.509 SVID with what its owner needs to use it; all PEM, the key PKCS#8. */
export interface Svid {
  /** Leaf first. */
  readonly certificateChain: string;
  readonly privateKey: string;
  /** The roots that peers are verified against. */
  readonly trustBundle: string;
}

/** Signs the identities of one trust domain. */
export interface Authority {
  readonly trustDomain: string;
  readonly trustBundle: string;
  /** A new key and certificate for an identity of this trust domain. */
  issue(identity: SpiffeId, options?: IssueOptions): Promise<Svid>;
}

export interface IssueOptions {
  /** 24 hours unless told otherwise. */
  readonly lifetimeSeconds?: number;
  /** Host names and IP addresses of a server, for clients that know it by these and not by its identity. */
  readonly hosts?: readonly string[];
}

export interface AuthorityOptions {
  readonly trustDomain: string;
  /** Where key and certificate are kept for the next start: made 0700, refused when others can look into it. */
  readonly stateDirectory?: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
const authorityLifetimeSeconds = 10 * 365 * 86_400;
const defaultLifetimeSeconds = 86_400;
/** Certificates begin in the past, so that a peer whose clock is a little behind accepts them. */
const backdateSeconds = 60;

/**
 * The authority of a trust domain: the one kept in the state directory, or a new one. Rejects with a sentence for people
 * when the directory is not private or what it holds is unusable; it never replaces a key that others may trust.
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { trustDomain, stateDirectory } = options;
  if (!isTrustDomain(trustDomain)) throw new Error(`not a trust domain: ${JSON.stringify(trustDomain)}`);
  let pem = stateDirectory === undefined ? undefined : await readCredential(stateDirectory);
  if (pem === undefined) {
    const fresh = await selfSigned(trustDomain);
    pem = stateDirectory === undefined ? fresh : await createCredential(stateDirectory, fresh);
  }
  return authorityOf(trustDomain, pem);
}

async function authorityOf(trustDomain: string, pem: string): Promise<Authority> {
  const { certificate, key } = await parseCredential(pem);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  if (!names.some((name) => name.type === 'url' && name.value === `spiffe://${trustDomain}`)) {
    throw new Error(`the stored authority is not of the trust domain ${trustDomain}`);
  }
  if (certificate.notAfter.getTime() < Date.now()) throw new Error('the stored authority has expired');
  const trustBundle = `${certificate.toString('pem')}\n`;
  return {
    trustDomain,
    trustBundle,
    async issue(identity, { lifetimeSeconds = defaultLifetimeSeconds, hosts = [] } = {}) {
      if (parseSpiffeId(identity)?.trustDomain !== trustDomain) {
        throw new Error(`${identity} is not an identity of the trust domain ${trustDomain}`);
      }
      const { chain, privateKey } = await signLeaf(certificate, key, { identity, lifetimeSeconds, hosts });
      return { certificateChain: chain, privateKey, trustBundle };
    },
  };
}

async function signLeaf(
  issuer: x509.X509Certificate,
  key: webcrypto.CryptoKey,
  { identity, lifetimeSeconds, hosts }: Required<IssueOptions> & { readonly identity: SpiffeId },
) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: 'O=smi-mesh',
    issuer: issuer.subject,
    ...validity(Math.min(Date.now() + lifetimeSeconds * 1000, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: key,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: identity },
        ...hosts.map((value): x509.JsonGeneralName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { chain: `${leaf.toString('pem')}\n`, privateKey: await exportKey(keys.privateKey) };
}

async function selfSigned(trustDomain: string): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `O=smi-mesh, CN=${trustDomain}`,
    ...validity(Date.now() + authorityLifetimeSeconds * 1000),
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${await exportKey(keys.privateKey)}${certificate.toString('pem')}\n`;
}

async function parseCredential(pem: string): Promise<{ certificate: x509.X509Certificate; key: webcrypto.CryptoKey }> {
  try {
    const blocks = x509.PemConverter.decodeWithHeaders(pem);
    const keyDer = blocks.find((block) => block.type === 'PRIVATE KEY')!.rawData;
    const certificateDer = blocks.find((block) => block.type === 'CERTIFICATE')!.rawData;
    const key = await webcrypto.subtle.importKey('pkcs8', keyDer, algorithm, false, ['sign']);
    return { certificate: new x509.X509Certificate(certificateDer), key };
  } catch (error) {
    throw new Error('the stored authority is damaged; restore it, or remove its file to start a new trust root', {
      cause: error,
    });
  }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function validity(until: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - backdateSeconds * 1000), notAfter: new Date(until) };
}

/** 127 random bits, positive (RFC 5280 section 4.1.2.2). */
function randomSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
