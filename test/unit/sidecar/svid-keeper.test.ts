import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { startIdentityServer } from '../../../src/identity/server.ts';
import { ok } from '../../../src/lib/result.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { SvidFiles } from '../../../src/sidecar/svid-files.ts';
import { SvidKeeper, type SvidKeeperOptions } from '../../../src/sidecar/svid-keeper.ts';

const trustDomain = 'cluster.local';
const controlPlane = spiffeId(trustDomain, 'smi-mesh-system', 'control-plane');
const names = { certificateChain: 'chain.pem', privateKey: 'key.pem', trustBundle: 'roots.pem' };
const hour = 3_600_000;
const patience = { timeout: 20_000 };

let folder: string;
let authority: Authority;
/** By the clock of the node; the control plane has the right time. */
let now: number;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'smi-keeper-'));
  now = Date.now();
  authority = await createAuthority({ trustDomain });
  writeFileSync(join(folder, 'token'), 'good');
  writeFileSync(join(folder, 'roots'), authority.trustBundle);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

/** A control plane to whose apiserver the token `good` is that of the pod `web`. */
async function serve(port = 0) {
  const extra = { 'authentication.kubernetes.io/pod-name': ['web'], 'authentication.kubernetes.io/pod-uid': ['1'] };
  const status = {
    authenticated: true,
    audiences: ['smi-mesh'],
    user: { username: 'system:serviceaccount:shop:web', extra },
  };
  const server = await startIdentityServer({
    address: '127.0.0.1',
    port,
    authority,
    connection: { send: async () => ok({ status }) },
    audience: 'smi-mesh',
    identity: controlPlane,
    hosts: ['127.0.0.1'],
    svidLifetimeSeconds: hour / 1000,
  });
  ends.push(() => server.close());
  return server;
}

function keeper(port: number, more: Partial<SvidKeeperOptions> = {}) {
  const stopped = new AbortController();
  const lines: string[] = [];
  const made = new SvidKeeper({
    request: {
      address: '127.0.0.1',
      port,
      serverIdentity: controlPlane,
      trustBundleFile: join(folder, 'roots'),
      tokenFile: join(folder, 'token'),
      pod: 'web',
    },
    files: new SvidFiles(join(folder, 'state'), names),
    signal: stopped.signal,
    log: (line) => lines.push(line),
    clock: () => now,
    lookMillis: 10,
    ...more,
  });
  ends.push(() => stopped.abort());
  return { keeper: made, lines, stop: () => stopped.abort() };
}

describe('a sidecar', () => {
  test('waits for the control plane with lines that say why, and begins when it is there', async () => {
    const { port, close } = await serve();
    await close();
    const { keeper: kept, lines } = keeper(port);
    const first = kept.first();
    await vi.waitFor(
      () => expect(lines.join()).toMatch(/waiting for a certificate: .*ECONNREFUSED.*; next attempt in/),
      patience,
    );
    await serve(port);
    expect((await first)?.certificateChain).toContain('BEGIN CERTIFICATE');
    for (const name of readdirSync(join(folder, 'state'))) {
      expect(statSync(join(folder, 'state', name)).mode & 0o777).toBe(0o600);
    }
  });

  test('told to end while it waits, ends', async () => {
    const { port, close } = await serve();
    await close();
    const { keeper: kept, lines, stop } = keeper(port);
    const first = kept.first();
    await vi.waitFor(() => expect(lines).not.toEqual([]), patience);
    stop();
    expect(await first).toBeUndefined();
  });

  test('whose container starts again without a control plane has what it kept, as long as that is valid', async () => {
    const server = await serve();
    const svid = await keeper(server.port).keeper.first();
    await server.close();
    now += hour - 60_000;
    expect(await keeper(server.port).keeper.first()).toEqual(svid);
    now += 120_000;
    const late = keeper(server.port);
    const first = late.keeper.first();
    await vi.waitFor(() => expect(late.lines).not.toEqual([]), patience);
    late.stop();
    expect(await first).toBeUndefined();
  });

  test('takes nothing that it kept when key and certificate are not of one another', async () => {
    const server = await serve();
    const svid = await keeper(server.port).keeper.first();
    const other = await authority.issue(spiffeId(trustDomain, 'shop', 'web'));
    writeFileSync(join(folder, 'state', names.privateKey), other.privateKey);
    const again = await keeper(server.port).keeper.first();
    expect(again?.certificateChain).not.toBe(svid?.certificateChain);
    expect(readFileSync(join(folder, 'state', names.certificateChain), 'utf8')).toBe(again?.certificateChain);
  });

  test('renews at half of the life, and after a long absence of the control plane as soon as it is back', async () => {
    const server = await serve();
    const { keeper: kept, lines, stop } = keeper(server.port);
    const svids: Svid[] = [];
    const first = await kept.first();
    const renewing = kept.renew(first!, (svid) => svids.push(svid));
    now += 0.6 * hour;
    await vi.waitFor(() => expect(svids).toHaveLength(1), patience);
    await server.close();
    now += 2 * hour;
    await vi.waitFor(() => expect(lines.at(-1)).toContain('waiting for a certificate'), patience);
    await serve(server.port);
    await vi.waitFor(() => expect(svids).toHaveLength(2), patience);
    stop();
    await renewing;
    expect(server.counters().issued).toBe(2);
  });

  test.each([
    ['behind', -300_000],
    ['ahead', 300_000],
  ])('on a node whose clock is five minutes %s gets and keeps its certificate, and renews it once', async (_, skew) => {
    const server = await serve();
    const { keeper: kept, stop } = keeper(server.port, { clock: () => now + skew });
    const first = await kept.first();
    const onDisk = new SvidFiles(join(folder, 'state'), names).read(now + skew);
    expect(onDisk).toEqual(first);
    const svids: Svid[] = [];
    const renewing = kept.renew(first!, (svid) => svids.push(svid));
    now += 0.7 * hour;
    await vi.waitFor(() => expect(svids).toHaveLength(1), patience);
    stop();
    await renewing;
    expect(server.counters().issued).toBe(2);
  });
});
