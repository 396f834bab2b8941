import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../../src/proxy/index.ts';
import { controlPlane } from '../support/control-plane.ts';
import { type MoodyServer, metricValue, moodyServer } from '../support/flow.ts';
import { endpoints, ownAddress, rawServer, service, until, workload } from '../support/mesh.ts';

const node = 'default/client';
const identity = spiffeId('cluster.local', 'default', 'client');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Listed = Pick<MoodyServer, 'address' | 'port'> & { identity?: string; locality?: object; ready?: boolean };

/** A proxy that is told the endpoints of `store` over ADS. */
async function world(list: readonly Listed[], policy: object = {}, locality: object = {}) {
  const address = ownAddress();
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const plane = await controlPlane(authority, address);
  cleanups.push(() => plane.server.close(100));
  const inTurn = { loadBalancer: { algorithm: 'ROUND_ROBIN' } };
  const told = (now: readonly Listed[], changed: object = policy) => [
    workload({
      name: node,
      identity,
      locality,
      outbound: [{ address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] }],
    }),
    service('store', 80, { store: 1 }, { policies: [{ any: true, retries: { attempts: 0 } }] }),
    {
      ...endpoints(
        'store',
        80,
        now.map(({ address: at, port, identity: id, locality: place, ready = true }) => ({
          address: at,
          port,
          identity: id ?? '',
          locality: place,
          ready,
        })),
      ),
      policy: { ...inTurn, ...changed },
    },
  ];
  plane.serve(node, told(list));
  const proxy = await startProxy(
    {
      node,
      admin: { address, port: 0 },
      secret: await authority.issue(identity),
      ads: { address, port: plane.port, serverIdentity: spiffeId('cluster.local', 'smi-mesh', 'controller') },
    },
    { log: () => {} },
  );
  cleanups.push(() => proxy.stop());
  await proxy.ready;
  const tell = async (now: readonly Listed[], changed?: object) => {
    const before = proxy.configVersion;
    plane.serve(node, told(now, changed));
    await until(() => proxy.configVersion > before, 'the new configuration');
  };
  return { proxy, tell, client: new Client(address) };
}

/** Sends one request after another on one connection. */
class Client {
  readonly #socket: net.Socket;

  constructor(address: string) {
    this.#socket = net.connect({ host: address, port: 20000 });
    cleanups.push(() => this.#socket.destroy());
  }

  async ask(path = '/'): Promise<number> {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: store\r\n\r\n`);
    const [bytes] = (await once(this.#socket, 'data')) as [Buffer];
    return Number(bytes.toString('latin1').slice(9, 12));
  }

  async times(count: number): Promise<number[]> {
    const statuses = [];
    for (let i = 0; i < count; i++) statuses.push(await this.ask());
    return statuses;
  }
}

async function servers(count: number): Promise<MoodyServer[]> {
  const made = await Promise.all(Array.from({ length: count }, () => moodyServer()));
  cleanups.push(...made.map((server) => () => server.kill().catch(() => {})));
  return made;
}

const ejected = (proxy: RunningProxy) => metricValue(proxy, 'smi_endpoints', { state: 'ejected' });
const counts = (list: readonly MoodyServer[]) => list.map(({ requests }) => requests.length);

describe('an endpoint that discovery no longer lists', () => {
  test('gets no new requests while there are others, and finishes what is under way', async () => {
    const list = await servers(2);
    const { tell, client } = await world(list);
    expect(await client.times(4)).toEqual([200, 200, 200, 200]);
    const before = counts(list);
    await tell([list[1]!]);
    expect(new Set(await client.times(6))).toEqual(new Set([200]));
    expect(counts(list)).toEqual([before[0], before[1]! + 6]);
  });

  test('finishes the request that it has', async () => {
    const slow = await rawServer((socket, received) => {
      if (received.endsWith('go')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    cleanups.push(slow.close);
    const [other] = await servers(1);
    const { tell, client } = await world([slow]);
    const answer = client.ask();
    await until(() => slow.received.length === 1 && slow.received[0] !== '', 'the request');
    await tell([other!]);
    slow.sockets[0]!.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    expect(await answer).toBe(200);
  });

  test('serves on over its open connections when nobody else is listed, and no connection is opened to it', async () => {
    const [only] = await servers(1);
    const { proxy, tell, client } = await world([only!]);
    expect(await client.times(2)).toEqual([200, 200]);
    await tell([]);
    expect(await metricValue(proxy, 'smi_endpoints', { state: 'vanished' })).toBe(1);
    expect(await client.times(3)).toEqual([200, 200, 200]);
    expect(only!.connections).toBe(1);
    await only!.kill();
    await until(async () => (await metricValue(proxy, 'smi_connections', { side: 'upstream' })) === 0, 'its end');
    expect(await client.ask()).toBe(503);
    expect(await client.ask()).toBe(503);
  });

  test('serves on when all that are listed are ejected', async () => {
    const [good, bad] = await servers(2);
    bad!.behave = 503;
    const { proxy, tell, client } = await world([good!]);
    expect(await client.ask()).toBe(200);
    await tell([bad!], { outlierDetection: { consecutiveFailures: 2, ejectionMs: 600_000 } });
    expect(await client.times(6)).toEqual([503, 503, 200, 200, 200, 200]);
    expect(await ejected(proxy)).toBe(1);
  });

  test('is not used when it said itself that it is not ready', async () => {
    const [only] = await servers(1);
    const { tell, client } = await world([only!]);
    expect(await client.ask()).toBe(200);
    await tell([{ address: only!.address, port: only!.port, ready: false }]);
    expect(await client.ask()).toBe(503);
    await tell([only!]);
    expect(await client.ask()).toBe(200);
  });

  test('that is listed again is as it was', async () => {
    const list = await servers(3);
    list[0]!.behave = 503;
    const { proxy, tell, client } = await world(list, { outlierDetection: { ejectionMs: 600_000 } });
    await client.times(18);
    expect(await ejected(proxy)).toBe(1);
    await tell([list[1]!, list[2]!]);
    expect(await ejected(proxy)).toBe(0);
    await tell(list);
    expect(await ejected(proxy)).toBe(1);
    expect(new Set(await client.times(6))).toEqual(new Set([200]));
  });
});

describe('a change of configuration', () => {
  test('keeps ejections, also when the policy changes, until detection is switched off', async () => {
    const list = await servers(3);
    list[0]!.behave = 503;
    const detection = { ejectionMs: 600_000, maxEjectionMs: 600_000 };
    const { proxy, tell, client } = await world(list, { outlierDetection: detection });
    await client.times(18);
    expect(await ejected(proxy)).toBe(1);
    await tell(list, { outlierDetection: { ...detection, consecutiveFailures: 7 } });
    expect(await ejected(proxy)).toBe(1);
    await tell(list, { outlierDetection: detection, circuitBreaker: { connections: 100 } });
    expect(await ejected(proxy)).toBe(1);
    expect(new Set(await client.times(6))).toEqual(new Set([200]));
    await tell(list, { outlierDetection: { consecutiveFailures: 0 } });
    expect(await ejected(proxy)).toBe(0);
    expect((await client.times(6)).filter((status) => status === 503)).toHaveLength(2);
  });

  test('of bounds applies to what comes after it', async () => {
    const [only] = await servers(1);
    const { tell, client } = await world([only!]);
    expect(await client.ask()).toBe(200);
    await tell([only!], { circuitBreaker: { requests: 0 } });
    expect(await client.ask()).toBe(503);
    await tell([only!]);
    expect(await client.ask()).toBe(200);
  });
});

describe('the time for a connection', () => {
  test("is the policy's: a server that does not shake hands is ejected", async () => {
    const silent = await rawServer(() => {});
    cleanups.push(silent.close);
    const mute = {
      address: silent.address,
      port: silent.port,
      identity: spiffeId('cluster.local', 'default', 'store'),
    };
    const { proxy, client } = await world([mute], {
      connectTimeoutMs: 50,
      outlierDetection: { consecutiveFailures: 2, ejectionMs: 600_000 },
    });
    const start = performance.now();
    expect(await client.times(2)).toEqual([503, 503]);
    expect(performance.now() - start).toBeLessThan(9_000);
    expect(silent.sockets).toHaveLength(2);
    expect(await ejected(proxy)).toBe(1);
  });
});

describe('places', () => {
  const at = (server: MoodyServer, region: string, zone: string) => ({
    address: server.address,
    port: server.port,
    locality: { region, zone },
  });

  test('are used from near to far, as the near ones fail', async () => {
    const [zone, region, listed, rest] = (await servers(4)) as [MoodyServer, MoodyServer, MoodyServer, MoodyServer];
    const all = [at(rest, 'us', 'c'), at(listed, 'asia', 'x'), at(region, 'eu', 'b'), at(zone, 'eu', 'a')];
    const policy = {
      loadBalancer: { algorithm: 'ROUND_ROBIN', preferLocal: true, failover: ['asia'], panicPercent: 0 },
      outlierDetection: { consecutiveFailures: 1, ejectionMs: 600_000, maxEjectedPercent: 100 },
    };
    const { client } = await world(all, policy, { region: 'eu', zone: 'a' });
    for (const server of [zone, region, listed, rest]) {
      const before = server.requests.length;
      expect(await client.times(4)).toEqual([200, 200, 200, 200]);
      expect(server.requests.length).toBe(before + 4);
      server.behave = 503;
      expect(await client.ask()).toBe(503);
    }
    expect(await client.ask()).toBe(503);
    expect(counts([zone, region, listed, rest])).toEqual([5, 5, 5, 5]);
  });
});
