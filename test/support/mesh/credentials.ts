import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as x509 from '@peculiar/x509';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { parseSpiffeId, type SpiffeId, spiffeId } from '../../../src/lib/spiffe.ts';
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
  const partners = remember((identity) => partnerSigned(identity, authority));
  const forged = remember((identity) => forge(identity, authority));
  return {
    issued,
    async of(peer, credential) {
      const identity = peerIdentity(trustDomain, peer);
      switch (credential) {
        case 'issued':
          return (parseSpiffeId(identity)?.trustDomain === trustDomain ? issued : partners)(identity);
        case 'of-partner':
          return partners(identity);
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

/** The identity that a case means by a peer. */
export function peerIdentity(own: string, peer: string): SpiffeId {
  if (peer.startsWith('spiffe://')) return peer as SpiffeId;
  const [namespace = '', account = ''] = peer.split('/');
  return spiffeId(own, namespace, account);
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };

/** A certificate of the authority of `partner.example`, whose roots a case may trust, for whomever it is asked. */
async function partnerSigned(identity: SpiffeId, { trustBundle }: Authority): Promise<Svid> {
  const blocks = x509.PemConverter.decodeWithHeaders(
    readFileSync(new URL('partner-authority.pem', import.meta.url), 'utf8'),
  );
  const block = (type: string) => blocks.find((candidate) => candidate.type === type)!.rawData;
  const signingKey = await webcrypto.subtle.importKey('pkcs8', block('PRIVATE KEY'), algorithm, false, ['sign']);
  const issuer = new x509.X509Certificate(block('CERTIFICATE'));
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    ...leafFields(identity),
    subject: 'O=partner',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return svidOf(certificate, keys.privateKey, trustBundle);
}

function leafFields(identity: SpiffeId) {
  return {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: identity }]),
    ],
  };
}

async function svidOf(certificate: x509.X509Certificate, key: webcrypto.CryptoKey, trustBundle: string): Promise<Svid> {
  const privateKey = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
  return { certificateChain: `${certificate.toString('pem')}\n`, privateKey: `${privateKey}\n`, trustBundle };
}

/** A certificate for somebody's identity that its owner signed alone. */
async function forge(identity: SpiffeId, { trustBundle }: Authority): Promise<Svid> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...leafFields(identity),
    name: 'O=smi-mesh',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return svidOf(certificate, keys.privateKey, trustBundle);
}

function remember(make: (identity: SpiffeId) => Promise<Svid>): (identity: SpiffeId) => Promise<Svid> {
  const made = new Map<SpiffeId, Promise<Svid>>();
  return (identity) => {
    const known = made.get(identity) ?? make(identity);
    made.set(identity, known);
    return known;
  };
}
