import 'reflect-metadata';
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { AuthorityCredential } from '../../src/identity/credential.ts';
import { readBundle } from '../../src/lib/certificates.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
const day = 86_400_000;

/** An authority of somebody else: a root that signs requests of authorities below it. */
export interface TestRoot {
  readonly certificate: X509Certificate;
  /** PEM. */
  readonly pem: string;
  /** A certificate, PEM, for an authority's key. */
  sign(publicKey: webcrypto.CryptoKey | x509.PublicKey, lifetimeMillis?: number): Promise<string>;
}

export async function testRoot(name = 'Test Root'): Promise<TestRoot> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString('hex'),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 100 * day),
    keys,
    signingAlgorithm: signing,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), await keyIdentifier(keys.publicKey)],
  });
  return {
    certificate: new X509Certificate(certificate.toString('pem')),
    pem: `${certificate.toString('pem')}\n`,
    async sign(publicKey, lifetimeMillis = 5 * day) {
      const signed = await x509.X509CertificateGenerator.create({
        serialNumber: randomBytes(8).toString('hex'),
        subject: `CN=Below ${name}`,
        issuer: certificate.subject,
        notBefore: new Date(Date.now() - day),
        notAfter: new Date(Date.now() + lifetimeMillis),
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: signing,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          await keyIdentifier(publicKey),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      return `${signed.toString('pem')}\n`;
    },
  };
}

function keyIdentifier(publicKey: webcrypto.CryptoKey | x509.PublicKey) {
  return x509.SubjectKeyIdentifierExtension.create(publicKey);
}

/** An authority below a root. */
export async function intermediateOf(
  root?: TestRoot,
  lifetimeMillis?: number,
): Promise<{ readonly intermediate: AuthorityCredential; readonly root: TestRoot }> {
  const above = root ?? (await testRoot());
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    root: above,
    intermediate: {
      certificateChain: await above.sign(keys.publicKey, lifetimeMillis),
      privateKey: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
      trustBundle: above.pem,
    },
  };
}

/** The certificates of a PEM text, in their order. */
export function certificatesOf(pem: string): readonly X509Certificate[] {
  const read = readBundle(pem);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}
