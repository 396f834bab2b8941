import 'reflect-metadata';
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A key that can sign certificates or requests, and how it does. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly signingAlgorithm: { readonly name: string; readonly hash?: string };
}

export interface NewKeys extends webcrypto.CryptoKeyPair {
  readonly signingAlgorithm: SigningKey['signingAlgorithm'];
}

const generated = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const ecdsa = (hash: string) => ({ name: 'ECDSA', hash });
const curves: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};
const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

export async function newKeys(): Promise<NewKeys> {
  const keys = await webcrypto.subtle.generateKey(generated, true, ['sign', 'verify']);
  return { ...keys, signingAlgorithm: ecdsa('SHA-256') };
}

/** Reads a private key from PEM of any of the usual forms; rejects one that cannot sign certificates. */
export async function importSigningKey(pem: string): Promise<SigningKey & { readonly keyObject: KeyObject }> {
  const keyObject = createPrivateKey(pem);
  const der = keyObject.export({ type: 'pkcs8', format: 'der' });
  const load = (algorithm: webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams | { readonly name: string }) =>
    webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  switch (keyObject.asymmetricKeyType) {
    case 'ec': {
      const curve = curves[keyObject.asymmetricKeyDetails?.namedCurve ?? ''];
      if (curve === undefined) break;
      const key = await load({ name: 'ECDSA', namedCurve: curve.namedCurve });
      return { key, keyObject, signingAlgorithm: ecdsa(curve.hash) };
    }
    case 'rsa':
      return { key: await load(rsa), keyObject, signingAlgorithm: rsa };
  }
  throw new Error('it is neither RSA nor ECDSA over P-256, P-384 or P-521');
}

/** PKCS#8, PEM. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
