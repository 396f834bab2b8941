import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { limits } from '../../../../src/proxy/limits.ts';
import {
  answer,
  type ClientProxy,
  type CountingServer,
  clientProxy,
  countingServer,
  refusing,
  request,
  send,
  statusOf,
} from '../support/failing.ts';
import { endpoints, rawServer, until } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serving(treat: Parameters<typeof countingServer>[0] = () => answer(200, 'x')): Promise<CountingServer> {
  const server = await countingServer(treat);
  cleanups.push(server.close);
  return server;
}

async function mirrored(
  server: { address: string; port: number },
  shadow: { address: string; port: number },
  more: Record<string, unknown> = {},
  share = 10_000,
): Promise<ClientProxy> {
  const mirror = { endpoints: 'default/shadow:80', share };
  const client = await clientProxy([server], [{ any: true, mirror, ...more }], [endpoints('shadow', 80, [shadow])]);
  cleanups.push(() => client.proxy.stop());
  return client;
}

const outcome = async (client: ClientProxy, name: string, count: number) =>
  until(async () => (await client.count('smi_mirrored_total', `outcome="${name}"`)) === count, `${count} ${name}`);

describe('a mirror', () => {
  test('gets the requests as their server does, bodies included, and its answers go nowhere', async () => {
    const server = await serving(() => answer(200, 'real'));
    const shadow = await serving(() => answer(500, 'shadow'));
    const client = await mirrored(server, shadow, { requestHeaders: { set: [{ name: 'x-a', value: '1' }] } });
    expect(await send(client.address, request('POST', 'X-B: 2\r\n', 'body', '/p?q=1'))).toMatch(/200[\s\S]*real$/);
    expect(await send(client.address, request())).toMatch(/real$/);
    await outcome(client, 'answered', 2);
    const seen = shadow.requests.map((text) => text.toLowerCase());
    expect(seen[0]).toMatch(/^post \/p\?q=1 http\/1\.1\r\nhost: store\r\n/);
    expect(seen[0]).toContain('x-a: 1\r\n');
    expect(seen[0]).toContain('x-b: 2\r\n');
    expect(seen[0]).toMatch(/content-length: 4\r\n[\s\S]*body$/);
    expect(seen[1]).toMatch(/^get \/ /);
    expect(await client.count('smi_requests_total')).toBe(2);
    expect(
      await client.count('smi_mirrored_total', 'mirror="default/shadow:80"', 'destination="default/store:80"'),
    ).toBe(2);
  });

  test('gets the share that the policy says', async () => {
    const server = await serving();
    const shadow = await serving();
    const client = await mirrored(server, shadow, {}, 2_500);
    for (const value of [0, 2_499, 2_500, 9_999]) await send(client.address, request('GET', `x-pick: ${value}\r\n`));
    await outcome(client, 'answered', 2);
    expect(shadow.requests).toHaveLength(2);
    expect(server.requests).toHaveLength(4);
  });

  test('gets a body that comes in pieces once it is complete', async () => {
    const server = await rawServer((socket, received) => {
      if (received.endsWith('0\r\n\r\n')) socket.write(answer(200));
    });
    cleanups.push(server.close);
    const shadow = await serving();
    const client = await mirrored(server, shadow);
    const socket = net.connect({ host: client.address, port: 20000 });
    cleanups.push(() => socket.destroy());
    socket.write('POST / HTTP/1.1\r\nHost: store\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await until(() => server.received.join('').includes('abc'), 'the first piece');
    expect(shadow.sockets).toHaveLength(0);
    socket.write('3\r\ndef\r\n0\r\n\r\n');
    await outcome(client, 'answered', 1);
    expect(shadow.requests[0]).toMatch(/content-length: 6\r\n[\s\S]*abcdef$/i);
  });

  test('does not get a request that was answered before it was complete', async () => {
    const server = await serving();
    const shadow = await serving();
    const client = await mirrored(server, shadow);
    const text = 'POST / HTTP/1.1\r\nHost: store\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
    expect(statusOf(await send(client.address, text))).toBe(200);
    await outcome(client, 'incomplete', 1);
    expect(shadow.sockets).toHaveLength(0);
  });

  test('that hangs, resets or is not there changes nothing for the client', async () => {
    const server = await serving();
    const hung = await serving(() => undefined);
    const resetting = await serving((_request, socket) => {
      socket.resetAndDestroy();
      return undefined;
    });
    for (const [shadow, failed] of [
      [hung, 0],
      [resetting, 1],
      [await refusing(), 1],
    ] as const) {
      const client = await mirrored(server, shadow);
      expect(statusOf(await send(client.address, request('PUT', '', 'body')))).toBe(200);
      await outcome(client, 'failed', failed);
      expect(await client.count('smi_requests_total', 'code="200",verdict="forwarded"')).toBe(1);
      expect(await client.count('smi_retries_total')).toBe(0);
    }
  });

  test('does not get what is larger than the bound', async () => {
    const server = await serving();
    const shadow = await serving();
    const client = await mirrored(server, shadow);
    const body = 'x'.repeat(limits.replayBytes * 3);
    expect(statusOf(await send(client.address, request('PUT', '', body)))).toBe(200);
    await outcome(client, 'too-large', 1);
    expect(shadow.sockets).toHaveLength(0);
    expect(server.requests[0]).toHaveLength(server.requests[0]!.indexOf('\r\n\r\n') + 4 + body.length);
  });

  test('that does not answer holds a bounded number of requests', async () => {
    const server = await serving();
    const hung = await serving(() => undefined);
    const client = await mirrored(server, hung);
    const requests = limits.mirrorsUnderWay + 10;
    const text = `${'GET / HTTP/1.1\r\nHost: store\r\n\r\n'.repeat(requests - 1)}${request()}`;
    expect((await send(client.address, text)).split('HTTP/1.1 200').length - 1).toBe(requests);
    await outcome(client, 'too-many', 10);
    await until(() => hung.requests.length === limits.mirrorsUnderWay, 'the others');
  });
});
