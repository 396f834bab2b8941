import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/identity/authority.ts';
import { spiffeId } from '../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/index.ts';
import { type Collector, type Span, startCollector } from '../support/collector.ts';
import { answer, type CountingServer, countingServer, send, statusOf } from '../unit/proxy/support/failing.ts';
import { endpoints, metrics, ownAddress, policy, service, until, workload } from '../unit/proxy/support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
const origin = { object: 'access.smi-spec.io/TrafficTarget/default/buyers', path: 'spec.rules[0]' };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Mesh {
  readonly collector: Collector;
  readonly app: CountingServer;
  readonly buyer: RunningProxy;
  ask(path: string, fields?: string): Promise<number>;
  /** Once there are so many. */
  spans(count: number): Promise<readonly Span[]>;
}

/** The proxy of a client and that of a server, whose program answers the first request for `/once` with 503. */
async function tracedMesh(tracing: Readonly<Record<string, unknown>>): Promise<Mesh> {
  const [storeAddress, buyerAddress] = [ownAddress(), ownAddress()];
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const collector = await startCollector(storeAddress, tracing.protocol === 'HTTP' ? 'http' : 'grpc');
  ends.push(() => collector.stop());
  const app = await countingServer(() => {
    const once = app.requests.filter((request) => request.startsWith('GET /once'));
    const last = app.requests.at(-1) ?? '';
    return answer(last === once[0] ? 503 : last.startsWith('GET /broken') ? 500 : 200);
  });
  ends.push(() => app.close());
  const settings = (name: string) => ({
    tracing: { address: storeAddress, port: collector.port, service: `default/${name}`, ...tracing },
  });
  const start = async (
    name: string,
    address: string,
    resources: Parameters<typeof startProxy>[0]['resources'] = [],
  ) => {
    const secret = await authority.issue(account(name));
    const bootstrap = { node: `default/${name}`, admin: { address, port: 0 }, secret, resources };
    const proxy = await startProxy(bootstrap, { log: () => {} });
    ends.push(() => proxy.stop());
    await proxy.ready;
    return proxy;
  };
  const inbound = { address: storeAddress, port: 14001, containerPort: 80, protocol: 'HTTP' };
  const to = [{ transport: 'TCP', ports: [80], http: { methods: ['GET'] } }];
  await start('store', storeAddress, [
    workload({
      name: 'default/store',
      identity: account('store'),
      inboundPolicy: 'default/store',
      inbound: [{ ...inbound, appAddress: app.address, appPort: app.port }],
      ...settings('store'),
    }),
    policy('default/store', [{ rule: 'default/buyers', identities: [account('buyer')], to, origins: [origin] }]),
  ]);
  const retries = { on: { conditions: ['GATEWAY_ERROR'] }, attempts: 1, backoffBaseMs: 1, backoffMaxMs: 1 };
  const buyer = await start('buyer', buyerAddress, [
    workload({
      name: 'default/buyer',
      identity: account('buyer'),
      outbound: [{ address: buyerAddress, port: 20000, protocol: 'HTTP', services: ['default/store:80'] }],
      ...settings('buyer'),
    }),
    service('store', 80, { store: 1 }, { policies: [{ policy: 'default/again', any: true, retries }] }),
    endpoints('store', 80, [{ address: storeAddress, port: 14001, identity: account('store') }]),
  ]);
  return {
    collector,
    app,
    buyer,
    ask: async (path, fields = '') => {
      const method = path === '/denied' ? 'DELETE' : 'GET';
      const head = `${method} ${path} HTTP/1.1\r\nHost: store\r\n${fields}Connection: close\r\n\r\n`;
      return statusOf(await send(buyerAddress, head));
    },
    spans: async (count) => {
      await until(() => collector.spans.length >= count, `${count} spans`);
      return collector.spans;
    },
  };
}

const childrenOf = (spans: readonly Span[], of: Span | undefined) => spans.filter((span) => span.parent === of?.id);
const context = (flags = '01') => `traceparent: 00-${trace}-${parent}-${flags}\r\ntracestate: vendor=1\r\n`;

describe.each(['GRPC', 'HTTP'])('one request over two hops with a retry, OTLP over %s', (protocol) => {
  test('is one trace with the right parents, and the program is the child of its proxy', async () => {
    const mesh = await tracedMesh({ protocol, share: 10_000 });
    expect(await mesh.ask('/once', context())).toBe(200);
    const spans = await mesh.spans(9);
    expect(spans).toHaveLength(9);
    expect(new Set(spans.map((span) => span.trace))).toEqual(new Set([trace]));
    const [hop] = spans.filter((span) => span.parent === parent);
    expect(hop).toMatchObject({ service: 'default/buyer', kind: 1, name: 'GET default/store:80', failed: false });
    const tries = childrenOf(spans, hop);
    expect(tries.map(({ name, kind, failed }) => [name, kind, failed]).sort()).toEqual([
      ['retry 1', 3, false],
      ['try', 3, true],
    ]);
    for (const each of tries) {
      const [served, ...more] = childrenOf(spans, each);
      expect(more).toEqual([]);
      expect(served).toMatchObject({ service: 'default/store', kind: 2, name: 'GET store' });
      const inside = childrenOf(spans, served);
      expect(inside.map(({ name }) => name).sort()).toEqual(['access allowed', 'try']);
      const asked = inside.find(({ name }) => name === 'try');
      expect(mesh.app.requests.filter((text) => text.includes(`00-${trace}-${asked?.id}-01`))).toHaveLength(1);
    }
    for (const request of mesh.app.requests) {
      expect(request.match(/^traceparent:/gim)).toHaveLength(1);
      expect(request).toMatch(/^tracestate: vendor=1\r$/im);
    }
  });
});

describe('traces of two proxies', () => {
  test('a denied request names the rule that came nearest', async () => {
    const mesh = await tracedMesh({ share: 10_000 });
    expect(await mesh.ask('/denied')).toBe(403);
    const spans = await mesh.spans(4);
    const denied = spans.find(({ name }) => name === 'access denied');
    expect(denied).toMatchObject({ service: 'default/store', failed: true });
    expect(denied?.attributes).toMatchObject({
      'smi.nearest_rule': 'default/buyers',
      'smi.peer': account('buyer'),
      'smi.rule.object': origin.object,
    });
  });

  test('stay as somebody before decided, and otherwise as the share says', async () => {
    const mesh = await tracedMesh({ share: 0 });
    expect(await mesh.ask('/', context('00'))).toBe(200);
    expect(await mesh.ask('/')).toBe(200);
    expect(await mesh.ask('/', context('01'))).toBe(200);
    const spans = await mesh.spans(5);
    expect(new Set(spans.map((span) => span.trace))).toEqual(new Set([trace]));
    expect(spans.filter((span) => span.parent === parent)).toHaveLength(1);
    // Who comes later decides as those before.
    expect(mesh.app.requests[0]).toContain(`traceparent: 00-${trace}-${parent}-00`);
    expect(mesh.app.requests[1]).toMatch(/traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00/);
  });

  test('failed requests are kept although nobody wanted their trace, by every proxy that saw them fail', async () => {
    const mesh = await tracedMesh({ share: 0, keepErrors: true });
    expect(await mesh.ask('/')).toBe(200);
    expect(await mesh.ask('/broken')).toBe(500);
    const spans = await mesh.spans(5);
    const hops = spans.filter(({ attributes }) => attributes['smi.kept'] === 'error');
    expect(hops.map((hop) => hop.service).sort()).toEqual(['default/buyer', 'default/store']);
    expect(new Set(spans.map((span) => span.trace)).size).toBe(1);
  });

  test('slow requests are kept in the same way', async () => {
    const mesh = await tracedMesh({ share: 0, keepSlowMs: 1 });
    // Two tries with a pause of a random part of a millisecond: asked until one is slow.
    await until(async () => {
      await mesh.ask('/');
      return mesh.collector.spans.some(({ attributes }) => attributes['smi.kept'] === 'slow');
    }, 'a slow request');
  });

  test('B3 goes on as B3, beside what is asked for', async () => {
    const mesh = await tracedMesh({ share: 0, propagation: ['W3C'] });
    expect(await mesh.ask('/', `b3: ${trace}-${parent}-1\r\n`)).toBe(200);
    const spans = await mesh.spans(5);
    expect(spans.filter((span) => span.parent === parent)).toHaveLength(1);
    const [request = ''] = mesh.app.requests;
    const [, id] = /^traceparent: 00-\w{32}-(\w{16})-01\r$/im.exec(request) ?? [];
    expect(request.match(/^b3: .*$/gim)).toEqual([expect.stringContaining(`b3: ${trace}-${id}-1-`)]);
  });

  test('a collector that is away costs no request, and what it misses is counted', async () => {
    const mesh = await tracedMesh({ share: 10_000, port: 9 });
    expect(await mesh.ask('/')).toBe(200);
    await until(async () => /^smi_spans_total\{result="failed"\} [1-9]/m.test(await metrics(mesh.buyer)), 'a failure');
    expect(await mesh.ask('/')).toBe(200);
  });
});
