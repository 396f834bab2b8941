import { describe, expect, it } from 'vitest';
import { bucketBound, LatencySketch, sketchScale } from '../../../src/telemetry/latency-sketch.ts';

/** Numbers that look random and are the same in every run. */
function* values(count: number, seed: number): Generator<number> {
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    // From 2 µs to 2,000 s, evenly on a logarithmic scale.
    yield 2e-6 * 10 ** ((9 * state) / 2_147_483_648);
  }
}

function sketchOf(seen: readonly number[]): LatencySketch {
  const sketch = new LatencySketch();
  for (const seconds of seen) sketch.observe(seconds);
  return sketch;
}

describe('LatencySketch', () => {
  it('gives every quantile within its stated error', () => {
    const seen = [...values(10_000, 7)].sort((a, b) => a - b);
    const sketch = sketchOf(seen);
    for (let q = 0.001; q <= 1; q += 0.001) {
      const exact = seen[Math.max(1, Math.ceil(q * seen.length)) - 1]!;
      expect(Math.abs(sketch.quantile(q)! - exact) / exact).toBeLessThan(sketchScale.maxError);
    }
  });

  it('counts all and adds up', () => {
    const seen = [...values(1_000, 3), 0, 1e-7];
    const sketch = sketchOf(seen);
    expect(sketch.count).toBe(1_002);
    expect(sketch.zero).toBe(2);
    expect(sketch.sum).toBeCloseTo(
      seen.reduce((sum, each) => sum + each, 0),
      6,
    );
    const counts = [...sketch.buckets()].map(([, count]) => count);
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(1_000);
  });

  it('puts a value in the bucket whose bounds it lies between', () => {
    for (const seconds of values(200, 11)) {
      const [[index] = [0]] = [...sketchOf([seconds]).buckets()];
      expect(bucketBound(index)).toBeGreaterThanOrEqual(seconds * (1 - 1e-12));
      expect(bucketBound(index - 1)).toBeLessThan(seconds);
    }
  });

  it('puts every bound itself, and what is next to it, in the bucket that ends there or begins there', () => {
    const sketch = new LatencySketch();
    const expected: [number, number][] = [];
    for (let index = -2_559; index < 1_536; index++) {
      const bound = bucketBound(index);
      for (const seconds of [bound * (1 - 1e-15), bound, bucketBound(index - 1) * (1 + 1e-15)]) sketch.observe(seconds);
      expected.push([index, 3]);
    }
    expect([...sketch.buckets()]).toEqual(expected);
  });

  it('merges as if one had seen everything, and subtracts what was there before', () => {
    const [first, second] = [[...values(500, 1)], [...values(700, 2)]];
    const both = sketchOf([...first, ...second]);
    const merged = sketchOf(first);
    merged.merge(sketchOf(second));
    expect([...merged.buckets()]).toEqual([...both.buckets()]);
    const rest = both.since(sketchOf(first));
    expect([...rest.buckets()]).toEqual([...sketchOf(second).buckets()]);
    expect(rest.count).toBe(700);
  });

  it('is the same after a journey as JSON', () => {
    const sketch = sketchOf([0, 0.001, 0.0011, 0.5, 30]);
    const back = LatencySketch.from(JSON.parse(JSON.stringify(sketch)));
    expect(back.toJSON()).toEqual(sketch.toJSON());
    expect(back.count).toBe(5);
    expect(back.quantile(0.5)).toBe(sketch.quantile(0.5));
  });

  it('knows nothing any more once it is cleared', () => {
    const sketch = sketchOf([0, 0.001, 30]);
    sketch.clear();
    expect(sketch.toJSON()).toEqual(new LatencySketch().toJSON());
    sketch.observe(0.5);
    expect(sketch.toJSON()).toEqual(sketchOf([0.5]).toJSON());
    expect(sketch.count).toBe(1);
  });

  it('takes what is beyond its range as the longest that it knows', () => {
    expect(sketchOf([1e6]).quantile(0.5)).toBeGreaterThan(4_000);
    expect(new LatencySketch().quantile(0.5)).toBeUndefined();
    expect(sketchOf([0]).quantile(0.5)).toBe(0);
  });
});
