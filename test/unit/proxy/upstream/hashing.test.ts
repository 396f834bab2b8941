import { afterEach, describe, expect, test } from 'vitest';
import { type Flow, flow, type MoodyServer, moodyServer } from '../support/flow.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function world(loadBalancer: object): Promise<{ servers: MoodyServer[]; run: Flow }> {
  const servers = await Promise.all([moodyServer(), moodyServer(), moodyServer(), moodyServer()]);
  const outlierDetection = { consecutiveFailures: 1, ejectionMs: 600_000, maxEjectedPercent: 50 };
  const run = await flow(servers, { policy: { loadBalancer, outlierDetection } });
  cleanups.push(() => run.proxy.stop(), ...servers.map((server) => () => server.kill().catch(() => {})));
  return { servers, run };
}

const users = Array.from({ length: 16 }, (_, index) => `user-${index}`);

/** Which server each user's request reaches. */
async function homes({ servers, run }: Awaited<ReturnType<typeof world>>, fields: (user: string) => string) {
  const found: number[] = [];
  for (const user of users) {
    const before = servers.map(({ requests }) => requests.length);
    expect(await run.ask('/', fields(user))).toBe(200);
    found.push(servers.findIndex(({ requests }, index) => requests.length > before[index]!));
  }
  return found;
}

describe.each(['RING_HASH', 'MAGLEV'])('%s', (algorithm) => {
  test.each([
    ['header', { header: 'x-user' }, (user: string) => `X-User: ${user}\r\n`],
    ['cookie', { cookie: 'session' }, (user: string) => `Cookie: a=b; session=${user}\r\n`],
  ])('takes a %s to the same endpoint, and when that fails only its users move', async (_name, on, fields) => {
    const all = await world({ algorithm, ...on });
    const first = await homes(all, fields);
    expect(await homes(all, fields)).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(1);
    const gone = first[0]!;
    await all.servers[gone]!.kill();
    const second = await homes(all, fields);
    expect(await all.run.metric('smi_endpoints', { state: 'ejected' })).toBe(1);
    expect(second).not.toContain(gone);
    const moved = first.filter((home, index) => home !== gone && second[index] !== home);
    expect(moved.length).toBeLessThanOrEqual(algorithm === 'RING_HASH' ? 0 : 2);
    expect(await homes(all, fields)).toEqual(second);
  });

  test('takes all of one client to one endpoint by its address, and requests without a key anywhere', async () => {
    const bySource = await world({ algorithm, sourceAddress: true });
    expect(new Set(await homes(bySource, () => '')).size).toBe(1);
    const byHeader = await world({ algorithm, header: 'x-user' });
    expect(new Set(await homes(byHeader, () => '')).size).toBeGreaterThan(1);
  });
});
