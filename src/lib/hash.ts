import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hexadecimal. Text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The first 16 digits of the SHA-256: enough to tell versions apart, short enough to read. */
export function shortHash(data: string | Uint8Array): string {
  return sha256(data).slice(0, 16);
}
