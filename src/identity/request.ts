import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { err, ok, type Result } from '../lib/result.ts';
import { exportKey, newKeys } from './keys.ts';

/** A request for a certificate (PKCS#10) whose sender has proved that it holds the key. Names in it mean nothing. */
export interface CertificateRequest {
  readonly publicKey: x509.PublicKey;
}

/** Longest request that is read, in characters. */
const requestLimit = 8 * 1024;
const smallestRsaBits = 2_048;
const largestRsaBits = 4_096;

/** A new key, which stays here, and a request for it, PEM. `uri`: a name for those who read names of requests. */
export async function createRequest(uri?: string): Promise<{ readonly privateKey: string; readonly request: string }> {
  const keys = await newKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'O=smi-mesh',
    keys,
    signingAlgorithm: keys.signingAlgorithm,
    extensions: uri === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }])],
  });
  return { privateKey: await exportKey(keys.privateKey), request: `${request.toString('pem')}\n` };
}

/** Reads a request in PEM; the error is a sentence. */
export async function readRequest(pem: string): Promise<Result<CertificateRequest, string>> {
  if (pem.length > requestLimit) return err(`the request has more than ${requestLimit} characters`);
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const fault = keyFault(request.publicKey.algorithm);
    if (fault !== undefined) return err(fault);
    if (!(await request.verify())) return err('the request is not signed by its own key');
    return ok({ publicKey: request.publicKey });
  } catch {
    return err('the request is not a PKCS#10 certificate request in PEM');
  }
}

function keyFault(algorithm: {
  readonly name: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
}): string | undefined {
  const { name, namedCurve = '', modulusLength = 0 } = algorithm;
  if (name === 'ECDSA' && ['P-256', 'P-384'].includes(namedCurve)) return undefined;
  if (name.startsWith('RSA') && modulusLength >= smallestRsaBits && modulusLength <= largestRsaBits) return undefined;
  return `keys must be ECDSA over P-256 or P-384, or RSA of ${smallestRsaBits} to ${largestRsaBits} bits`;
}

/** Whether a certificate is for this key. */
export function belongsTo(certificateChain: string, privateKey: string): boolean {
  try {
    return new X509Certificate(certificateChain).checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    return false;
  }
}
