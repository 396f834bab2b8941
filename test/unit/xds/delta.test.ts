import { describe, expect, it } from 'vitest';
import type { View } from '../../../src/xds/view.ts';
import { DeltaDriver, described } from './support/delta-driver.ts';
import { change, resource, version, viewOf } from './support/views.ts';

const types = ['endpoints', 'service', 'workload'] as const;

const set = (view: View, ...texts: readonly string[]) => change(view, types, ...texts);

function asking(view: View, ...typeUrls: readonly string[]): DeltaDriver {
  const client = new DeltaDriver(types, view);
  for (const typeUrl of typeUrls) client.ask(typeUrl);
  return client;
}

describe('order', () => {
  it('additions follow the order of types, removals the reverse, and removals come last', () => {
    const view = viewOf('endpoints/old@1', 'service/old@1', 'workload/w@1');
    const client = asking(view, ...types);
    client.drain();
    set(view, 'endpoints/new@1', 'service/new@1', 'workload/w@2');
    expect(client.drain()).toEqual([
      ['endpoints', '+new'],
      ['service', '+new'],
      ['workload', '+w'],
      ['service', '-old'],
      ['endpoints', '-old'],
    ]);
  });

  it('a type waits until the client has taken the one before, and what came to it meanwhile', () => {
    const view = viewOf('endpoints/a@1', 'service/s@1');
    const client = asking(view, ...types);
    client.drain();
    set(view, 'endpoints/a@2', 'service/s@2');
    const first = client.next()!;
    expect(described(first)).toEqual(['endpoints', '+a']);
    set(view, 'endpoints/a@2', 'endpoints/b@1', 'service/s@2');
    expect(client.next()).toBeUndefined();
    client.reply(first);
    expect(client.drain()).toEqual([
      ['endpoints', '+b'],
      ['service', '+s'],
    ]);
  });

  it('nothing is removed while a client has not taken the additions', () => {
    const view = viewOf('endpoints/old@1', 'service/s@1');
    const client = asking(view, ...types);
    client.drain();
    set(view, 'endpoints/new@1', 'service/s@2');
    client.reply(client.next()!);
    const service = client.next()!;
    expect(client.next()).toBeUndefined();
    client.reply(service);
    expect(described(client.next()!)).toEqual(['endpoints', '-old']);
  });

  it('what a refused resource may still refer to is not removed', () => {
    const view = viewOf('endpoints/old@1', 'service/s@1');
    const client = asking(view, ...types);
    client.drain();
    set(view, 'endpoints/new@1', 'service/s@2');
    client.reply(client.next()!);
    client.reply(client.next()!, 'no');
    expect(client.next()).toBeUndefined();
    set(view, 'endpoints/new@1', 'service/s@3');
    expect(client.drain()).toEqual([
      ['service', '+s'],
      ['endpoints', '-old'],
    ]);
  });
});

describe('what a client waits for', () => {
  const named = (view: View) => {
    const client = asking(view, 'endpoints');
    client.ask('service', { subscribe: ['s'] });
    client.drain();
    return client;
  };

  it('comes at once when it is asked for by name, whatever is in flight', () => {
    const view = viewOf('endpoints/a@1', 'service/s@1', 'service/t@1');
    const client = named(view);
    set(view, 'endpoints/a@2', 'service/s@2', 'service/t@1');
    const first = client.next()!;
    client.ask('service', { subscribe: ['t'] });
    expect(described(client.next()!)).toEqual(['service', '+t']);
    expect(client.next()).toBeUndefined();
    client.reply(first);
    expect(client.next()).toBeUndefined();
  });

  it('is sent again with the resource that it is waited for with, although nothing of it changed', () => {
    const view = viewOf('endpoints/a@1', 'service/s@1');
    const client = named(view);
    view.update({ set: [{ ...resource('endpoints/a@2'), awaits: [{ typeUrl: 'service', name: 's' }] }] });
    expect([client.next(), client.next()].map((batch) => described(batch!))).toEqual([
      ['endpoints', '+a'],
      ['service', '+s'],
    ]);
    expect(client.next()).toBeUndefined();
  });

  it('is not waited for by a client that did not ask for it', () => {
    const view = viewOf('endpoints/a@1', 'service/s@1', 'service/t@1');
    const client = named(view);
    view.update({ set: [{ ...resource('endpoints/a@2'), awaits: [{ typeUrl: 'service', name: 't' }] }] });
    expect(client.drain()).toEqual([['endpoints', '+a']]);
  });
});

describe('a slow client', () => {
  it('gets the latest state, not what lay between', () => {
    const view = viewOf('endpoints/a@1');
    const client = asking(view, 'endpoints');
    const first = client.next()!;
    for (const content of ['2', '3', '4', '5']) {
      set(view, `endpoints/a@${content}`);
      expect(client.next()).toBeUndefined();
    }
    client.reply(first);
    expect(client.next()?.resources.map((sent) => sent.version)).toEqual([version('5')]);
  });

  it('gets nothing for what changed and changed back', () => {
    const view = viewOf('endpoints/a@1', 'endpoints/b@1');
    const client = asking(view, 'endpoints');
    client.drain();
    set(view, 'endpoints/a@2', 'endpoints/c@1');
    set(view, 'endpoints/a@1', 'endpoints/b@1');
    expect(client.drain()).toEqual([]);
  });

  it('gets a long change in several responses', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const client = new DeltaDriver(types, viewOf(...names.map((name) => `endpoints/${name}@12345`)), 10);
    client.ask('endpoints');
    expect(client.drain()).toEqual([
      ['endpoints', '+a', '+b'],
      ['endpoints', '+c', '+d'],
      ['endpoints', '+e'],
    ]);
  });
});

describe('answers', () => {
  it('with a stale nonce are no answers', () => {
    const view = viewOf('endpoints/a@1');
    const client = asking(view, 'endpoints');
    const first = client.next()!;
    client.reply(first);
    set(view, 'endpoints/a@2');
    const second = client.next()!;
    expect(client.reply(first, 'late')).toBeUndefined();
    expect(client.reply({ typeUrl: 'endpoints', nonce: 'invented' })).toBeUndefined();
    expect(client.reply(second)?.kind).toBe('ack');
  });

  const all = Array.from({ length: 16 }, (_, index) => `r${index}`);

  /** Refuses what holds a bad resource; what it held in the end, what was found for certain, how many responses it took. */
  function search(detailOf: (bad: string) => string, ...bad: readonly string[]) {
    const client = asking(viewOf(...all.map((name) => `service/${name}@1`)), 'service');
    const held = new Set<string>();
    const certain: string[] = [];
    let batches = 0;
    for (let batch = client.next(); batch !== undefined; batch = client.next()) {
      batches += 1;
      const { changed } = batch;
      const found = changed.map(({ name }) => name).find((name) => bad.includes(name));
      if (found === undefined) for (const { name } of changed) held.add(name);
      const answer = client.reply(batch, found === undefined ? undefined : detailOf(found));
      if (answer?.kind === 'nack' && answer.certain) certain.push(...answer.names);
    }
    return { held: [...held].sort(), certain, batches };
  }

  const others = (...bad: readonly string[]) => all.filter((name) => !bad.includes(name)).sort();

  it('find the one bad resource of many by halves, and deliver all others', () => {
    const { held, certain, batches } = search(() => 'cannot be', 'r11');
    expect({ held, certain }).toEqual({ held: others('r11'), certain: ['r11'] });
    expect(batches).toBeLessThan(12);
  });

  it('find several bad ones', () => {
    const { held, certain } = search(() => 'cannot be', 'r2', 'r3', 'r15');
    expect({ held, certain: certain.sort() }).toEqual({
      held: others('r2', 'r3', 'r15'),
      certain: ['r15', 'r2', 'r3'],
    });
  });

  it('find it at once when the message of the client names it', () => {
    // Only as a word of its own: r1 does not stand in it.
    const { held, certain, batches } = search((bad) => `service(s) ${bad}: cannot be`, 'r11');
    expect({ held, certain, batches }).toEqual({ held: others('r11'), certain: ['r11'], batches: 3 });
  });

  it('find it as well when the message names another', () => {
    expect(search(() => 'r3 does not like something', 'r11')).toMatchObject({ held: others('r11'), certain: ['r11'] });
  });

  it('that refuse a resource keep it away until its content changes, and not what else comes', () => {
    const view = viewOf();
    const client = asking(view, 'service');
    client.drain();
    set(view, 'service/s@1');
    expect(client.reply(client.next()!, 'no')).toEqual({
      kind: 'nack',
      names: ['s'],
      certain: true,
      version: version('1'),
    });
    expect(client.next()).toBeUndefined();
    set(view, 'service/s@1', 'service/t@1');
    expect(client.drain()).toEqual([['service', '+t']]);
    set(view, 'service/s@2', 'service/t@1');
    expect(client.drain()).toEqual([['service', '+s']]);
  });

  it('that refuse everything are waited for longer and longer', () => {
    const client = asking(viewOf('service/s@1'), 'service');
    let count = 0;
    for (let batch = client.next(); batch !== undefined; batch = client.next()) {
      count += 1;
      client.reply(batch, 'no');
      client.ask('service', { subscribe: ['s'] });
    }
    expect(count).toBe(21);
  });
});

describe('names', () => {
  it('a client that asks for everything is answered even when there is nothing', () => {
    expect(asking(viewOf(), 'service').drain()).toEqual([['service']]);
  });

  it('a name that does not exist is said to be absent once, and sent when it appears', () => {
    const view = viewOf();
    const client = asking(view);
    client.ask('service', { subscribe: ['s'] });
    expect(client.drain()).toEqual([['service', '-s']]);
    expect(client.drain()).toEqual([]);
    set(view, 'service/s@1', 'service/other@1');
    expect(client.drain()).toEqual([['service', '+s']]);
  });

  it('a name asked for again is sent again, also while it is under way', () => {
    const client = asking(viewOf('service/s@1'));
    client.ask('service', { subscribe: ['s'] });
    const first = client.next()!;
    client.ask('service', { subscribe: ['s'] });
    expect(client.next()).toBeUndefined();
    client.reply(first);
    expect(client.drain()).toEqual([['service', '+s']]);
    client.ask('service', { subscribe: ['s'] });
    expect(client.drain()).toEqual([['service', '+s']]);
  });

  it('a name given back is forgotten, also while it is under way', () => {
    const view = viewOf('service/s@1', 'service/t@1');
    const client = asking(view);
    client.ask('service', { subscribe: ['s', 't'] });
    const first = client.next()!;
    client.ask('service', { unsubscribe: ['s'] });
    client.reply(first);
    set(view, 'service/s@2', 'service/t@1');
    expect(client.drain()).toEqual([]);
  });

  it('a name given back and asked for again is sent again', () => {
    const client = asking(viewOf('service/s@1'));
    client.ask('service', { subscribe: ['s'] });
    client.drain();
    client.ask('service', { unsubscribe: ['s'] });
    client.ask('service', { subscribe: ['s'] });
    expect(client.drain()).toEqual([['service', '+s']]);
  });

  it('the wildcard can stand beside names and be given back alone', () => {
    const view = viewOf('service/s@1', 'service/t@1');
    const client = asking(view);
    client.ask('service', { subscribe: ['*', 's'] });
    expect(client.drain()).toEqual([['service', '+s', '+t']]);
    client.ask('service', { unsubscribe: ['*'] });
    set(view, 'service/s@2', 'service/t@2');
    expect(client.drain()).toEqual([['service', '+s']]);
  });

  it('what is given back beside the wildcard is told by the wildcard', () => {
    const client = asking(viewOf('service/s@1'));
    client.ask('service', { subscribe: ['*', 's', 'none'] });
    client.drain();
    client.ask('service', { unsubscribe: ['s', 'none'] });
    expect(client.drain()).toEqual([['service', '+s', '-none']]);
  });

  it('the wildcard may come later', () => {
    const client = asking(viewOf('service/s@1', 'service/t@1'));
    client.ask('service', { subscribe: ['s'] });
    client.drain();
    client.ask('service', { subscribe: ['*'] });
    expect(client.drain()).toEqual([['service', '+t']]);
  });

  it('versions that a client brings along spare it what it has', () => {
    const client = asking(viewOf('service/same@1', 'service/older@1'));
    client.ask('service', { initialVersions: { same: version('1'), older: version('0'), gone: version('1') } });
    expect(client.drain()).toEqual([
      ['service', '+older'],
      ['service', '-gone'],
    ]);
  });

  it('nothing is sent of a type that nobody asked for', () => {
    const view = viewOf('service/s@1');
    const client = asking(view, 'service');
    client.drain();
    view.update({ set: [resource('endpoints/e@1')] });
    expect(client.drain()).toEqual([]);
  });
});
