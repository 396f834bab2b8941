import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
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

const ok = () => answer(200, 'x');
const policy = (retries: Record<string, unknown>, more: Record<string, unknown> = {}) => [
  { any: true, retries: { backoffBaseMs: 1, backoffMaxMs: 2, ...retries }, ...more },
];
const on = (...conditions: readonly string[]) => ({ on: { conditions } });

describe('without a policy', () => {
  test('a server that takes no connections costs no request, of any method', async () => {
    const good = await serving(ok);
    const client = await proxied([await refusing(), good]);
    for (let i = 0; i < 40; i++) {
      expect(statusOf(await send(client.address, request(i % 2 === 0 ? 'POST' : 'GET', '', 'body')))).toBe(200);
    }
    expect(good.requests).toHaveLength(40);
    expect(good.requests.every((text) => text.endsWith('body'))).toBe(true);
    const retried = await client.count('smi_retries_total', 'reason="connect-failure"');
    expect(retried).toBeGreaterThan(0);
    expect(await client.count('smi_requests_total', 'code="200",verdict="forwarded"')).toBe(40);
    expect(await client.count('smi_requests_total')).toBe(40);
  });

  test('a connection that is reset before an answer is tried again for idempotent methods, elsewhere', async () => {
    const bad = await serving((_request, socket) => {
      socket.resetAndDestroy();
      return undefined;
    });
    const good = await serving(ok);
    const client = await proxied([bad, good]);
    for (let i = 0; i < 20; i++) expect(statusOf(await send(client.address, request('PUT', '', 'body')))).toBe(200);
    expect(bad.requests.length).toBe(await client.count('smi_retries_total', 'reason="reset"'));
    expect(good.requests).toHaveLength(20);
  });

  test('what its server may have done is not done again', async () => {
    const bad = await serving((_request, socket) => {
      socket.destroy();
      return undefined;
    });
    const client = await proxied([bad]);
    expect(statusOf(await send(client.address, request('POST', '', 'body')))).toBe(502);
    expect(bad.requests).toHaveLength(1);
    expect(await client.count('smi_retries_total')).toBe(0);
  });

  test('there are two more tries and no more', async () => {
    const bad = await serving((_request, socket) => {
      socket.destroy();
      return undefined;
    });
    const client = await proxied([bad]);
    expect(statusOf(await send(client.address, request()))).toBe(502);
    expect(bad.requests).toHaveLength(3);
    expect(await client.count('smi_retries_total', 'reason="reset"')).toBe(2);
    expect(await client.count('smi_requests_total', 'code="502",verdict="failed"')).toBe(1);
  });

  test('an answer of the server is an answer', async () => {
    const busy = await serving(() => answer(503));
    const client = await proxied([busy]);
    expect(statusOf(await send(client.address, request()))).toBe(503);
    expect(busy.requests).toHaveLength(1);
  });
});

describe('with a policy', () => {
  test('an answer that it names is tried again on another instance, and the client sees none of it', async () => {
    const busy = await serving(() => answer(503, 'busy', 'X-Busy: 1\r\n'));
    const good = await serving(ok);
    const client = await proxied([busy, good], policy(on('GATEWAY_ERROR')));
    for (let i = 0; i < 20; i++) {
      const text = await send(client.address, request());
      expect(statusOf(text)).toBe(200);
      expect(text).not.toContain('X-Busy');
    }
    expect(good.requests).toHaveLength(20);
    expect(busy.requests.length).toBe(await client.count('smi_retries_total', 'reason="gateway-error"'));
    expect(await client.count('smi_requests_total')).toBe(20);
  });

  test('the same with an answer whose body is still coming', async () => {
    const slow = await serving(() => 'HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\nbegun');
    const good = await serving(ok);
    const client = await proxied([slow, good], policy(on('GATEWAY_ERROR')));
    for (let i = 0; i < 10; i++) expect(statusOf(await send(client.address, request()))).toBe(200);
    expect(good.requests).toHaveLength(10);
  });

  test('the last answer is passed on when all tries meet it', async () => {
    const busy = await serving((number) => answer(503, `answer ${number}`));
    const client = await proxied([busy], policy({ ...on('GATEWAY_ERROR'), attempts: 3 }));
    expect(await send(client.address, request())).toContain('answer 3');
    expect(busy.requests).toHaveLength(4);
  });

  test('none are made where it says none', async () => {
    const bad = await serving((_request, socket) => {
      socket.destroy();
      return undefined;
    });
    const client = await proxied([bad], policy({ attempts: 0 }));
    expect(statusOf(await send(client.address, request()))).toBe(502);
    expect(bad.requests).toHaveLength(1);
  });

  test('methods that it names are tried again, and only those', async () => {
    const busy = await serving(() => answer(500));
    const client = await proxied(
      [busy],
      policy({ ...on('SERVER_ERROR'), attempts: 1, methods: { methods: ['POST'] } }),
    );
    await send(client.address, request('POST', '', 'body'));
    expect(busy.requests).toHaveLength(2);
    expect(busy.requests[1]).toBe(busy.requests[0]);
    await send(client.address, request('GET'));
    expect(busy.requests).toHaveLength(3);
  });

  test('statuses of gRPC in the head of an answer count', async () => {
    const unavailable = await serving((number) =>
      number === 0 ? answer(200, '', 'content-type: application/grpc\r\ngrpc-status: 14\r\n') : ok(),
    );
    const client = await proxied([unavailable], policy({ ...on('GRPC_UNAVAILABLE'), methods: { methods: ['POST'] } }));
    const text = await send(client.address, request('POST', 'content-type: application/grpc\r\n', 'call'));
    expect(text).not.toContain('grpc-status');
    expect(await client.count('smi_retries_total', 'reason="grpc-unavailable"')).toBe(1);
  });

  test('a server that hangs is left after the time of one try', async () => {
    const hung = await serving(() => undefined);
    const good = await serving(ok);
    const client = await proxied([hung, good], policy({}, { timeouts: { perTryMs: 250 } }));
    for (let i = 0; i < 4; i++) expect(statusOf(await send(client.address, request()))).toBe(200);
    expect(good.requests).toHaveLength(4);
    expect(hung.requests.length).toBe(await client.count('smi_retries_total', 'reason="per-try-timeout"'));
    await until(() => hung.sockets.every((socket) => socket.destroyed || socket.readableEnded), 'connections given up');
  });

  test('a body beyond the bound goes out once', async () => {
    const bad = await serving((_request, socket) => {
      socket.destroy();
      return undefined;
    });
    const client = await proxied([bad]);
    expect(statusOf(await send(client.address, request('PUT', '', 'x'.repeat(200_000))))).toBe(502);
    expect(bad.sockets).toHaveLength(1);
    expect(statusOf(await send(client.address, request('PUT', '', 'x'.repeat(50_000))))).toBe(502);
    expect(bad.sockets).toHaveLength(4);
  });

  test('nothing is tried again once the head of an answer went to the client', async () => {
    const breaking = await serving((_request, socket) => {
      setImmediate(() => socket.destroy());
      return 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
    });
    const client = await proxied([breaking], policy(on('RESET', 'GATEWAY_ERROR')));
    expect(await send(client.address, request())).toContain('half');
    expect(breaking.requests).toHaveLength(1);
    expect(await client.count('smi_retries_total')).toBe(0);
  });

  test('nothing is tried again once an interim answer went to the client', async () => {
    const hinting = await serving((_request, socket) => {
      setImmediate(() => socket.destroy());
      return 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    });
    const client = await proxied([hinting], policy(on('RESET')));
    expect(await send(client.address, request())).toMatch(/^HTTP\/1\.1 103 [\s\S]*HTTP\/1\.1 502 /);
    expect(hinting.requests).toHaveLength(1);
  });

  test('a client that leaves in a pause ends the tries', async () => {
    const busy = await serving(() => answer(503, '', 'Retry-After: 2\r\n'));
    const client = await proxied([busy], policy(on('GATEWAY_ERROR')));
    const socket = net.connect({ host: client.address, port: 20000 });
    socket.write(request());
    await until(() => busy.requests.length === 1, 'the first try');
    socket.resetAndDestroy();
    await until(async () => (await client.count('smi_requests_total', 'code="499"')) === 1, 'the end');
    expect(busy.requests).toHaveLength(1);
  });

  test('a server says when to come again, or not at all', async () => {
    const times: number[] = [];
    const later = await serving((number) => {
      times.push(performance.now());
      return number === 0 ? answer(503, '', 'Retry-After: 1\r\n') : ok();
    });
    const client = await proxied([later], policy(on('GATEWAY_ERROR')));
    expect(statusOf(await send(client.address, request()))).toBe(200);
    expect(times[1]! - times[0]!).toBeGreaterThan(950);
    const never = await serving(() => answer(503, '', 'grpc-retry-pushback-ms: -1\r\n'));
    const other = await proxied([never], policy(on('GATEWAY_ERROR')));
    expect(statusOf(await send(other.address, request()))).toBe(503);
    expect(never.requests).toHaveLength(1);
  });
});

describe('the budget', () => {
  test('keeps retries at its share when everything fails, and counts what it refuses', async () => {
    const busy = await serving(() => answer(503));
    const budget = { budgetPercent: 20, budgetMinPerSecond: 0, budgetWindowMs: 600_000 };
    const client = await proxied([busy], policy({ ...on('GATEWAY_ERROR'), attempts: 3, ...budget }));
    const requests = 200;
    const line = 'GET / HTTP/1.1\r\nHost: store\r\n';
    const text = `${`${line}\r\n`.repeat(requests - 1)}${line}Connection: close\r\n\r\n`;
    expect((await send(client.address, text)).split('HTTP/1.1 503').length - 1).toBe(requests);
    const retries = await client.count('smi_retries_total');
    expect(retries).toBe(requests * 0.2);
    expect(busy.requests).toHaveLength(requests + retries);
    expect(await client.count('smi_retry_budget_exhausted_total')).toBeGreaterThanOrEqual(requests - retries);
    console.log(`requests ${requests}, failures seen by the client ${requests}, mesh retries ${retries}`);
  });

  test('zero means none', async () => {
    const client = await proxied([await refusing()], policy({ budgetPercent: 0, budgetMinPerSecond: 0 }));
    expect(statusOf(await send(client.address, request()))).toBe(503);
    expect(await client.count('smi_retries_total')).toBe(0);
    expect(await client.count('smi_retry_budget_exhausted_total')).toBe(1);
  });
});
