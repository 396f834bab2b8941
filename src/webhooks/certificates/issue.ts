import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { ServingCertificate } from '../server.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Certificates begin in the past, so that an apiserver whose clock is behind accepts them. */
const backdate = 10 * 60_000;

/** PEM of a certificate that signs those of the webhooks, and of its PKCS#8 key. */
export interface WebhookAuthority {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A new authority, valid from `now` for `lifetime`; both in milliseconds. */
export async function createWebhookAuthority(now: number, lifetime: number): Promise<WebhookAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: 'O=smi-mesh, CN=webhooks',
    notBefore: new Date(now - backdate),
    notAfter: new Date(now + lifetime),
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, privateKey: await pkcs8(keys.privateKey) };
}

/** A certificate for some host names and addresses, never longer valid than its authority. */
export async function issueServingCertificate(
  authority: WebhookAuthority,
  hosts: readonly string[],
  now: number,
  lifetime: number,
): Promise<ServingCertificate> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const [key] = x509.PemConverter.decode(authority.privateKey);
  if (key === undefined) throw new Error('the authority of the webhooks has no key');
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: `O=smi-mesh, CN=${hosts[0] ?? 'webhooks'}`.slice(0, 64 + 'O=smi-mesh, CN='.length),
    issuer: issuer.subject,
    notBefore: new Date(now - backdate),
    notAfter: new Date(Math.min(now + lifetime, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', key, algorithm, false, ['sign']),
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value): x509.JsonGeneralName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificateChain: `${leaf.toString('pem')}\n`, privateKey: await pkcs8(keys.privateKey) };
}

async function pkcs8(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

/** 127 random bits, positive (RFC 5280 section 4.1.2.2). */
function randomSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
