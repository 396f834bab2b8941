import { afterEach, describe, expect, test } from 'vitest';
import {
  answer,
  type ClientProxy,
  type CountingServer,
  clientProxy,
  countingServer,
  request,
  send,
  statusOf,
} from '../support/failing.ts';
import { endpoints } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serving(treat: Parameters<typeof countingServer>[0] = () => answer(200, 'x')): Promise<CountingServer> {
  const server = await countingServer(treat);
  cleanups.push(server.close);
  return server;
}

async function proxied(...args: Parameters<typeof clientProxy>): Promise<ClientProxy> {
  const client = await clientProxy(...args);
  cleanups.push(() => client.proxy.stop());
  return client;
}

const pick = (value: number) => request('GET', `x-pick: ${value}\r\n`);

describe('faults', () => {
  test('abort the share that the policy says, in the place of the server', async () => {
    const server = await serving();
    const abort = { httpStatus: 418, share: 2_500 };
    const client = await proxied([server], [{ any: true, faults: { abort } }]);
    const statuses: number[] = [];
    for (const value of [0, 2_499, 2_500, 9_999, 10_000])
      statuses.push(statusOf(await send(client.address, pick(value))));
    expect(statuses).toEqual([418, 418, 200, 200, 418]);
    expect(server.requests).toHaveLength(2);
    expect(await client.count('smi_faults_total', 'kind="abort"', 'destination="default/store:80"')).toBe(3);
    expect(await client.count('smi_requests_total', 'code="418",verdict="rejected"')).toBe(3);
  });

  test('abort calls of gRPC with a status of gRPC', async () => {
    const abort = { httpStatus: 503, grpcStatus: 9, share: 10_000 };
    const client = await proxied([await serving()], [{ any: true, faults: { abort } }]);
    const text = await send(client.address, request('POST', 'content-type: application/grpc\r\n', 'call'));
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*grpc-status: 9\r\n/);
  });

  test('delay, and the request goes on with its body', async () => {
    const server = await serving();
    const client = await proxied([server], [{ any: true, faults: { delay: { millis: 60, share: 5_000 } } }]);
    const start = performance.now();
    expect(statusOf(await send(client.address, request('POST', 'x-pick: 1\r\n', 'b'.repeat(100_000))))).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(59);
    expect(server.requests[0]).toMatch(/b{100000}$/);
    expect(statusOf(await send(client.address, pick(5_000)))).toBe(200);
    expect(await client.count('smi_faults_total', 'kind="delay"')).toBe(1);
  });

  test('a delay ends with the deadline, and an abort comes after a delay', async () => {
    const server = await serving();
    const long = { delay: { millis: 60_000, share: 10_000 } };
    const cut = await proxied([server], [{ any: true, timeouts: { requestMs: 40 }, faults: long }]);
    expect(statusOf(await send(cut.address, request()))).toBe(504);
    const both = { delay: { millis: 30, share: 10_000 }, abort: { httpStatus: 500, share: 10_000 } };
    const client = await proxied([server], [{ any: true, faults: both }]);
    const start = performance.now();
    expect(statusOf(await send(client.address, request()))).toBe(500);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
    expect(server.requests).toHaveLength(0);
  });

  test('only for requests that the policy matches', async () => {
    const faults = { abort: { httpStatus: 500, share: 10_000 } };
    const client = await proxied([await serving()], [{ matches: [{ path: { prefix: '/slow' } }], faults }]);
    expect(statusOf(await send(client.address, request('GET', '', '', '/slow/1')))).toBe(500);
    expect(statusOf(await send(client.address, request('GET', '', '', '/fast')))).toBe(200);
  });
});

describe('header edits', () => {
  const line = (name: string, value: string) => ({ name, value });

  test('change requests and answers: remove, set, add', async () => {
    const server = await serving(() => answer(200, 'x', 'Server: secret\r\nX-Kept: 1\r\nX-Set: old\r\n'));
    const requestHeaders = { remove: ['cookie'], set: [line('x-set', 'new')], add: [line('x-many', '3')] };
    const responseHeaders = { remove: ['server'], set: [line('x-set', 'new')], add: [line('x-kept', '2')] };
    const client = await proxied([server], [{ any: true, requestHeaders, responseHeaders }]);
    const fields = 'Cookie: a\r\nX-Set: old\r\nX-Set: older\r\nX-Many: 1\r\nX-Many: 2\r\nX-Same: yes\r\n';
    const text = await send(client.address, request('GET', fields));
    const seen = server.requests[0]!.toLowerCase();
    expect(seen).not.toContain('cookie');
    expect([...seen.matchAll(/x-set: (.*)\r/g)].map(([, value]) => value)).toEqual(['new']);
    expect([...seen.matchAll(/x-many: (.*)\r/g)].map(([, value]) => value)).toEqual(['1', '2', '3']);
    expect(seen).toContain('x-same: yes');
    expect(text).not.toContain('secret');
    expect([...text.toLowerCase().matchAll(/x-set: (.*)\r/g)].map(([, value]) => value)).toEqual(['new']);
    expect([...text.toLowerCase().matchAll(/x-kept: (.*)\r/g)].map(([, value]) => value)).toEqual(['1', '2']);
  });

  test('are those of the requests that the policy matches', async () => {
    const server = await serving();
    const requestHeaders = { set: [line('x-a', '1')] };
    const client = await proxied([server], [{ matches: [{ methods: ['PUT'] }], requestHeaders }]);
    await send(client.address, request('PUT', '', 'b'));
    await send(client.address, request());
    expect(server.requests.map((text) => text.includes('x-a: 1'))).toEqual([true, false]);
  });

  test('hold for each try', async () => {
    const server = await serving((number, socket) => {
      if (number > 0) return answer(200, 'x');
      socket.destroy();
      return undefined;
    });
    const client = await proxied([server], [{ any: true, requestHeaders: { add: [line('x-a', '1')] } }]);
    await send(client.address, request());
    expect(server.requests).toHaveLength(2);
    expect(server.requests.map((text) => text.split('x-a: 1').length)).toEqual([2, 2]);
  });
});

describe('debug routing', () => {
  const split = {
    rules: [
      {
        split: 'default/store',
        weighted: {
          targets: [
            { endpoints: 'default/store-v1:80', weight: 1 },
            { endpoints: 'default/store-v2:80', weight: 0 },
          ],
        },
      },
    ],
  };

  async function twoVersions(debugRouting: boolean) {
    const v1 = await serving(() => answer(200, 'v1'));
    const v2 = await serving(() => answer(200, 'v2'));
    const more = [endpoints('store-v1', 80, [v1]), endpoints('store-v2', 80, [v2])];
    const client = await proxied([], [{ any: true, debugRouting }], more, split);
    return { client, v1, v2 };
  }

  test('a header names the backend, with or without namespace, whatever its weight; it goes no further', async () => {
    const { client, v2 } = await twoVersions(true);
    expect(await send(client.address, request())).toMatch(/v1$/);
    expect(await send(client.address, request('GET', 'X-SMI-Backend: store-v2\r\n'))).toMatch(/v2$/);
    expect(await send(client.address, request('GET', 'x-smi-backend: default/store-v2\r\n'))).toMatch(/v2$/);
    expect(v2.requests.join('').toLowerCase()).not.toContain('x-smi');
    expect(await client.count('smi_requests_total', 'backend="default/store-v2"', 'code="200"')).toBe(2);
  });

  test.each(['store-v3', 'v2', '', 'other/store-v2'])('there is no backend %j of the split: 404', async (name) => {
    const { client, v1, v2 } = await twoVersions(true);
    expect(statusOf(await send(client.address, request('GET', `x-smi-backend: ${name}\r\n`)))).toBe(404);
    expect(v1.requests.length + v2.requests.length).toBe(0);
  });

  test('without permission the header is nothing, and goes no further', async () => {
    const { client, v1 } = await twoVersions(false);
    expect(await send(client.address, request('GET', 'x-smi-backend: store-v2\r\n'))).toMatch(/v1$/);
    expect(v1.requests.join('').toLowerCase()).not.toContain('x-smi');
  });
});

test('what only the mesh says is not taken from programs, in either direction', async () => {
  const server = await serving(() =>
    answer(200, 'x', 'X-SMI-Overloaded: true\r\nX-Forwarded-Client-Cert: URI=forged\r\nX-Smith: 1\r\n'),
  );
  const client = await proxied([server]);
  const fields = 'X-Forwarded-Client-Cert: By=a;URI=forged\r\nX-SMI-Anything: 1\r\nX-Smith: 1\r\n';
  const text = (await send(client.address, request('GET', fields))).toLowerCase();
  for (const seen of [server.requests[0]!.toLowerCase(), text]) {
    expect(seen).not.toContain('x-smi-');
    expect(seen).not.toContain('forged');
    expect(seen).toContain('x-smith: 1');
  }
});
