import { describe, expect, it } from 'vitest';
import { StreamState } from '../../../src/xds/stream-state.ts';
import type { Batch } from '../../../src/xds/subscription.ts';
import { createView, resourceVersion, type View } from '../../../src/xds/view.ts';

const types = ['endpoints', 'service', 'workload'] as const;

/** `TYPE/NAME@CONTENT`. */
function view(...texts: readonly string[]): View {
  return createView(
    texts.map((text) => {
      const [, typeUrl = '', name = '', content = ''] = /^(.*?)\/(.*)@(.*)$/.exec(text) ?? [];
      const body = Buffer.from(content);
      return { typeUrl, name, version: resourceVersion(body), body };
    }),
  );
}

const version = (content: string) => resourceVersion(Buffer.from(content));
const describeBatch = (batch: Batch | undefined) =>
  batch && [
    batch.typeUrl,
    ...batch.resources.map(({ name }) => `+${name}`),
    ...batch.removed.map((name) => `-${name}`),
  ];

function ask(
  state: StreamState,
  typeUrl: string,
  more: Partial<{ subscribe: string[]; unsubscribe: string[]; initialVersions: Record<string, string> }> = {},
) {
  return state.request({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: {}, nonce: '', ...more });
}

function reply(state: StreamState, { typeUrl, nonce }: Pick<Batch, 'typeUrl' | 'nonce'>, error?: string) {
  return state.request({
    typeUrl,
    subscribe: [],
    unsubscribe: [],
    initialVersions: {},
    nonce,
    ...(error === undefined ? {} : { error }),
  });
}

function subscribed(maxBatchBytes = 1000): StreamState {
  const state = new StreamState(types, maxBatchBytes);
  for (const typeUrl of types) ask(state, typeUrl);
  return state;
}

/** Lets the client accept everything until nothing is left; the batches in order. */
function drain(state: StreamState, of: View): unknown[] {
  const seen: unknown[] = [];
  for (let batch = state.next(of); batch !== undefined; batch = state.next(of)) {
    seen.push(describeBatch(batch));
    reply(state, batch);
  }
  return seen;
}

describe('order', () => {
  it('additions follow the order of types, removals the reverse, and removals come last', () => {
    const state = subscribed();
    drain(state, view('endpoints/old@1', 'service/old@1', 'workload/w@1'));
    expect(drain(state, view('endpoints/new@1', 'service/new@1', 'workload/w@2'))).toEqual([
      ['endpoints', '+new'],
      ['service', '+new'],
      ['workload', '+w'],
      ['service', '-old'],
      ['endpoints', '-old'],
    ]);
  });

  it('a later type waits while an earlier one has more to send behind what is in flight', () => {
    const state = subscribed();
    drain(state, view('endpoints/a@1', 'service/s@1', 'workload/w@1'));
    const first = state.next(view('endpoints/a@2', 'service/s@1', 'workload/w@1'))!;
    const now = view('endpoints/a@2', 'endpoints/b@1', 'service/s@2', 'workload/w@1');
    expect(state.next(now)).toBeUndefined();
    reply(state, first);
    expect(drain(state, now)).toEqual([
      ['endpoints', '+b'],
      ['service', '+s'],
    ]);
  });

  it('nothing is removed while a client has not taken the additions', () => {
    const state = subscribed();
    drain(state, view('endpoints/old@1', 'service/s@1', 'workload/w@1'));
    const now = view('endpoints/new@1', 'service/s@2', 'workload/w@1');
    const [endpoints, service] = [state.next(now)!, state.next(now)!];
    expect(state.next(now)).toBeUndefined();
    reply(state, endpoints);
    expect(state.next(now)).toBeUndefined();
    reply(state, service);
    expect(describeBatch(state.next(now))).toEqual(['endpoints', '-old']);
  });

  it('what a refused resource may still refer to is not removed', () => {
    const state = subscribed();
    drain(state, view('endpoints/old@1', 'service/s@1', 'workload/w@1'));
    const now = view('endpoints/new@1', 'service/s@2', 'workload/w@1');
    reply(state, state.next(now)!);
    reply(state, state.next(now)!, 'no');
    expect(state.next(now)).toBeUndefined();
    const better = view('endpoints/new@1', 'service/s@3', 'workload/w@1');
    expect(drain(state, better)).toEqual([
      ['service', '+s'],
      ['endpoints', '-old'],
    ]);
  });
});

describe('a slow client', () => {
  it('gets the latest state, not what lay between', () => {
    const state = subscribed();
    const first = state.next(view('endpoints/a@1'))!;
    for (const content of ['2', '3', '4'])
      expect(state.next(view(`endpoints/a@${content}`))?.typeUrl).not.toBe('endpoints');
    reply(state, first);
    const batch = state.next(view('endpoints/a@5'))!;
    expect(batch.resources.map((resource) => resource.version)).toEqual([version('5')]);
  });

  it('gets a long change in several responses', () => {
    const state = subscribed(10);
    const names = ['a', 'b', 'c', 'd', 'e'];
    const long = view(...names.map((name) => `endpoints/${name}@12345`));
    expect(drain(state, long).filter((batch) => (batch as string[])[0] === 'endpoints')).toEqual([
      ['endpoints', '+a', '+b'],
      ['endpoints', '+c', '+d'],
      ['endpoints', '+e'],
    ]);
  });
});

describe('answers', () => {
  it('with a stale nonce are no answers', () => {
    const state = subscribed();
    const first = state.next(view('endpoints/a@1'))!;
    reply(state, first);
    const second = state.next(view('endpoints/a@2'))!;
    expect(reply(state, first, 'late')).toBeUndefined();
    expect(reply(state, { typeUrl: 'endpoints', nonce: 'invented' })).toBeUndefined();
    expect(reply(state, second)?.kind).toBe('ack');
  });

  it('find the one bad resource of many by halves, and deliver all others', () => {
    const state = subscribed();
    const names = Array.from({ length: 16 }, (_, index) => `r${index}`);
    const all = view(...names.map((name) => `service/${name}@1`));
    const held = new Set<string>();
    const certain: string[] = [];
    let batches = 0;
    for (let batch = state.next(all); batch !== undefined; batch = state.next(all)) {
      batches += 1;
      const bad = batch.resources.some(({ name }) => name === 'r11');
      if (!bad) for (const { name } of batch.resources) held.add(name);
      const answer = reply(state, batch, bad ? 'r11 is bad' : undefined);
      if (answer?.certain) certain.push(...answer.blamed);
    }
    expect(certain).toEqual(['r11']);
    expect([...held].sort()).toEqual(names.filter((name) => name !== 'r11').sort());
    expect(batches).toBeLessThan(16);
  });

  it('that refuse a resource keep it away until its content changes', () => {
    const state = subscribed();
    drain(state, view());
    reply(state, state.next(view('service/s@1'))!, 'no');
    expect(state.next(view('service/s@1'))).toBeUndefined();
    expect(state.next(view('service/s@1', 'service/t@1'))?.resources.map(({ name }) => name)).toEqual(['t']);
  });
});

describe('names', () => {
  it('a client that asks for everything is answered even when there is nothing', () => {
    const state = new StreamState(types, 1000);
    ask(state, 'service');
    expect(describeBatch(state.next(view()))).toEqual(['service']);
  });

  it('a name that does not exist is said to be absent once, and sent when it appears', () => {
    const state = new StreamState(types, 1000);
    ask(state, 'service', { subscribe: ['s'] });
    expect(drain(state, view())).toEqual([['service', '-s']]);
    expect(drain(state, view())).toEqual([]);
    expect(drain(state, view('service/s@1', 'service/other@1'))).toEqual([['service', '+s']]);
  });

  it('a name asked for again is sent again', () => {
    const state = new StreamState(types, 1000);
    ask(state, 'service', { subscribe: ['s'] });
    drain(state, view('service/s@1'));
    ask(state, 'service', { subscribe: ['s'] });
    expect(drain(state, view('service/s@1'))).toEqual([['service', '+s']]);
  });

  it('a name given back is forgotten', () => {
    const state = new StreamState(types, 1000);
    ask(state, 'service', { subscribe: ['s', 't'] });
    drain(state, view('service/s@1', 'service/t@1'));
    ask(state, 'service', { unsubscribe: ['s'] });
    expect(drain(state, view('service/s@2', 'service/t@1'))).toEqual([]);
  });

  it('the wildcard can stand beside names and be given back alone', () => {
    const state = new StreamState(types, 1000);
    ask(state, 'service', { subscribe: ['*', 's'] });
    expect(drain(state, view('service/s@1', 'service/t@1'))).toEqual([['service', '+s', '+t']]);
    ask(state, 'service', { unsubscribe: ['*'] });
    expect(drain(state, view('service/s@2', 'service/t@2'))).toEqual([['service', '+s']]);
  });

  it('versions that a client brings along spare it what it has', () => {
    const state = new StreamState(types, 1000);
    ask(state, 'service', { initialVersions: { same: version('1'), older: version('0'), gone: version('1') } });
    expect(drain(state, view('service/same@1', 'service/older@1'))).toEqual([
      ['service', '+older'],
      ['service', '-gone'],
    ]);
  });
});
