import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningProxy, startProxy } from '../../../src/proxy/index.ts';
import {
  conversation,
  endpoints,
  metrics,
  ownAddress,
  type RawServer,
  rawServer,
  service,
  workload,
} from './support/mesh.ts';

const port = 20000;
let app: RawServer;
const proxies: RunningProxy[] = [];

async function clientOf(uncounted: boolean): Promise<{ readonly address: string; readonly proxy: RunningProxy }> {
  const address = ownAddress();
  const outbound = [
    { address, port, protocol: 'HTTP', services: ['default/store:80'] },
    { address, port: port + 1, protocol: 'TCP', services: ['default/store:80'] },
  ];
  const resources = [
    workload({ name: 'default/buyer', uncounted, outbound }),
    service('store', 80, { store: 1 }),
    endpoints('store', 80, [{ address: app.address, port: app.port, workload: 'default/store' }]),
  ];
  const proxy = startProxy({ node: 'default/buyer', admin: { address, port: 0 }, resources }, { log: () => {} });
  const running = await proxy;
  proxies.push(running);
  await running.ready;
  return { address, proxy: running };
}

beforeAll(async () => {
  app = await rawServer((socket, received) => {
    if (received.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  app.close();
});

test.each([
  [true, []],
  [false, ['smi_requests_total', 'smi_tcp_connections_total']],
])('a proxy that is uncounted (%s) carries the same and counts %j', async (uncounted, counted) => {
  const { address, proxy } = await clientOf(uncounted);
  for (const at of [port, port + 1]) {
    const request = 'GET /books HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n';
    expect(await conversation(address, at, request)).toMatch(/^HTTP\/1.1 200/);
  }
  const names = new Set((await metrics(proxy)).match(/^smi_(requests|tcp_connections)_total(?=\{)/gm));
  expect([...names].toSorted()).toEqual(counted);
  // What it says of itself stays.
  expect(await metrics(proxy)).toMatch(/^smi_connections\{/m);
});
