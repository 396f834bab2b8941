import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { XdsEvent, XdsLimits } from '../../../src/xds/contract.ts';
import { createXdsServer, type XdsServer } from '../../../src/xds/server.ts';
import { createView, resourceVersion, type View } from '../../../src/xds/view.ts';
import { TestAdsClient } from '../../support/ads-client.ts';

const typeUrl = 'test/Thing';
const body = Buffer.from('x');
const view = (...names: readonly string[]) =>
  createView(names.map((name) => ({ typeUrl, name, version: resourceVersion(body), body })));

let views: Record<string, View>;
let server: XdsServer | undefined;
let clients: TestAdsClient[] = [];
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await server?.close();
  server = undefined;
});

async function serve(limits: Partial<XdsLimits> = {}, onEvent: (event: XdsEvent) => void = () => {}) {
  views = { node: view('a', 'b') };
  server = await createXdsServer({
    address: '127.0.0.1',
    port: 0,
    typeOrders: [[typeUrl]],
    tls: 'insecure',
    authorize: (_peer, node) => node !== 'forbidden',
    viewOf: ({ id }) => views[id],
    limits,
    onEvent,
  });
  return server;
}

function connect({ port }: XdsServer, node: string, types: readonly string[] = [typeUrl]): TestAdsClient {
  const client = new TestAdsClient(`127.0.0.1:${port}`, node, types);
  clients.push(client);
  return client;
}

const refusal = async (client: TestAdsClient) => {
  await client.until(() => client.error !== undefined);
  return client.error?.code;
};

describe('the ADS server', () => {
  it('shares nothing between nodes', async () => {
    const running = await serve();
    views.other = view('c');
    const [one, two] = [connect(running, 'node'), connect(running, 'other')];
    await one.until(() => one.batches.length > 0);
    await two.until(() => two.batches.length > 0);
    expect(one.names).toEqual(['test/Thing a', 'test/Thing b']);
    expect(two.names).toEqual(['test/Thing c']);
    expect(running.proxies().map(({ node }) => node.id)).toEqual(['node', 'other']);
  });

  it('refuses streams beyond its limit and counts them', async () => {
    const running = await serve({ maxStreams: 1 });
    const first = connect(running, 'node');
    await first.until(() => first.batches.length > 0);
    expect(await refusal(connect(running, 'node'))).toBe(status.RESOURCE_EXHAUSTED);
    expect(running.counters()).toMatchObject({ streams: 1, refusedStreams: 1 });
  });

  it('refuses a client that asks for more names than it may', async () => {
    const running = await serve({ maxNames: 3 });
    const client = connect(running, 'node');
    await client.until(() => client.batches.length > 0);
    client.subscribe(typeUrl, ['a', 'b', 'c', 'd']);
    expect(await refusal(client)).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('does not wait for ever for a client that says nothing', async () => {
    const running = await serve({ answerMillis: 50 });
    expect(await refusal(connect(running, 'node', []))).toBe(status.DEADLINE_EXCEEDED);
  });

  it('does not wait for ever for a client that leaves a response unanswered', async () => {
    const running = await serve({ answerMillis: 50 });
    const client = connect(running, 'node', []);
    client.silent = true;
    client.subscribe(typeUrl, [], 'node');
    expect(await refusal(client)).toBe(status.DEADLINE_EXCEEDED);
    expect(client.batches).toHaveLength(1);
  });

  it('refuses a first request without node, and nodes that it may not serve or does not know', async () => {
    const running = await serve();
    views.forbidden = view('a');
    expect(await refusal(connect(running, ''))).toBe(status.INVALID_ARGUMENT);
    expect(await refusal(connect(running, 'forbidden'))).toBe(status.PERMISSION_DENIED);
    expect(await refusal(connect(running, 'unknown'))).toBe(status.PERMISSION_DENIED);
  });

  it('passes over types that it does not have', async () => {
    const running = await serve();
    const client = connect(running, 'node', ['test/Unknown', typeUrl]);
    await client.until(() => client.batches.length > 0);
    expect(client.names).toEqual(['test/Thing a', 'test/Thing b']);
  });

  it('forgets a stream that the client cancels', async () => {
    const gone = Promise.withResolvers<void>();
    const running = await serve({}, (event) => event.kind === 'disconnected' && gone.resolve());
    const client = connect(running, 'node');
    await client.until(() => client.batches.length > 0);
    client.close();
    await gone.promise;
    expect(running.proxies()).toEqual([]);
    expect(running.counters().streams).toBe(0);
  });

  it('tells clients that it stops', async () => {
    const running = await serve();
    const client = connect(running, 'node');
    await client.until(() => client.batches.length > 0);
    await running.close();
    expect(await refusal(client)).toBe(status.UNAVAILABLE);
  });
});

describe('telling how far a node is', () => {
  it('says when a node has everything, and that it has not as soon as its view changes', async () => {
    const events: XdsEvent[] = [];
    const running = await serve({}, (event) => events.push(event));
    const client = connect(running, 'node');
    await client.until(() => client.batches.length > 0);
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ kind: 'settled', node: 'node' }));
    expect(running.isSettled('node')).toBe(true);
    views.node!.update({ set: [{ typeUrl, name: 'c', version: 'new', body }] });
    expect(running.isSettled('node')).toBe(false);
    await client.until(() => client.names.length === 3);
    await vi.waitFor(() => expect(running.isSettled('node')).toBe(true));
    expect(running.proxiesOf('node').map(({ node }) => node.id)).toEqual(['node']);
    expect(running.proxiesOf('other')).toEqual([]);
  });

  it('names the version that was refused and the one that is kept, and has settled all the same', async () => {
    const events: XdsEvent[] = [];
    const running = await serve({}, (event) => events.push(event));
    const client = connect(running, 'node');
    await client.until(() => client.batches.length > 0);
    client.refuses.add('b');
    views.node!.update({ set: [{ typeUrl, name: 'b', version: 'bad', body }] });
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ kind: 'settled', node: 'node' }));
    await vi.waitFor(() => expect(events.map(({ kind }) => kind)).toContain('nack'));
    const kept = resourceVersion(body);
    expect(events.find(({ kind }) => kind === 'nack')).toMatchObject({ certain: true, version: 'bad', kept });
    views.node!.update({ set: [{ typeUrl, name: 'd', version: 'new', body }] });
    client.refuses.add('d');
    await vi.waitFor(() => expect(events.filter(({ kind }) => kind === 'nack')).toHaveLength(2));
    expect(events.findLast(({ kind }) => kind === 'nack')).not.toHaveProperty('kept');
  });
});

describe('what was refused', () => {
  it('is tried again, each time later, though its content does not change', async () => {
    const events: { readonly at: number; readonly kind: XdsEvent['kind'] }[] = [];
    const running = await serve({ nackRetryMillis: 40 }, ({ kind }) => events.push({ at: Date.now(), kind }));
    const refusals = () => events.filter(({ kind }) => kind === 'nack').map(({ at }) => at);
    const client = connect(running, 'node');
    await client.until(() => client.batches.length > 0);
    client.refuses.add('c');
    views.node!.update({ set: [{ typeUrl, name: 'c', version: '1', body }] });
    await vi.waitFor(() => expect(refusals().length).toBeGreaterThanOrEqual(4), 10_000);
    const [since = 0] = running.proxiesOf('node')[0]!.types[0]!.refused.map((refused) => refused.since);
    expect(since).toBeLessThanOrEqual(refusals()[0]!);
    // A timer may be a millisecond early.
    expect(refusals()[3]! - since).toBeGreaterThanOrEqual(40 + 80 + 160 - 3);
    // What comes meanwhile does not wait for it.
    views.node!.update({ set: [{ typeUrl, name: 'd', version: '1', body }] });
    await client.until(() => client.names.includes('test/Thing d'));
    client.refuses.clear();
    await client.until(() => client.names.includes('test/Thing c'));
    await vi.waitFor(() => expect(running.proxiesOf('node')[0]!.types[0]!.refused).toEqual([]), 10_000);
  });
});
