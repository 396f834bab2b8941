import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { wholeTypes } from '../../../src/xds/sotw.ts';
import { createView, resourceVersion } from '../../../src/xds/view.ts';
import { useRunningServer } from './support/running-server.ts';
import { resource, viewOf } from './support/views.ts';

const [, cluster] = [...wholeTypes] as [string, string];
const types = [cluster, 'endpoints', 'route'];
const node = { id: 'node' };

const running = useRunningServer();
const happens = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

const set = (...texts: readonly string[]) => running.view.update({ set: texts.map(resource) });

describe('the state of the world on the wire', () => {
  it('has a version, a nonce, the type, and resources of that type; what is accepted is not sent again', async () => {
    await running.start(types);
    set(`${cluster}/a@1`, `${cluster}/b@1`);
    const client = running.connect('sotw');
    client.send({ node, typeUrl: cluster });
    const first = await client.response(1);
    expect(first).toMatchObject({ typeUrl: cluster, resources: [{ type_url: cluster }, { type_url: cluster }] });
    expect(first.resources.map(({ value }) => Buffer.from(value!).toString())).toEqual(['1', '1']);
    expect([first.versionInfo, first.nonce]).not.toContain('');
    client.answer({ versionInfo: first.versionInfo });
    await happens(() => expect(running.of('ack')).toHaveLength(1));
    set(`${cluster}/b@2`);
    const second = await client.response(2);
    expect(second.versionInfo).not.toBe(first.versionInfo);
    expect(second.nonce).not.toBe(first.nonce);
    expect(running.of('sent').map(({ resources }) => resources)).toEqual([['a', 'b'], ['b']]);
    const [state] = running.server.proxies();
    expect(state).toMatchObject({ variant: 'sotw', node: { id: 'node' } });
    expect(state?.types).toMatchObject([{ typeUrl: cluster, wildcard: true, inFlight: { resources: ['b'] } }]);
  });

  it('a client that comes back to another process with the version that this one would send gets nothing', async () => {
    await running.start(types);
    set(`${cluster}/a@1`, 'endpoints/e@1');
    const before = running.connect('sotw');
    before.send({ node, typeUrl: cluster });
    const { versionInfo } = await before.response(1);
    await running.stop();
    await running.start(types);
    set('endpoints/e@1', `${cluster}/a@1`);
    const client = running.connect('sotw');
    client.send({ node, typeUrl: cluster, versionInfo });
    client.send({ typeUrl: 'endpoints', resourceNames: ['e'] });
    await client.response(1);
    expect(running.of('sent').map(({ typeUrl }) => typeUrl)).toEqual(['endpoints']);
  });
});

describe.each(['delta', 'sotw'] as const)('a client (%s) that', (variant) => {
  /** Asks for everything of a type. */
  const everything = { node, typeUrl: cluster };

  it('stops reading has nothing queued for it, and then gets the latest state and all of it', async () => {
    await running.start(types);
    const big = (content: number) => {
      const body = Buffer.alloc(300_000, content);
      return ['a', 'b', 'c'].map((name) => ({ typeUrl: cluster, name, version: resourceVersion(body), body }));
    };
    running.view.update({ set: big(0) });
    const client = running.connect(variant);
    client.send(everything);
    await client.response(1);
    client.answer();
    await happens(() => expect(running.of('ack')).toHaveLength(1));
    client.pause();
    for (let content = 1; content <= 50; content += 1) {
      running.view.update({ set: big(content) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    set('endpoints/later@1', `${cluster}/last@1`);
    await happens(() => expect(running.of('sent')).toHaveLength(2));
    client.resume();
    await client.response(2);
    client.answer();
    const third = await client.response(3);
    const bytes = third.resources.map((each) => (each as { resource?: typeof each }).resource ?? each);
    expect(bytes.map(({ value }) => value?.[0]).sort()).toEqual(['1'.charCodeAt(0), 50, 50, 50]);
    client.answer();
    await happens(() => expect(running.server.isSettled('node')).toBe(true));
    expect(running.of('sent')).toHaveLength(3);
  });

  it('says that it will ask for nothing more is let go', async () => {
    await running.start(types);
    const client = running.connect(variant);
    client.send(everything);
    await client.response(1);
    client.halfClose();
    await client.until(() => client.ended);
    expect(client.error).toBeUndefined();
    await happens(() => expect(running.server.proxies()).toEqual([]));
  });

  it('goes while a response is under way gets what is new when it comes back', async () => {
    await running.start(types);
    set(`${cluster}/a@1`);
    const client = running.connect(variant);
    client.send(everything);
    await client.response(1);
    client.close();
    await happens(() => expect(running.of('disconnected')).toHaveLength(1));
    set(`${cluster}/a@2`);
    const again = running.connect(variant);
    again.send(everything);
    expect((await again.response(1)).resources).toHaveLength(1);
    expect(running.server.counters()).toMatchObject({ streams: 1, responses: 2, acks: 0 });
  });

  it('opens two streams has both follow, and is gone with the last', async () => {
    await running.start(types);
    set(`${cluster}/a@1`);
    const [one, two] = [running.connect(variant), running.connect(variant)];
    for (const client of [one, two]) {
      client.send(everything);
      await client.response(1);
      client.answer();
    }
    await happens(() => expect(running.of('ack')).toHaveLength(2));
    set(`${cluster}/b@1`);
    await Promise.all([one.response(2), two.response(2)]);
    one.close();
    await happens(() => expect(running.of('disconnected')).toHaveLength(1));
    expect(running.server.isConnected('node')).toBe(true);
    two.close();
    await happens(() => expect(running.server.isConnected('node')).toBe(false));
  });

  it('answers one type and not the other is late', async () => {
    await running.start(types, { limits: { answerMillis: 500 } });
    set('endpoints/e@1', 'route/r@0');
    const client = running.connect(variant);
    const names = { resourceNames: ['e'], resourceNamesSubscribe: ['e'] };
    client.send({ node, typeUrl: 'endpoints', ...names });
    await client.response(1);
    const routes = { resourceNames: ['r'], resourceNamesSubscribe: ['r'] };
    client.send({ typeUrl: 'route', ...routes });
    let count = 1;
    while (client.error === undefined) {
      count += 1;
      await client.until(() => client.error !== undefined || client.responses.length >= count);
      if (client.latest?.typeUrl === 'route') client.answer(routes);
    }
    expect(client.error.code).toBe(status.DEADLINE_EXCEEDED);
  });

  it('says what cannot be read, or too much, is refused', async () => {
    await running.start(types, { limits: { maxNameLength: 20, maxNames: 5, maxRequestBytes: 1000 } });
    const refusalOf = async (...requests: readonly (object | Buffer)[]) => {
      const client = running.connect(variant);
      for (const request of requests) client.send(request);
      return await client.refusal();
    };
    const named = (...names: readonly string[]) => ({
      node,
      typeUrl: 'endpoints',
      resourceNames: names,
      resourceNamesSubscribe: names,
    });
    expect(await refusalOf(Buffer.from([0xff, 0xff, 0xff]))).toBe(status.INVALID_ARGUMENT);
    expect(await refusalOf(named('x'.repeat(21)))).toBe(status.INVALID_ARGUMENT);
    expect(await refusalOf(named('1', '2', '3', '4', '5', '6'))).toBe(status.RESOURCE_EXHAUSTED);
    expect(await refusalOf(named('x'.repeat(1001)))).toBe(status.RESOURCE_EXHAUSTED);
    expect(await refusalOf(everything, { node: { id: 'other' }, typeUrl: cluster })).toBe(status.INVALID_ARGUMENT);
    expect(running.server.counters().streams).toBe(0);
  });

  it('is no longer served loses its streams, and no other does', async () => {
    await running.start(types);
    running.views.set('other', viewOf(`${cluster}/a@1`));
    const [one, other] = [running.connect(variant), running.connect(variant)];
    one.send(everything);
    other.send({ node: { id: 'other' }, typeUrl: cluster });
    await Promise.all([one.response(1), other.response(1)]);
    running.server.revoke('node');
    expect(await one.refusal()).toBe(status.PERMISSION_DENIED);
    expect(running.server.proxies().map((proxy) => proxy.node.id)).toEqual(['other']);
  });
});

describe('who may have what', () => {
  let authority: Authority;
  let server: Svid;
  const identity = (account: string) => spiffeId('cluster.local', 'default', account);
  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
    server = await authority.issue(identity('control-plane'));
  });

  it.each(['delta', 'sotw'] as const)('a certificate opens its own node and no other (%s)', async (variant) => {
    await running.start(types, { tls: server, authorize: (peer, name) => peer === identity(name) });
    const nodes = ['one', 'two', 'three'];
    for (const name of nodes) running.views.set(name, viewOf(`${cluster}/of-${name}@1`));
    for (const holder of nodes) {
      const svid = await authority.issue(identity(holder));
      for (const asked of nodes) {
        const client = running.connect(variant, svid);
        client.send({ node: { id: asked }, typeUrl: cluster });
        if (asked === holder) await client.response(1);
        else expect(await client.refusal()).toBe(status.PERMISSION_DENIED);
      }
    }
    expect(running.of('sent').map(({ resources }) => resources)).toEqual([['of-one'], ['of-two'], ['of-three']]);
    expect(running.server.proxies().map(({ peer }) => peer)).toEqual(nodes.map(identity));
  });

  it('a certificate that is no longer right ends the stream before anything new is sent', async () => {
    let allowed = true;
    await running.start(types, { tls: server, authorize: () => allowed });
    const client = running.connect('delta', await authority.issue(identity('node')));
    client.send({ node, typeUrl: cluster });
    await client.response(1);
    allowed = false;
    set(`${cluster}/secret@1`);
    expect(await client.refusal()).toBe(status.PERMISSION_DENIED);
    expect(client.responses).toHaveLength(1);
  });
});

describe('kinds of clients', () => {
  afterEach(() => vi.restoreAllMocks());

  it('follow each their own order of types, chosen by the first that they ask for', async () => {
    const asked = vi.fn();
    await running.start(types, {
      typeOrders: [
        ['a', 'b'],
        ['c', 'd'],
      ],
      viewOf: ({ id, userAgentName, metadata }, typeUrl) => {
        asked(id, userAgentName, metadata, typeUrl);
        return createView(['a', 'c', 'd'].map((type) => resource(`${type}/x@1`)));
      },
    });
    const client = running.connect('delta');
    const metadata = {
      fields: {
        text: { stringValue: 'x' },
        number: { numberValue: 1.5 },
        list: { listValue: { values: [{ boolValue: false }, { nullValue: 0 }] } },
        inner: { structValue: { fields: { a: { stringValue: 'b' } } } },
      },
    };
    client.send({ node: { id: 'node', userAgentName: 'gRPC Node', metadata }, typeUrl: 'unknown' });
    client.send({ typeUrl: 'd' });
    client.send({ typeUrl: 'a' });
    expect((await client.response(1)).typeUrl).toBe('d');
    const plain = { text: 'x', number: 1.5, list: [false, null], inner: { a: 'b' } };
    expect(asked.mock.calls).toEqual([['node', 'gRPC Node', plain, 'd']]);
    expect(running.server.proxies()[0]?.types.map(({ typeUrl }) => typeUrl)).toEqual(['d']);
  });
});
