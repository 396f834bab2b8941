import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Call, makeCalls } from '../../../src/conformance/application/calls.ts';
import { controlServer } from '../../../src/conformance/application/control-server.ts';
import { Counters } from '../../../src/conformance/application/counters.ts';
import { serve } from '../../../src/conformance/application/serve.ts';
import { freePorts } from '../../support/free-ports.ts';

const address = '127.0.0.1';
const pod = 'shop/v1';
const counters = new Counters();
const control = controlServer(pod, false, counters);
let ports: readonly number[] = [];
let stop = async (): Promise<void> => {};

beforeAll(async () => {
  ports = await freePorts(3, address);
  const [http = 0, tcp = 0, udp = 0] = ports;
  const listeners = [
    { protocol: 'http', address, port: http },
    { protocol: 'tcp', address, port: tcp },
    { protocol: 'udp', address, port: udp },
  ] as const;
  stop = await serve(pod, listeners, counters);
  await new Promise<void>((resolve) => control.listen(0, address, resolve));
});

afterAll(async () => {
  control.closeAllConnections();
  control.close();
  await stop();
});

const call = (part: Partial<Call>): Promise<readonly unknown[]> =>
  makeCalls({ kind: 'http', address, port: ports[0]!, times: 1, ...part });

const at = (path: string) => `http://${address}:${(control.address() as AddressInfo).port}${path}`;

describe('the test application', () => {
  test('tells its pod and what it saw by HTTP, as often as it is asked', async () => {
    expect(await call({ path: '/a//b?c', method: 'PUT', times: 3 })).toEqual(
      Array.from({ length: 3 }, () => ({ status: 200, pod, seen: '/a//b?c' })),
    );
  });

  test('speaks gRPC on the same port', async () => {
    expect(await call({ kind: 'grpc', path: '/shop.Books/List' })).toEqual([
      { status: 200, pod, seen: '/shop.Books/List' },
    ]);
  });

  test('greets connections and answers datagrams', async () => {
    expect(await call({ kind: 'tcp', port: ports[1]! })).toEqual([{ pod }]);
    expect(await call({ kind: 'udp', port: ports[2]! })).toEqual([{ pod }]);
  });

  test('fails, waits and breaks off on request', async () => {
    expect(await call({ headers: { 'x-conformance-status': '503' } })).toMatchObject([{ status: 503 }]);
    expect(await call({ headers: { 'x-conformance-reset': '1' } })).toMatchObject([{ error: expect.any(String) }]);
    const begun = performance.now();
    await call({ headers: { 'x-conformance-delay': '50' } });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(45);
  });

  test('calls others for the runner, and counts what it receives', async () => {
    await fetch(at('/counters'), { method: 'DELETE' });
    const calls: readonly Call[] = [{ kind: 'http', address, port: ports[0]!, path: '/x', times: 2 }];
    const answer = await fetch(at('/call'), { method: 'POST', body: JSON.stringify(calls) });
    const each = { status: 200, pod, seen: '/x' };
    expect(await answer.json()).toEqual({ pod, results: [[each, each]] });
    const told = await fetch(at('/counters'));
    expect(await told.json()).toEqual({ pod, counters: { 'http GET /x': 2 } });
  });

  test('says that it is not ready, and what is wrong with a list of calls', async () => {
    expect((await fetch(at('/ready'))).status).toBe(503);
    expect((await fetch(at('/call'), { method: 'POST', body: '{' })).status).toBe(400);
    const many = JSON.stringify([{ kind: 'http', address, port: 1, times: 1e9 }]);
    expect((await fetch(at('/call'), { method: 'POST', body: many })).status).toBe(400);
  });
});
