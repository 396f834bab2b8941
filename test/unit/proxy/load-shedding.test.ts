import { expect, test } from 'vitest';
import { LoadShedding } from '../../../src/proxy/load-shedding.ts';

/** Ticks that come so many milliseconds late each; the share after each. */
function run(shedding: LoadShedding, delays: readonly number[], start = 0): number[] {
  let now = start;
  return delays.map((delay) => {
    now += 250 + delay;
    shedding.tick(now);
    return shedding.share;
  });
}

test('nothing is refused while ticks come in time, or after a few long pauses', () => {
  expect(Math.max(...run(new LoadShedding(), [0, 10, 200, 5_000, 5_000, 5_000, 0, 5_000, 0]))).toBe(0);
});

test('more and more is refused as long as ticks come late, but never everything, and less and less afterwards', () => {
  const shedding = new LoadShedding();
  const shares = run(shedding, [0, ...Array<number>(20).fill(300)]);
  expect(shares.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(shares[4]).toBeCloseTo(0.1);
  expect(shares[5]).toBeCloseTo(0.2);
  expect(shares.at(-1)).toBeCloseTo(0.9);
  const calm = run(shedding, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 21 * 550);
  expect(calm[0]).toBeGreaterThan(0.5);
  expect(calm.at(-1)).toBe(0);
});
