import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { startProxy } from '../../../src/proxy/index.ts';
import { type Candidate, chooseFaster, chooseLessBusy } from '../../../src/proxy/upstream/choice.ts';
import { Latency } from '../../../src/proxy/upstream/latency.ts';
import { conversation, endpoints, ownAddress, type RawServer, rawServer, service, workload } from './support/mesh.ts';
import { randomFrom } from './support/random.ts';

type Choose = <T extends Candidate>(candidates: readonly T[], now: number, random: () => number) => T | undefined;

interface Answered {
  readonly at: number;
  readonly server: number;
  readonly millis: number;
}

/** An open load of 200 requests a second on three servers; `pace(server, now)` is a server's mean latency. */
function simulate(choose: Choose, seconds: number, seed: number, pace: (server: number, now: number) => number) {
  const random = randomFrom(seed);
  const servers = [0, 1, 2].map((server) => ({ server, outstanding: 0, latency: new Latency() }));
  const underWay: { end: number; millis: number; server: (typeof servers)[number] }[] = [];
  const answered: Answered[] = [];
  let now = 0;
  while (now < seconds * 1000) {
    underWay.sort((a, b) => a.end - b.end);
    while (underWay[0] !== undefined && underWay[0].end <= now) {
      const { end, millis, server } = underWay.shift()!;
      server.outstanding--;
      server.latency.answered(millis, end);
    }
    const server = choose(servers, now, random)!;
    const millis = pace(server.server, now) * (0.5 + random());
    server.outstanding++;
    underWay.push({ end: now + millis, millis, server });
    answered.push({ at: now, server: server.server, millis });
    now -= Math.log(1 - random()) * 5;
  }
  return answered;
}

const share = (list: readonly Answered[], server: number) =>
  list.filter((one) => one.server === server).length / list.length;
const p99 = (list: readonly Answered[]) =>
  list.map(({ millis }) => millis).sort((a, b) => a - b)[Math.floor(list.length * 0.99)]!;

describe('the choice of an endpoint', () => {
  const seeds = fc.integer({ min: 1, max: 2 ** 31 });

  test('gives one that is ten times slower clearly less than its third, and a better p99 than counting requests', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const pace = (server: number) => (server === 0 ? 50 : 5);
        const list = simulate(chooseFaster, 20, seed, pace);
        expect(share(list, 0)).toBeLessThan(0.05);
        expect(p99(list) * 2).toBeLessThan(
          p99(simulate((list, _now, random) => chooseLessBusy(list, random), 20, seed, pace)),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('gives one that has recovered its share back', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const list = simulate(chooseFaster, 80, seed, (server, now) => (server === 0 && now < 10_000 ? 50 : 5));
        const late = list.filter(({ at }) => at > 60_000);
        expect(share(late, 0)).toBeGreaterThan(0.2);
      }),
      { numRuns: 10 },
    );
  });

  test('gives equal ones equal shares', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const list = simulate(chooseFaster, 40, seed, () => 5);
        for (const server of [0, 1, 2]) expect(Math.abs(share(list, server) - 1 / 3)).toBeLessThan(0.1);
      }),
      { numRuns: 10 },
    );
  });

  test('takes a new one for as fast as the other, and prefers it to one that failed', () => {
    const old = { outstanding: 0, latency: new Latency() };
    const fresh = { outstanding: 0, latency: new Latency() };
    old.latency.answered(5, 1_000);
    expect(chooseFaster([old, fresh], 1_000, () => 0)).toBe(old);
    expect(chooseFaster([fresh, old], 1_000, () => 0)).toBe(fresh);
    expect(chooseFaster([{ ...old, outstanding: 1 }, fresh], 1_000, () => 0)).toBe(fresh);
    old.latency.failed(1_001);
    expect(chooseFaster([old, fresh], 1_001, () => 0)).toBe(fresh);
  });

  test('takes nothing of none', () => {
    expect(chooseFaster([], 0, () => 0)).toBeUndefined();
  });
});

describe('a proxy before several endpoints', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function proxyTo(list: readonly { address: string; port: number }[]): Promise<string> {
    const address = ownAddress();
    const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
    const resources = [
      workload({ name: 'default/client', outbound: [listener] }),
      service('store', 80, { store: 1 }),
      endpoints('store', 80, list),
    ];
    const proxy = await startProxy(
      { node: 'default/client', admin: { address, port: 0 }, resources },
      { log: () => {} },
    );
    cleanups.push(() => proxy.stop());
    await proxy.ready;
    return address;
  }

  async function server(millis: number, hits: { count: number }): Promise<RawServer> {
    const made = await rawServer((socket) => {
      hits.count++;
      setTimeout(() => socket.write('HTTP/1.1 204 No Content\r\n\r\n'), millis);
    });
    cleanups.push(made.close);
    return made;
  }

  const ask = (address: string) =>
    conversation(address, 20000, 'GET / HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n');

  test('sends less to the slow one', async () => {
    const hits = [{ count: 0 }, { count: 0 }, { count: 0 }];
    const servers = await Promise.all([server(400, hits[0]!), server(0, hits[1]!), server(0, hits[2]!)]);
    const address = await proxyTo(servers);
    for (let i = 0; i < 100; i++) expect(await ask(address)).toContain(' 204 ');
    expect(hits[0]!.count).toBeLessThan(15);
    expect(hits[1]!.count + hits[2]!.count + hits[0]!.count).toBe(100);
  });

  test('sends little to one that refuses connections', async () => {
    const hits = { count: 0 };
    const dead = await rawServer(() => {});
    dead.close();
    const address = await proxyTo([dead, await server(0, hits), await server(0, hits)]);
    let failed = 0;
    for (let i = 0; i < 100; i++) if ((await ask(address)).includes(' 503 ')) failed++;
    expect(failed).toBeLessThan(10);
    expect(hits.count).toBe(100 - failed);
  });
});
