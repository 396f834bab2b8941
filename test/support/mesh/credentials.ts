import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { type SpiffeId, spiffeId } from '../../../src/lib/spiffe.ts';
import type { Credential } from './cases.ts';

const trustDomain = 'cluster.local';

/** The mesh's certificates, and those that attackers make for themselves; each is made once. */
export interface Credentials {
  issued(identity: SpiffeId): Promise<Svid>;
  /** What a peer of `NAMESPACE/SERVICEACCOUNT` presents; nothing for one that presents none. */
  of(peer: string, credential: Credential): Promise<Svid | undefined>;
}

export async function createCredentials(): Promise<Credentials> {
  const authority = await createAuthority({ trustDomain });
  const stranger = await createAuthority({ trustDomain });
  const issued = remember((identity) => authority.issue(identity));
  const foreign = remember((identity) => stranger.issue(identity));
  const forged = remember((identity) => forge(identity, authority));
  return {
    issued,
    async of(peer, credential) {
      const [namespace = '', account = ''] = peer.split('/');
      const identity = spiffeId(trustDomain, namespace, account);
      switch (credential) {
        case 'issued':
          return issued(identity);
        case 'forged':
          return forged(identity);
        case 'other-authority':
          return { ...(await foreign(identity)), trustBundle: authority.trustBundle };
        case 'no-certificate':
        case 'plain-text':
          return undefined;
      }
    },
  };
}

/** A certificate for somebody's identity that its owner signed alone. */
async function forge(identity: SpiffeId, { trustBundle }: Authority): Promise<Svid> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'O=smi-mesh',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: identity }]),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificateChain: `${certificate.toString('pem')}\n`,
    privateKey: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
    trustBundle,
  };
}

function remember(make: (identity: SpiffeId) => Promise<Svid>): (identity: SpiffeId) => Promise<Svid> {
  const made = new Map<SpiffeId, Promise<Svid>>();
  return (identity) => {
    const known = made.get(identity) ?? make(identity);
    made.set(identity, known);
    return known;
  };
}
