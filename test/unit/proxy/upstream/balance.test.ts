import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Algorithm, createBalancer } from '../../../../src/proxy/upstream/balance/algorithms.ts';
import { hashText } from '../../../../src/proxy/upstream/balance/hash.ts';
import { compileKey, NO_KEY } from '../../../../src/proxy/upstream/balance/key.ts';
import { Latency } from '../../../../src/proxy/upstream/latency.ts';
import { randomFrom } from '../support/random.ts';

const algorithms = ['EWMA', 'LEAST_REQUEST', 'ROUND_ROBIN', 'RANDOM', 'RING_HASH', 'MAGLEV'] as const;
const hashing = ['RING_HASH', 'MAGLEV'] as const;

const fleet = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    id: `10.0.0.${from + index}:80`,
    outstanding: 0,
    latency: new Latency(),
  }));

const keys = Array.from({ length: 5_000 }, (_, index) => hashText(`user-${index}`));

/** How many of the keys each endpoint gets. */
function load(algorithm: Algorithm, endpoints: ReturnType<typeof fleet>): Map<string, number> {
  const balancer = createBalancer(algorithm, endpoints, randomFrom(1));
  const counts = new Map(endpoints.map(({ id }) => [id, 0]));
  for (const key of keys) {
    const { id } = balancer.choose(key, 0, [])!;
    counts.set(id, counts.get(id)! + 1);
  }
  return counts;
}

describe.each(algorithms)('%s', (algorithm) => {
  test('chooses nobody of none and the only one of one', () => {
    expect(createBalancer(algorithm, [], randomFrom(1)).choose(NO_KEY, 0, [])).toBeUndefined();
    expect(createBalancer(algorithm, [], randomFrom(1)).choose(7, 0, [])).toBeUndefined();
    const [only] = fleet(1);
    const balancer = createBalancer(algorithm, [only!], randomFrom(1));
    expect(balancer.choose(NO_KEY, 0, [])).toBe(only);
    expect(balancer.choose(7, 0, [])).toBe(only);
  });

  test('never takes one to be avoided, and tells when nothing else is left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(), fc.nat(255), (count, seed, avoided) => {
        const endpoints = fleet(count);
        const avoid = endpoints.filter((_, index) => (avoided >> index) % 2 === 1);
        const balancer = createBalancer(algorithm, endpoints, randomFrom(seed));
        for (const key of [NO_KEY, seed >>> 0]) {
          const chosen = balancer.choose(key, 0, avoid);
          if (avoid.length === count) expect(chosen).toBeUndefined();
          else expect(endpoints.filter((one) => !avoid.includes(one))).toContain(chosen);
        }
      }),
    );
  });

  test('leaves nobody out', () => {
    const endpoints = fleet(10);
    const balancer = createBalancer(algorithm, endpoints, randomFrom(3));
    const chosen = new Set(Array.from({ length: 400 }, () => balancer.choose(NO_KEY, 0, [])!.id));
    expect(chosen.size).toBe(10);
  });
});

describe('round robin', () => {
  test('gives equal shares and begins anywhere', () => {
    const starts = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const endpoints = fleet(4);
      const balancer = createBalancer('ROUND_ROBIN', endpoints, randomFrom(seed));
      const chosen = Array.from({ length: 8 }, () => balancer.choose(NO_KEY, 0, [])!.id);
      starts.add(chosen[0]!);
      expect(chosen.slice(4)).toEqual(chosen.slice(0, 4));
      expect(new Set(chosen).size).toBe(4);
    }
    expect(starts.size).toBe(4);
  });
});

describe('the fewest requests', () => {
  test('prefers the less busy of two', () => {
    const [busy, free] = fleet(2);
    busy!.outstanding = 2;
    const balancer = createBalancer('LEAST_REQUEST', [busy!, free!], randomFrom(1));
    for (let i = 0; i < 20; i++) expect(balancer.choose(NO_KEY, 0, [])).toBe(free);
  });
});

describe.each(hashing)('%s', (algorithm) => {
  test('takes a key to the same endpoint whatever the order of the list', () => {
    const endpoints = fleet(12);
    const one = createBalancer(algorithm, endpoints, randomFrom(1));
    const other = createBalancer(algorithm, endpoints.toReversed(), randomFrom(2));
    for (const key of keys) expect(one.choose(key, 0, [])).toBe(other.choose(key, 0, []));
  });

  test('gives every endpoint its share', () => {
    const counts = [...load(algorithm, fleet(10)).values()];
    const bound = algorithm === 'MAGLEV' ? 0.25 : 0.4;
    for (const count of counts) expect(Math.abs(count / 500 - 1)).toBeLessThan(bound);
  });

  test('moves few keys when one endpoint goes or comes', () => {
    const endpoints = fleet(20);
    const before = createBalancer(algorithm, endpoints, randomFrom(1));
    const after = createBalancer(algorithm, endpoints.slice(1), randomFrom(1));
    const moved = keys.filter((key) => {
      const had = before.choose(key, 0, [])!;
      return had !== endpoints[0] && after.choose(key, 0, []) !== had;
    });
    expect(moved.length / keys.length).toBeLessThan(algorithm === 'RING_HASH' ? 1e-9 : 0.06);
  });

  test('takes a key of one to be avoided to where it would be without that one', () => {
    if (algorithm !== 'RING_HASH') return;
    const endpoints = fleet(8);
    const all = createBalancer(algorithm, endpoints, randomFrom(1));
    const without = createBalancer(algorithm, endpoints.slice(1), randomFrom(1));
    for (const key of keys) expect(all.choose(key, 0, [endpoints[0]!])).toBe(without.choose(key, 0, []));
  });
});

describe('the key of a request', () => {
  const request = (headers: Record<string, string>, peerAddress = '') => ({
    header: (name: string) => headers[name],
    peerAddress,
  });

  test('is of a header, a cookie or the source address', () => {
    const header = compileKey({ header: 'x-user' });
    expect(header(request({ 'x-user': 'a' }))).toBe(hashText('a'));
    const source = compileKey({ source: true });
    expect(source(request({}, '10.0.0.1'))).toBe(hashText('10.0.0.1'));
    expect(header(request({ 'x-user': 'a' }))).not.toBe(header(request({ 'x-user': 'b' })));
  });

  test.each([
    ['id=1', '1'],
    ['a=2; id=1', '1'],
    ['xid=2;id=1;id=3', '1'],
    ['id2=2, id=1', '1'],
    ['a=id; id=1 ', '1'],
  ])('reads a cookie of %j', (cookie, value) => {
    expect(compileKey({ cookie: 'id' })(request({ cookie }))).toBe(hashText(value));
  });

  test.each([undefined, '', 'xid=1', 'id', 'id=', 'a=id'])('is none with the cookies %j', (cookie) => {
    const key = compileKey({ cookie: 'id' })(request(cookie === undefined ? {} : { cookie }));
    expect(key).toBe(NO_KEY);
  });

  test('is a whole number of 32 bits, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const key = hashText(text);
        expect(Number.isInteger(key) && key >= 0 && key < 2 ** 32).toBe(true);
      }),
    );
  });
});
