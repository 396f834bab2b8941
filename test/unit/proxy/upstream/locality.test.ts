import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tiersOf } from '../../../../src/lib/locality.ts';
import { NO_KEY } from '../../../../src/proxy/upstream/balance/key.ts';
import { sharesOf } from '../../../../src/proxy/upstream/balance/tier-shares.ts';
import { Latency } from '../../../../src/proxy/upstream/latency.ts';
import { Selection } from '../../../../src/proxy/upstream/selection.ts';
import { randomFrom } from '../support/random.ts';

const place = (text: string) => {
  const [region = '', zone = ''] = text.split('/');
  return { region, zone };
};
const tiers = (places: readonly string[], own: string, failover: readonly string[] = [], preferLocal = true) =>
  tiersOf(places, place, { own: place(own), preferLocal, failover });

describe('tiers', () => {
  const places = ['eu/a', 'eu/b', 'us/a', 'asia/x', '', 'af/z'];

  test('are the own zone, the own region, what failover lists, the rest', () => {
    expect(tiers(places, 'eu/a', ['asia', 'z'])).toEqual([['eu/a'], ['eu/b'], ['asia/x'], ['af/z'], ['us/a', '']]);
  });

  test('are one without a preference', () => {
    expect(tiers(places, 'eu/a', [], false)).toEqual([places]);
  });

  test('know nothing near to a client of an unknown place', () => {
    expect(tiers(places, '', ['us'])).toEqual([['us/a'], ['eu/a', 'eu/b', 'asia/x', '', 'af/z']]);
  });

  test('take equal zones of other regions for far, and regions alone for what they say', () => {
    expect(tiers(['us/a', 'eu/'], 'eu/a')).toEqual([['eu/'], ['us/a']]);
  });
});

describe('shares', () => {
  const of = (...list: [number, number][]) => sharesOf(list.map(([healthy, total]) => ({ healthy, total })));

  test('leave the nearest tier only when too few of it are healthy', () => {
    expect(of([3, 4], [4, 4])).toEqual([1, 0]);
    const [near, far] = of([2, 4], [4, 4]);
    expect(near).toBeCloseTo(0.7);
    expect(far).toBeCloseTo(0.3);
    expect(of([0, 4], [4, 4])).toEqual([0, 1]);
    expect(of([0, 4], [0, 4])).toEqual([0, 0]);
  });

  test('add up to one as soon as anything is healthy', () => {
    const tier = fc
      .integer({ min: 1, max: 9 })
      .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)));
    fc.assert(
      fc.property(fc.array(tier, { minLength: 1, maxLength: 5 }), (list) => {
        const shares = of(...list);
        const sum = shares.reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(list.some(([healthy]) => healthy > 0) ? 1 : 0);
        shares.forEach((share, index) => {
          expect(share).toBeGreaterThanOrEqual(0);
          if (list[index]![0] === 0) expect(share).toBe(0);
        });
      }),
    );
  });
});

describe('a selection', () => {
  const endpoint = (id: string, usable = true) => ({ id, usable, outstanding: 0, latency: new Latency() });
  type One = ReturnType<typeof endpoint>;
  const select = (list: readonly (readonly One[])[], panicPercent = 50, algorithm: 'EWMA' | 'RING_HASH' = 'EWMA') =>
    new Selection(list, (one) => one.usable, { algorithm, panicPercent }, randomFrom(5));
  const share = (selection: Selection<One>, wanted: readonly One[], keyed = false) => {
    let hits = 0;
    for (let i = 0; i < 4_000; i++) {
      if (wanted.includes(selection.choose(keyed ? i * 1_000_003 : NO_KEY, 0, [])!)) hits++;
    }
    return hits / 4_000;
  };

  test.each([false, true])('spills over to the next tier as the first one fails (with keys: %s)', (keyed) => {
    const near = [endpoint('a'), endpoint('b', false), endpoint('c'), endpoint('d', false)];
    const far = [endpoint('e'), endpoint('f')];
    const selection = select([near, far], 50, keyed ? 'RING_HASH' : 'EWMA');
    expect(selection.panic).toBe(false);
    expect(share(selection, [near[1]!, near[3]!], keyed)).toBe(0);
    expect(Math.abs(share(selection, far, keyed) - 0.3)).toBeLessThan(0.04);
  });

  test('ignores health below the panic threshold, and prefers the nearest then', () => {
    const near = [endpoint('a', false), endpoint('b', false)];
    const far = [endpoint('c')];
    expect(select([near, far], 33).panic).toBe(false);
    const selection = select([near, far], 34);
    expect(selection.panic).toBe(true);
    expect(share(selection, near)).toBe(1);
  });

  test('has nobody when none is usable and there is no panic', () => {
    const selection = select([[endpoint('a', false)]], 0);
    expect(selection.panic).toBe(false);
    expect(selection.choose(NO_KEY, 0, [])).toBeUndefined();
    expect(select([]).choose(NO_KEY, 0, [])).toBeUndefined();
  });

  test('goes to another tier when all of one were tried, and to one that was tried when all were', () => {
    const near = [endpoint('a'), endpoint('b')];
    const far = [endpoint('c')];
    const selection = select([near, far]);
    expect(selection.choose(NO_KEY, 0, [near[0]!])).toBe(near[1]);
    expect(selection.choose(NO_KEY, 0, near)).toBe(far[0]);
    expect(near).toContain(selection.choose(NO_KEY, 0, [...near, ...far]));
  });
});
