import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import type { SignedCertificate } from './authority.ts';

/** The one question of the identity server: `POST` with `Authorization: Bearer TOKEN`, both ways JSON. */
export const certificatePath = '/v1/certificate';

export interface CertificateQuestion {
  /** PKCS#10, PEM. */
  readonly request: string;
  /** The pod that the token is bound to. */
  readonly pod: string;
}

/** Largest body in either direction, in bytes. */
export const bodyLimit = 256 * 1024;

export function parseQuestion(text: string): Result<CertificateQuestion, string> {
  const value = parsed(text);
  if (!isRecord(value)) return err('the body is not a JSON object');
  const { request, pod } = value;
  if (typeof request !== 'string' || typeof pod !== 'string') return err('`request` and `pod` must be texts');
  return ok({ request, pod });
}

export function parseAnswer(text: string): Result<SignedCertificate, string> {
  const value = parsed(text);
  if (!isRecord(value)) return err('its answer is not a JSON object');
  const { certificateChain, trustBundle } = value;
  if (typeof certificateChain !== 'string' || typeof trustBundle !== 'string')
    return err('its answer has no certificate');
  return ok({ certificateChain, trustBundle });
}

/** The sentence of an answer that is not a certificate; `undefined` when it has none. */
export function parseRefusal(text: string): string | undefined {
  const value = parsed(text);
  return isRecord(value) && typeof value.error === 'string' ? value.error : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
