import { describe, expect, test } from 'vitest';
import { samplesOf } from '../../../src/conformance/judge.ts';
import { loadCases } from '../../../src/conformance/load.ts';
import { acceptance, probability, within } from '../../../src/conformance/statistics/binomial.ts';
import { falseAlarm, missed, normal, sampleSize, unlikely } from '../../../src/conformance/statistics/shares.ts';

/** A generator of its own (mulberry32), so that every run draws the same. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawn(shares: Readonly<Record<string, number>>, samples: number, next: () => number): Map<string, number> {
  const counts = new Map<string, number>();
  const entries = Object.entries(normal(shares));
  for (let sample = 0; sample < samples; sample += 1) {
    let left = next();
    let chosen = entries[0]?.[0] ?? '';
    for (const [outcome, share] of entries) {
      if (left < 0) break;
      chosen = outcome;
      left -= share;
    }
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  return counts;
}

describe('the binomial distribution', () => {
  test('has the probabilities of the textbook', () => {
    expect(probability(3, 10, 0.5)).toBeCloseTo(120 / 1024, 12);
    expect(probability(0, 20, 0.1)).toBeCloseTo(0.9 ** 20, 12);
    expect(probability(0, 5, 0)).toBe(1);
    expect(probability(5, 5, 1)).toBe(1);
    expect(within({ low: 0, high: 1_000 }, 1_000, 0.37)).toBeCloseTo(1, 9);
  });

  test('is accepted but for the stated rate', () => {
    for (const [samples, share] of [
      [50, 0.5],
      [400, 0.1],
      [1_000, 0.75],
    ] as const) {
      const refused = 1 - within(acceptance(samples, share, 0.01), samples, share);
      expect(refused).toBeLessThanOrEqual(0.01);
      expect(refused).toBeGreaterThan(0.002);
    }
  });

  test('accepts only what can be where a share is nothing or everything', () => {
    expect(acceptance(20, 0, 1e-6)).toEqual({ low: 0, high: 0 });
    expect(acceptance(20, 1, 1e-6)).toEqual({ low: 20, high: 20 });
  });
});

test('a mesh without a fault fails a question of the suite as rarely as is stated, and all of them together', () => {
  const loaded = loadCases();
  const steps = (loaded.ok ? loaded.value : []).flatMap((testCase) => testCase.steps);
  const rates = steps
    .flatMap(({ expect: all }) => all)
    .flatMap((expectation) => {
      const { gives } = expectation;
      if (gives.kind !== 'shares' || Object.keys(gives.shares).length < 2) return [];
      const wanted = Object.values(normal(gives.shares));
      const samples = samplesOf(expectation);
      const refused = wanted.map(
        (share) => 1 - within(acceptance(samples, share, falseAlarm / wanted.length), samples, share),
      );
      return [refused.reduce((sum, rate) => sum + rate, 0)];
    });
  expect(rates.length).toBeGreaterThan(30);
  expect(Math.max(...rates)).toBeLessThanOrEqual(falseAlarm);
  // docs/conformance.md says so of one look at all of them.
  expect(rates.reduce((sum, rate) => sum + rate, 0)).toBeLessThanOrEqual(1e-4);
});

describe('a test of shares', () => {
  test('takes as many requests as tell the weights from equal ones, lost ones and exchanged ones', () => {
    const size = sampleSize({ a: 90, b: 10 })!;
    expect(0.9 ** size).toBeLessThan(falseAlarm / 4);
    expect(0.9 ** (size * 0.8)).toBeGreaterThan(falseAlarm / 4);
    expect(sampleSize({ a: 1 })).toBe(1);
    expect(sampleSize({ a: 3, b: 1 })!).toBeLessThan(sampleSize({ a: 3, b: 1 }, [{ a: 2, b: 1 }])!);
    expect(sampleSize({ a: 99_999, b: 1 })).toBeUndefined();
  });

  test('finds nothing in shares that are right, in a thousand runs', () => {
    const next = random(1);
    const shares = { a: 60, b: 30, c: 10 };
    const size = sampleSize(shares)!;
    for (let run = 0; run < 1_000; run += 1) expect(unlikely(shares, drawn(shares, size, next))).toBeUndefined();
  });

  test.each([
    ['equal', { a: 3, b: 1 }, { a: 1, b: 1 }],
    ['exchanged', { a: 3, b: 1 }, { a: 1, b: 3 }],
    ['without the smallest', { a: 90, b: 10 }, { a: 90, b: 0 }],
    ['equal among three', { a: 60, b: 30, c: 10 }, { a: 1, b: 1, c: 1 }],
  ])('finds shares that are %s, in every one of two hundred runs', (_, shares, actual) => {
    const next = random(2);
    const size = sampleSize(shares)!;
    for (let run = 0; run < 200; run += 1) expect(unlikely(shares, drawn(actual, size, next))).toBeDefined();
    expect(missed).toBeLessThan(1 / 200);
  });
});
