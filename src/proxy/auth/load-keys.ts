import { open } from 'node:fs/promises';
import { err, ok, type Result } from '../../lib/result.ts';
import { limits } from '../limits.ts';

/** Brings the text of a JWK Set; the error is a sentence. */
export type LoadKeys = () => Promise<Result<string, string>>;

const tooLarge = `more than ${limits.jwksBytes} bytes`;

/** Reads it from a file, the path relative to the working directory. */
export function keysFromFile(path: string): LoadKeys {
  return async () => {
    try {
      const file = await open(path);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(limits.jwksBytes + 1), 0, limits.jwksBytes + 1, 0);
        return bytesRead > limits.jwksBytes ? err(tooLarge) : ok(buffer.toString('utf8', 0, bytesRead));
      } finally {
        await file.close();
      }
    } catch (error) {
      return err((error as Error).message);
    }
  };
}

/** Gets it over HTTP(S). A redirect is a failure: the issuer's keys are where configuration says. */
export function keysFromUrl(url: string): LoadKeys {
  return async () => {
    try {
      const signal = AbortSignal.timeout(limits.jwksFetchMillis);
      const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
      if (response.status !== 200) {
        await response.body?.cancel();
        return err(`status ${response.status}`);
      }
      return await boundedText(response);
    } catch (error) {
      const { message, cause } = error as Error;
      return err(cause instanceof Error ? `${message}: ${cause.message}` : message);
    }
  };
}

async function boundedText({ body }: Response): Promise<Result<string, string>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > limits.jwksBytes) return err(tooLarge);
    pieces.push(piece);
  }
  return ok(Buffer.concat(pieces).toString('utf8'));
}

/** Whether keys may be fetched from there. */
export function isKeyUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.username === '' && url.password === '';
}
