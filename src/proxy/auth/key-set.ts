import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import { limits } from '../limits.ts';

/** The public keys of an issuer. */
export type KeySet = LocalJWKSet;

/** Reads a JWK Set (RFC 7517 section 5). Keys of kinds that sign nothing here are never chosen, so they may be among them. */
export function parseKeySet(text: string): Result<KeySet, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('not JSON');
  }
  const keys = isRecord(value) ? value.keys : undefined;
  if (!Array.isArray(keys) || !keys.every(isRecord)) return err('no list of keys');
  if (keys.length > limits.jwksKeys) return err(`more than ${limits.jwksKeys} keys`);
  try {
    return ok(createLocalJWKSet({ keys } as unknown as JSONWebKeySet));
  } catch (error) {
    return err((error as Error).message);
  }
}
