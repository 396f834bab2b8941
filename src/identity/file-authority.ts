import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../lib/result.ts';
import { type Authority, LiveAuthority } from './authority.ts';
import { type AuthorityCredential, readSigner, type Signer } from './credential.ts';

export interface FileAuthorityOptions {
  /** Holds `tls.crt` (what signs, then what is between it and a root), `tls.key` and `ca.crt` (the roots). */
  readonly directory: string;
  readonly trustDomain: string;
  readonly log: (line: string) => void;
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
  /** How often the files are looked at, in milliseconds. */
  readonly pollMillis?: number;
}

/** The kubelet replaces a mounted Secret by a link, which not every file system tells of: so it is looked at. */
const defaultPoll = 5_000;

/** An authority that somebody else rotates, by its files. Rejects with a sentence when they cannot be used at the start. */
export async function startFileAuthority(
  options: FileAuthorityOptions,
): Promise<{ readonly authority: Authority; stop(): void }> {
  const { directory, trustDomain, log, clock = Date.now, pollMillis = defaultPoll } = options;
  const first = readCredential(directory);
  const signer = first.ok ? await usable(trustDomain, first.value, clock()) : first;
  if (!first.ok || !signer.ok) throw new Error(`the authority in ${directory}: ${signer.ok ? '' : signer.error}`);
  const authority = new LiveAuthority(trustDomain, signer.value, clock);
  let seen = JSON.stringify(first.value);
  let looking = false;
  const look = async (): Promise<void> => {
    const read = readCredential(directory);
    const now = JSON.stringify(read.ok ? read.value : read.error);
    if (now === seen) return;
    seen = now;
    const next = read.ok ? await usable(trustDomain, read.value, clock()) : read;
    if (next.ok) authority.replace(next.value);
    log(next.ok ? 'the files of the authority have changed' : `${next.error}; what was read before stays in use`);
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, pollMillis).unref();
  return { authority, stop: () => clearInterval(timer) };
}

async function usable(
  trustDomain: string,
  credential: AuthorityCredential,
  now: number,
): Promise<Result<Signer, string>> {
  const signer = await readSigner(trustDomain, credential);
  if (!signer.ok || signer.value.notAfter > now) return signer;
  return err(`it has expired at ${new Date(signer.value.notAfter).toISOString()}`);
}

function readCredential(directory: string): Result<AuthorityCredential, string> {
  try {
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    return ok({ certificateChain: read('tls.crt'), privateKey: read('tls.key'), trustBundle: read('ca.crt') });
  } catch (error) {
    return err((error as Error).message);
  }
}
