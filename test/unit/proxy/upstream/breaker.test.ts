import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ClusterMetrics } from '../../../../src/proxy/telemetry/clusters.ts';
import { Breaker } from '../../../../src/proxy/upstream/breaker.ts';
import { expectedWait } from '../../../../src/proxy/upstream/pending-queue.ts';
import { renderText } from '../../../../src/telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../../../src/telemetry/registry.ts';
import { type Flow, type FlowOptions, flow, type Mood, type MoodyServer, moodyServer } from '../support/flow.ts';
import { until } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function world(
  moods: readonly Mood[],
  options: FlowOptions = {},
): Promise<{ servers: MoodyServer[]; run: Flow }> {
  const servers = await Promise.all(moods.map((mood) => moodyServer(mood)));
  const run = await flow(servers, options);
  cleanups.push(() => run.proxy.stop(), ...servers.map((server) => () => server.kill().catch(() => {})));
  return { servers, run };
}

/** A client whose request is sent and whose answer is not waited for. */
function send(run: Flow, path = '/'): { readonly text: () => string; close(): void } {
  const socket = net.connect({ host: run.address, port: 20000 });
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: store\r\n\r\n`);
  cleanups.push(() => socket.destroy());
  return { text: () => text, close: () => socket.resetAndDestroy() };
}

const refused = /^HTTP\/1\.1 503 .*\r\nx-smi-overloaded: true\r\n/s;
const policyOf = (circuitBreaker: Record<string, number>) => ({ policy: { circuitBreaker } });
const arrived = (servers: readonly MoodyServer[]) => servers.reduce((sum, { requests }) => sum + requests.length, 0);

describe('a breaker', () => {
  test('has room up to its limit, and counts what it refuses', () => {
    const registry = new MetricsRegistry();
    const breaker = new Breaker(
      { connections: 1, pending: 0, requests: 2, retries: Number.POSITIVE_INFINITY },
      new ClusterMetrics(registry, 'default/store:80'),
    );
    expect([breaker.take('requests'), breaker.take('requests'), breaker.take('requests')]).toEqual([true, true, false]);
    breaker.release('requests');
    expect(breaker.take('requests')).toBe(true);
    expect(breaker.take('pending')).toBe(false);
    expect(breaker.tryTake('connections')).toBe(true);
    expect(breaker.tryTake('connections')).toBe(false);
    for (let i = 0; i < 1_000; i++) expect(breaker.take('retries')).toBe(true);
    expect(renderText(registry)).toContain('smi_overflow_total{cluster="default/store:80",reason="requests"} 1\n');
    expect(renderText(registry)).toContain('smi_overflow_total{cluster="default/store:80",reason="pending"} 1\n');
    expect(renderText(registry)).not.toContain('reason="connections"');
  });

  test('bounds requests: what is too much is answered at once, and room comes back', async () => {
    const { servers, run } = await world(['hang'], policyOf({ requests: 2 }));
    const held = [send(run), send(run)];
    await until(() => arrived(servers) === 2, 'two requests');
    const third = send(run);
    await until(() => refused.test(third.text()), 'the refusal');
    expect(await run.metric('smi_overflow_total', { cluster: 'default/store:80', reason: 'requests' })).toBe(1);
    expect(await run.metric('smi_outlier_ejections_total')).toBe(0);
    held[0]!.close();
    servers[0]!.behave = 200;
    await until(async () => (await run.ask()) === 200, 'room again');
    expect(held[1]!.text()).toBe('');
  });

  test('with no request allowed refuses all', async () => {
    const { servers, run } = await world([200], policyOf({ requests: 0 }));
    expect(await run.ask()).toBe(503);
    expect(arrived(servers)).toBe(0);
  });

  test('bounds connections and who waits for one', async () => {
    const { servers, run } = await world(
      [(path) => (path === '/slow' ? 'hang' : 200)],
      policyOf({ connections: 1, pending: 1 }),
    );
    const slow = send(run, '/slow');
    await until(() => arrived(servers) === 1, 'the slow request');
    const waiting = send(run, '/waiting');
    await until(async () => (await run.metric('smi_connections', { side: 'downstream' })) === 2, 'both clients');
    const third = send(run, '/third');
    await until(() => refused.test(third.text()), 'the refusal');
    expect(await run.metric('smi_overflow_total', { reason: 'pending' })).toBe(1);
    expect(servers[0]!.connections).toBe(1);
    slow.close();
    await until(() => waiting.text().startsWith('HTTP/1.1 200'), 'the turn of the one that waited');
    expect(servers[0]!.requests.map((line) => line.split(' ')[1])).toEqual(['/slow', '/waiting']);
  });

  test('without a place to wait refuses what finds all connections busy, and serves one after another', async () => {
    const { servers, run } = await world(
      [(path) => (path === '/slow' ? 'hang' : 200)],
      policyOf({ connections: 1, pending: 0 }),
    );
    for (let i = 0; i < 5; i++) expect(await run.ask()).toBe(200);
    expect(servers[0]!.connections).toBe(1);
    send(run, '/slow');
    await until(() => arrived(servers) === 6, 'the slow request');
    expect(await run.ask()).toBe(503);
    expect(await run.metric('smi_overflow_total', { reason: 'pending' })).toBe(1);
  });

  test('lets nobody wait who cannot be served in time', async () => {
    const { servers, run } = await world(
      [(path) => (path === '/hang' ? 'hang' : { after: 1_000 })],
      policyOf({ connections: 1 }),
    );
    expect(await run.ask()).toBe(200);
    send(run, '/hang');
    await until(() => arrived(servers) === 2, 'the request that keeps the connection');
    expect(await run.ask('/', 'x-smi-deadline-ms: 500\r\n')).toBe(503);
    expect(await run.metric('smi_overflow_total', { reason: 'queue' })).toBe(1);
    expect(await run.ask('/', 'x-smi-deadline-ms: 2000\r\n')).toBe(504);
    expect(await run.metric('smi_overflow_total')).toBe(1);
    expect(arrived(servers)).toBe(2);
  });

  test('gives up an idle connection to one endpoint for one to another', async () => {
    const { servers, run } = await world([200, 200, 200], {
      policy: { circuitBreaker: { connections: 1 }, loadBalancer: { algorithm: 'ROUND_ROBIN' } },
    });
    for (let i = 0; i < 6; i++) expect(await run.ask()).toBe(200);
    expect(servers.map(({ requests }) => requests.length)).toEqual([2, 2, 2]);
    expect(await run.metric('smi_connections', { side: 'upstream' })).toBe(1);
    expect(await run.metric('smi_overflow_total')).toBe(0);
  });

  test('bounds connections of TCP', async () => {
    const { servers, run } = await world([200], { ...policyOf({ connections: 1 }), protocol: 'TCP' });
    const first = send(run);
    await until(() => first.text().startsWith('HTTP/1.1 200'), 'an answer');
    const second = net.connect({ host: run.address, port: 20000 });
    second.on('error', () => {});
    await once(second, 'close');
    expect(await run.metric('smi_overflow_total', { reason: 'connections' })).toBe(1);
    expect(await run.metric('smi_tcp_connections_total', { verdict: 'failed' })).toBe(1);
    first.close();
    await until(async () => (await run.metric('smi_connections', { side: 'downstream' })) === 0, 'its end');
    const third = send(run);
    await until(() => third.text().startsWith('HTTP/1.1 200'), 'room again');
    expect(servers[0]!.connections).toBe(2);
  });
});

test('the wait to expect grows with the queue and the latency, and falls with connections', () => {
  expect(expectedWait(0, 1, 100)).toBe(100);
  expect(expectedWait(9, 1, 100)).toBe(1_000);
  expect(expectedWait(9, 10, 100)).toBe(100);
  expect(expectedWait(5, 0, 0)).toBe(0);
});
