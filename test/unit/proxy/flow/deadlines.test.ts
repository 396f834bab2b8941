import { afterEach, describe, expect, test } from 'vitest';
import { parseGrpcTimeout } from '../../../../src/proxy/policy/deadline.ts';
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
import { until } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serving(treat: Parameters<typeof countingServer>[0]): Promise<CountingServer> {
  const server = await countingServer(treat);
  cleanups.push(server.close);
  return server;
}

async function proxied(...args: Parameters<typeof clientProxy>): Promise<ClientProxy> {
  const client = await clientProxy(...args);
  cleanups.push(() => client.proxy.stop());
  return client;
}

const within = (millis: number) => [{ any: true, timeouts: { requestMs: millis } }];
const grpc = 'content-type: application/grpc\r\nte: trailers\r\n';
const gone = ({ sockets }: CountingServer) => sockets.every((socket) => socket.destroyed || socket.readableEnded);

describe('a deadline', () => {
  test('of a policy cuts off a server that hangs, and its connection', async () => {
    const hung = await serving(() => undefined);
    const client = await proxied([hung], within(200));
    const start = performance.now();
    expect(statusOf(await send(client.address, request()))).toBe(504);
    expect(performance.now() - start).toBeGreaterThanOrEqual(199);
    expect(await client.count('smi_deadline_exceeded_total', 'backend="default/store"')).toBe(1);
    expect(await client.count('smi_requests_total', 'code="504",verdict="failed"')).toBe(1);
    await until(() => gone(hung), 'the end of its connection');
    expect(hung.requests).toHaveLength(1);
  });

  test('is one for all tries', async () => {
    const hung = await serving(() => undefined);
    const client = await proxied([hung], [{ any: true, timeouts: { requestMs: 500, perTryMs: 200 } }]);
    const start = performance.now();
    expect(statusOf(await send(client.address, request()))).toBe(504);
    expect(performance.now() - start).toBeGreaterThanOrEqual(400);
    expect(hung.requests.length).toBeGreaterThan(1);
    expect(hung.requests.length).toBeLessThanOrEqual(3);
  });

  test('leaves no room for a try that would begin after it', async () => {
    const policies = [{ any: true, timeouts: { requestMs: 900 }, retries: { on: { conditions: ['GATEWAY_ERROR'] } } }];
    const busy = await serving(() => answer(503, '', 'Retry-After: 1\r\n'));
    const client = await proxied([busy], policies);
    expect(statusOf(await send(client.address, request()))).toBe(503);
    expect(busy.requests).toHaveLength(1);
    expect(await client.count('smi_deadline_exceeded_total')).toBe(0);
  });

  test('cuts off an answer that has begun', async () => {
    const half = await serving(() => 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    const client = await proxied([half], within(400));
    expect(await send(client.address, request())).toMatch(/half$/);
    expect(await client.count('smi_deadline_exceeded_total')).toBe(1);
    await until(() => gone(half), 'the end of its connection');
  });

  test('does not touch what is in time', async () => {
    const good = await serving(() => answer(200, 'x'));
    const client = await proxied([good], within(60_000));
    expect(statusOf(await send(client.address, request()))).toBe(200);
    expect(await client.count('smi_deadline_exceeded_total')).toBe(0);
  });

  test('without a byte from either side is a limit of its own', async () => {
    const hung = await serving(() => undefined);
    const client = await proxied([hung], [{ any: true, timeouts: { idleMs: 300 } }]);
    const start = performance.now();
    expect(statusOf(await send(client.address, request()))).toBe(504);
    expect(performance.now() - start).toBeGreaterThanOrEqual(299);
    expect(await client.count('smi_deadline_exceeded_total')).toBe(0);
  });

  test('travels: the next hop is told what is left, whatever the client wrote', async () => {
    const good = await serving(() => answer(200, 'x'));
    const client = await proxied([good], within(60_000));
    await send(client.address, request());
    await send(client.address, request('GET', 'X-SMI-Deadline-MS: 30000\r\n'));
    await send(client.address, request('GET', 'x-smi-deadline-ms: 90000\r\n'));
    await send(client.address, request('GET', 'x-smi-deadline-ms: soon\r\n'));
    const told = good.requests.map((text) =>
      [...text.matchAll(/x-smi-deadline-ms: (\d+)/gi)].map(([, ms]) => Number(ms)),
    );
    expect(told.map((values) => values.length)).toEqual([1, 1, 1, 1]);
    const [byPolicy, shorter, longer, nonsense] = told.map(([value]) => value!);
    for (const value of [byPolicy, longer, nonsense]) {
      expect(value).toBeGreaterThan(30_000);
      expect(value).toBeLessThan(60_000);
    }
    expect(shorter).toBeLessThan(30_000);
    expect(shorter).toBeGreaterThan(0);
  });

  test('holds without a policy when the caller has one, and is not invented when nobody has', async () => {
    const hung = await serving(() => undefined);
    const client = await proxied([hung]);
    expect(statusOf(await send(client.address, request('GET', 'x-smi-deadline-ms: 30\r\n')))).toBe(504);
    const good = await serving(() => answer(200, 'x'));
    const other = await proxied([good]);
    await send(other.address, request());
    expect(good.requests[0]).not.toMatch(/x-smi|grpc-timeout/i);
  });

  test('that has passed already is answered without asking anyone', async () => {
    const good = await serving(() => answer(200, 'x'));
    const client = await proxied([good]);
    expect(statusOf(await send(client.address, request('GET', 'x-smi-deadline-ms: 0\r\n')))).toBe(504);
    expect(good.requests).toHaveLength(0);
    expect(await client.count('smi_deadline_exceeded_total')).toBe(1);
  });
});

describe('gRPC', () => {
  test('its timeout is honoured, shortened and sent on', async () => {
    const good = await serving(() => answer(200, 'x'));
    const client = await proxied([good], within(20_000));
    await send(client.address, request('POST', `${grpc}grpc-timeout: 1M\r\n`, 'call'));
    await send(client.address, request('POST', `${grpc}grpc-timeout: 5S\r\n`, 'call'));
    await send(client.address, request('POST', grpc, 'call'));
    const left = good.requests.map((text) => {
      const values = [...text.matchAll(/grpc-timeout: (\S+)/gi)];
      expect(values).toHaveLength(1);
      expect(text).not.toContain('x-smi');
      return parseGrpcTimeout(values[0]![1]!)!;
    });
    expect(left[0]).toBeGreaterThan(5_000);
    expect(left[0]).toBeLessThan(20_000);
    expect(left[1]).toBeLessThan(5_000);
    expect(left[2]).toBeGreaterThan(5_000);
    expect(left[2]).toBeLessThan(20_000);
  });

  test('a call past its deadline is answered with DEADLINE_EXCEEDED and nothing else', async () => {
    const hung = await serving(() => undefined);
    const client = await proxied([hung]);
    const text = await send(client.address, request('POST', `${grpc}grpc-timeout: 30m\r\n`, 'call'));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain('content-type: application/grpc\r\n');
    expect(text).toContain('grpc-status: 4\r\n');
    expect(await client.count('smi_requests_total', 'code="504"')).toBe(1);
  });

  test.each([
    ['store', '14', 503],
    ['nowhere', '12', 404],
  ])('a call to %s that the proxy answers itself has status %s', async (host, grpcStatus, code) => {
    const client = await proxied([await refusing()]);
    const call = request('POST', grpc, 'call').replace('Host: store', `Host: ${host}`);
    const text = await send(client.address, call);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain(`grpc-status: ${grpcStatus}\r\n`);
    expect(text).toMatch(/grpc-message: [a-z ]+\r\n/);
    expect(await client.count('smi_requests_total', `code="${code}"`)).toBe(1);
  });
});
