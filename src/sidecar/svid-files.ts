import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Svid } from '../identity/authority.ts';
import { belongsTo } from '../identity/request.ts';
import { peerSpiffeId } from '../lib/spiffe.ts';

/** Names of the files of a certificate, its key and the roots. */
export type SvidFileNames = { readonly [part in keyof Svid]: string };

/** Keeps an SVID in a directory that only its user can enter; each file is moved into its place whole. */
export class SvidFiles {
  readonly #directory: string;
  readonly #names: SvidFileNames;

  constructor(directory: string, names: SvidFileNames) {
    this.#directory = directory;
    this.#names = names;
  }

  write(svid: Svid): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    // The certificate last: Envoy looks when it comes, and takes it with the key that is there.
    for (const part of ['privateKey', 'trustBundle', 'certificateChain'] as const) {
      placeFile(this.#directory, this.#names[part], svid[part]);
    }
  }

  /** What was kept and is still valid. */
  read(now: number): Svid | undefined {
    try {
      const part = (name: string) => readFileSync(join(this.#directory, name), 'utf8');
      const { certificateChain, privateKey, trustBundle } = this.#names;
      const svid = {
        certificateChain: part(certificateChain),
        privateKey: part(privateKey),
        trustBundle: part(trustBundle),
      };
      const valid = new X509Certificate(svid.certificateChain).validToDate.getTime() > now;
      return valid && belongsTo(svid.certificateChain, svid.privateKey) ? svid : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Writes a file that only its user can read, complete or not at all. */
export function placeFile(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  const draft = `${path}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  // A draft that was left behind keeps the mode that it had.
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

/** The SPIFFE id of a certificate; empty for one that has none. */
export function identityOf(certificateChain: string): string {
  return peerSpiffeId(new X509Certificate(certificateChain).subjectAltName) ?? '';
}
