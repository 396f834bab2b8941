import { expect, it } from 'vitest';
import { type DrainOptions, drained } from '../../../src/probes/drained.ts';

const never = new AbortController().signal;

function drain(options: Partial<DrainOptions>): Promise<number> {
  const begun = performance.now();
  const usual = { arrivals: async () => 7, leastMillis: 0, quietMillis: 0, limitMillis: 60_000, signal: never };
  return drained({ ...usual, ...options }).then(() => performance.now() - begun);
}

it('lasts until nothing has come for a while', async () => {
  let asked = 0;
  await drain({ arrivals: async () => Math.min(++asked, 4), quietMillis: 250 });
  expect(asked).toBeGreaterThan(4);
});

it('lasts for the least time, whether or not the arrivals can be told', async () => {
  expect(await drain({ leastMillis: 300 })).toBeGreaterThanOrEqual(300);
  expect(await drain({ leastMillis: 300, quietMillis: 10, arrivals: async () => undefined })).toBeGreaterThanOrEqual(
    300,
  );
});

it('ends when its time is over, and when the sidecar ends', async () => {
  let count = 0;
  const arrivals = async () => ++count;
  expect(await drain({ arrivals, quietMillis: 600_000, limitMillis: 300 })).toBeGreaterThanOrEqual(300);
  await drain({ arrivals, quietMillis: 600_000, signal: AbortSignal.timeout(50) });
});
