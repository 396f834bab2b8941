import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuthorityCredential } from '../../../src/identity/credential.ts';
import { startFileAuthority } from '../../../src/identity/file-authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { certificatesOf, intermediateOf, testRoot } from '../../support/intermediate.ts';

const trustDomain = 'cluster.local';
const web = spiffeId(trustDomain, 'default', 'web');
const patience = { timeout: 20_000 };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-files-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put({ certificateChain, privateKey, trustBundle }: AuthorityCredential): void {
  writeFileSync(join(directory, 'tls.crt'), certificateChain);
  writeFileSync(join(directory, 'tls.key'), privateKey);
  writeFileSync(join(directory, 'ca.crt'), trustBundle);
}

test('an authority in files is followed as they change; what cannot be used changes nothing', async () => {
  const [first, second] = [
    await intermediateOf(await testRoot('first')),
    await intermediateOf(await testRoot('second')),
  ];
  put(first.intermediate);
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const { authority, stop } = await startFileAuthority({ directory, trustDomain, log, pollMillis: 20 });
  try {
    const issuer = async () => certificatesOf((await authority.issue(web)).certificateChain)[1]?.issuer;
    expect(await issuer()).toBe('CN=first');
    let changes = 0;
    authority.onTrustChange(() => {
      changes += 1;
    });
    // In the order of a rotation: both are trusted before the second signs.
    const both = first.root.pem + second.root.pem;
    put({ ...first.intermediate, trustBundle: both });
    await vi.waitFor(() => expect(authority.trustBundle).toBe(both), patience);
    put({ ...second.intermediate, trustBundle: both });
    await vi.waitFor(async () => expect(await issuer()).toBe('CN=second'), patience);
    put({ ...first.intermediate, trustBundle: second.root.pem });
    await vi.waitFor(() => expect(lines.at(-1)).toContain('stays in use'), patience);
    expect(await issuer()).toBe('CN=second');
    expect(authority.trustBundle).toBe(both);
    expect(changes).toBe(1);
  } finally {
    stop();
  }
});

test('files that cannot be used are an error at the start', async () => {
  const start = () => startFileAuthority({ directory, trustDomain, log: () => {} });
  await expect(start()).rejects.toThrow('tls.crt');
  const { intermediate } = await intermediateOf();
  put({ ...intermediate, privateKey: 'nonsense' });
  await expect(start()).rejects.toThrow('damaged');
  put(intermediate);
  const late = () => Date.now() + 365 * 86_400_000;
  await expect(startFileAuthority({ directory, trustDomain, log: () => {}, clock: late })).rejects.toThrow('expired');
});
