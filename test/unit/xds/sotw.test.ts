import { describe, expect, it } from 'vitest';
import { stateVersion } from '../../../src/xds/encoding.ts';
import { sotw } from '../../../src/xds/protocol.ts';
import { wholeTypes } from '../../../src/xds/sotw.ts';
import { StreamState } from '../../../src/xds/stream-state.ts';
import type { Batch } from '../../../src/xds/subscription.ts';
import type { View } from '../../../src/xds/view.ts';
import { change, resource, version, viewOf } from './support/views.ts';

const [listener, cluster] = [...wholeTypes] as [string, string];
const types = [cluster, 'endpoints', listener, 'route'];

const set = (view: View, ...texts: readonly string[]) => change(view, types, ...texts);

/** One stream without a connection. */
class Driver {
  readonly #state: StreamState<Parameters<typeof sotw.apply>[1]>;
  readonly #nonces = new Map<string, string>();

  constructor(view: View) {
    const state = new StreamState(sotw, {
      typeOrder: types,
      view,
      maxBatchBytes: 1000,
      nackDelayMillis: 60_000,
      nackRetryMillis: 3_600_000,
    });
    this.#state = state;
    view.watch((changes) => state.changed(changes));
  }

  /** With the nonce of the latest response unless another is given. */
  ask(typeUrl: string, names: readonly string[], { version: has = '', nonce = this.#nonces.get(typeUrl) ?? '' } = {}) {
    return this.#state.request({ typeUrl, names, version: has, nonce });
  }

  reply({ typeUrl, nonce }: Batch, names: readonly string[], error?: string) {
    return this.#state.request({ typeUrl, names, version: '', nonce, ...(error === undefined ? {} : { error }) });
  }

  next(): Batch | undefined {
    const batch = this.#state.next();
    if (batch !== undefined) this.#nonces.set(batch.typeUrl, batch.nonce);
    return batch;
  }

  /** Accepts until nothing is left; what each response holds. */
  drain(names: Readonly<Record<string, readonly string[]>> = {}): readonly (readonly string[])[] {
    const seen: (readonly string[])[] = [];
    for (let batch = this.next(); batch !== undefined; batch = this.next()) {
      seen.push(held(batch));
      this.reply(batch, names[batch.typeUrl] ?? []);
    }
    return seen;
  }
}

/** The type without its package, and `NAME@CONTENT` of all that a response holds. */
function held({ typeUrl, resources }: Batch): readonly string[] {
  const contents = resources.map(({ name, body }) => `${name}@${Buffer.from(body)}`);
  return [typeUrl.split('.').at(-1)!.toLowerCase(), ...contents.sort()];
}

describe('types that are told whole', () => {
  it('a client that asks for everything is answered even when there is nothing', () => {
    const client = new Driver(viewOf());
    client.ask(cluster, []);
    expect(client.drain()).toEqual([['cluster']]);
  });

  it('every response holds everything; what it leaves out is gone, and that comes last', () => {
    const view = viewOf(`${cluster}/old@1`, `${cluster}/same@1`, `${listener}/l@1`);
    const client = new Driver(view);
    client.ask(cluster, []);
    client.ask(listener, []);
    expect(client.drain()).toEqual([
      ['cluster', 'old@1', 'same@1'],
      ['listener', 'l@1'],
    ]);
    set(view, `${cluster}/new@1`, `${cluster}/same@1`, `${listener}/l@2`);
    expect(client.drain()).toEqual([
      ['cluster', 'new@1', 'old@1', 'same@1'],
      ['listener', 'l@2'],
      ['cluster', 'new@1', 'same@1'],
    ]);
  });

  it('names that do not exist are answered by a response without them', () => {
    const view = viewOf(`${listener}/a@1`, `${listener}/other@1`);
    const client = new Driver(view);
    client.ask(listener, ['a']);
    expect(client.drain({ [listener]: ['a'] })).toEqual([['listener', 'a@1']]);
    client.ask(listener, ['a', 'none']);
    expect(client.drain({ [listener]: ['a', 'none'] })).toEqual([['listener', 'a@1']]);
    set(view, `${listener}/a@1`, `${listener}/none@1`);
    expect(client.drain({ [listener]: ['a', 'none'] })).toEqual([['listener', 'a@1', 'none@1']]);
  });

  it('the version of the same set is the same, whatever the order, and another for another set', () => {
    const [a, b, c] = ['x/a@1', 'x/b@1', 'x/b@2'].map(resource) as [never, never, never];
    expect(stateVersion([a, b])).toBe(stateVersion([b, a]));
    expect(new Set([[], [a], [b], [a, b], [a, c]].map(stateVersion)).size).toBe(5);
  });

  it('a client that comes back with what there is gets nothing, with anything else everything', () => {
    const view = viewOf(`${cluster}/a@1`, `${cluster}/b@1`);
    const has = stateVersion(view.list(cluster));
    const returning = new Driver(view);
    returning.ask(cluster, [], { version: has, nonce: '7' });
    expect(returning.drain()).toEqual([]);
    set(view, `${cluster}/a@1`, `${cluster}/b@2`);
    expect(returning.drain()).toEqual([['cluster', 'a@1', 'b@2']]);
    const late = new Driver(view);
    late.ask(cluster, [], { version: has });
    expect(late.drain()).toEqual([['cluster', 'a@1', 'b@2']]);
  });
});

describe('types that are told one by one', () => {
  it('only what changed is sent, and only of what is asked for', () => {
    const view = viewOf('endpoints/a@1', 'endpoints/b@1', 'endpoints/c@1');
    const client = new Driver(view);
    client.ask('endpoints', ['a', 'b']);
    const names = { endpoints: ['a', 'b'] };
    expect(client.drain(names)).toEqual([['endpoints', 'a@1', 'b@1']]);
    set(view, 'endpoints/a@1', 'endpoints/b@2', 'endpoints/c@2');
    expect(client.drain(names)).toEqual([['endpoints', 'b@2']]);
  });

  it('a longer list brings what is new in it; a name that does not exist brings nothing until it does', () => {
    const view = viewOf('endpoints/a@1', 'endpoints/b@1');
    const client = new Driver(view);
    client.ask('endpoints', ['a']);
    client.drain({ endpoints: ['a'] });
    client.ask('endpoints', ['a', 'b', 'none']);
    const names = { endpoints: ['a', 'b', 'none'] };
    expect(client.drain(names)).toEqual([['endpoints', 'b@1']]);
    set(view, 'endpoints/a@1', 'endpoints/b@1', 'endpoints/none@1');
    expect(client.drain(names)).toEqual([['endpoints', 'none@1']]);
  });

  it('a shorter list ends what it leaves out; asked for anew it is sent again', () => {
    const view = viewOf('endpoints/a@1', 'endpoints/b@1');
    const client = new Driver(view);
    client.ask('endpoints', ['a', 'b']);
    client.drain({ endpoints: ['a', 'b'] });
    client.ask('endpoints', ['a']);
    set(view, 'endpoints/a@1', 'endpoints/b@2');
    expect(client.drain({ endpoints: ['a'] })).toEqual([]);
    client.ask('endpoints', ['a', 'b']);
    expect(client.drain({ endpoints: ['a', 'b'] })).toEqual([['endpoints', 'b@2']]);
    client.ask('endpoints', []);
    set(view, 'endpoints/a@2', 'endpoints/b@3');
    expect(client.drain()).toEqual([]);
  });

  it('a list that is repeated asks for all of it once more', () => {
    const client = new Driver(viewOf('endpoints/a@1', 'endpoints/b@1'));
    client.ask('endpoints', ['a', 'b']);
    client.drain({ endpoints: ['a', 'b'] });
    client.ask('endpoints', ['a', 'b']);
    expect(client.drain({ endpoints: ['a', 'b'] })).toEqual([['endpoints', 'a@1', 'b@1']]);
  });

  it('what a client dropped and took up again behind a stale nonce is sent again', () => {
    const view = viewOf('endpoints/a@1', 'endpoints/b@1');
    const client = new Driver(view);
    client.ask('endpoints', ['a', 'b']);
    client.drain({ endpoints: ['a', 'b'] });
    set(view, 'endpoints/a@2', 'endpoints/b@1');
    const batch = client.next()!;
    client.ask('endpoints', ['a'], { nonce: 'stale' });
    expect(client.reply(batch, ['a', 'b'])?.kind).toBe('ack');
    expect(client.drain({ endpoints: ['a', 'b'] })).toEqual([['endpoints', 'b@1']]);
  });

  it('an explicit wildcard, and its end', () => {
    const view = viewOf('route/a@1', 'route/b@1');
    const client = new Driver(view);
    client.ask('route', ['*', 'a']);
    expect(client.drain({ route: ['*', 'a'] })).toEqual([['route', 'a@1', 'b@1']]);
    client.ask('route', ['a']);
    set(view, 'route/a@2', 'route/b@2');
    expect(client.drain({ route: ['a'] })).toEqual([['route', 'a@2']]);
  });
});

describe('answers', () => {
  it('with a stale nonce are no answers', () => {
    const view = viewOf(`${cluster}/a@1`);
    const client = new Driver(view);
    client.ask(cluster, []);
    const first = client.next()!;
    client.reply(first, []);
    set(view, `${cluster}/a@2`);
    const second = client.next()!;
    expect(client.reply(first, [], 'late')).toBeUndefined();
    expect(client.next()).toBeUndefined();
    expect(client.reply(second, [])?.kind).toBe('ack');
  });

  it('that say a refusal twice do not have it sent again', () => {
    const client = new Driver(viewOf(`${cluster}/a@1`));
    client.ask(cluster, []);
    const batch = client.next()!;
    expect(client.reply(batch, [], 'no')?.kind).toBe('nack');
    expect(client.reply(batch, [], 'no')).toBeUndefined();
    expect(client.next()).toBeUndefined();
  });

  it('find a bad resource by responses in which the others still are as the client has them', () => {
    const names = ['a', 'b', 'c', 'd'];
    const view = viewOf(...names.map((name) => `${cluster}/${name}@1`), `${cluster}/gone@1`);
    const client = new Driver(view);
    client.ask(cluster, []);
    client.drain();
    set(view, ...names.map((name) => `${cluster}/${name}@2`), `${cluster}/new@2`);
    const seen: (readonly string[])[] = [];
    for (let batch = client.next(); batch !== undefined; batch = client.next()) {
      const isBad = batch.resources.some((sent) => sent.name === 'c' && sent.version === version('2'));
      seen.push([isBad ? 'nack' : 'ack', ...held(batch).slice(1)]);
      client.reply(batch, [], isBad ? 'no' : undefined);
    }
    expect(seen).toEqual([
      ['nack', 'a@2', 'b@2', 'c@2', 'd@2', 'gone@1', 'new@2'],
      ['nack', 'a@2', 'b@2', 'c@2', 'd@1', 'gone@1'],
      ['ack', 'a@2', 'b@2', 'c@1', 'd@1', 'gone@1'],
      ['nack', 'a@2', 'b@2', 'c@2', 'd@1', 'gone@1'],
      ['ack', 'a@2', 'b@2', 'c@1', 'd@2', 'gone@1', 'new@2'],
      ['ack', 'a@2', 'b@2', 'c@1', 'd@2', 'new@2'],
    ]);
  });

  it('of a client that came back with something of its own take nothing away that it may still hold', () => {
    const view = viewOf(`${cluster}/a@2`, `${cluster}/b@2`);
    const client = new Driver(view);
    client.ask(cluster, [], { version: 'something' });
    const first = client.next()!;
    expect(client.reply(first, [], 'cluster(s) b: no')).toEqual({ kind: 'nack', names: ['b'], certain: true });
    expect(client.next()).toBeUndefined();
    set(view, `${cluster}/a@3`, `${cluster}/b@2`);
    const second = client.next()!;
    expect(held(second)).toEqual(['cluster', 'a@3', 'b@2']);
    expect(client.reply(second, [], 'cluster(s) b: no')).toEqual({ kind: 'nack', names: [], certain: false });
    expect(client.next()).toBeUndefined();
    set(view, `${cluster}/a@3`, `${cluster}/b@3`);
    const third = client.next()!;
    expect(client.reply(third, [])?.kind).toBe('ack');
    expect(client.next()).toBeUndefined();
  });
});
