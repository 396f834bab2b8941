import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LoadShedding } from '../../../src/proxy/load-shedding.ts';

import { NEXT } from '../../../src/proxy/phases/phase.ts';
import { shedPhase } from '../../../src/proxy/phases/shed.ts';
import { Exchange, type ExchangeTransaction } from '../../../src/proxy/routing/exchange.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { flow, moodyServer } from './support/flow.ts';
import { until } from './support/mesh.ts';

const always = () => 1;

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
  expect(Math.max(...run(new LoadShedding(always), [0, 10, 200, 5_000, 5_000, 5_000, 0, 5_000, 0]))).toBe(0);
});

test('nothing is refused by a loop that waits for the processor more than it works', () => {
  expect(Math.max(...run(new LoadShedding(() => 0.5), Array<number>(20).fill(5_000)))).toBe(0);
});

test('more and more is refused as long as ticks come late, but never everything, and less and less afterwards', () => {
  const shedding = new LoadShedding(always);
  const shares = run(shedding, [0, ...Array<number>(20).fill(300)]);
  expect(shares.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(shares[4]).toBeCloseTo(0.1);
  expect(shares[5]).toBeCloseTo(0.2);
  expect(shares.at(-1)).toBeCloseTo(0.9);
  const calm = run(shedding, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 21 * 550);
  expect(calm[0]).toBeGreaterThan(0.5);
  expect(calm.at(-1)).toBe(0);
});

test('a proxy whose event loop comes late refuses a share of the requests at once, and none when it has recovered', async () => {
  const server = await moodyServer();
  const run = await flow([server]);
  for (let i = 0; i < 8; i++) {
    const end = performance.now() + 600;
    while (performance.now() < end);
    await pause(0);
  }
  const statuses = await Promise.all(Array.from({ length: 60 }, () => run.ask()));
  const refused = statuses.filter((status) => status === 503).length;
  expect(refused).toBeGreaterThan(0);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  expect(await run.metric('smi_overflow_total', { reason: 'loop-delay' })).toBe(refused);
  expect(server.requests).toHaveLength(60 - refused);
  await until(
    async () => (await Promise.all(Array.from({ length: 20 }, () => run.ask()))).every((status) => status === 200),
    'calm',
  );
  await run.proxy.stop();
  await server.kill();
});

test('what is refused may be tried elsewhere, and is no fault of the server', () => {
  const shedding = new LoadShedding(always);
  run(shedding, Array<number>(20).fill(300));
  const exchange = new Exchange({} as ExchangeTransaction);
  const phase = shedPhase(shedding, new MetricsRegistry());
  while (phase.request?.(exchange) === NEXT);
  expect(exchange).toMatchObject({ status: 503, reason: 'loop-delay' });
  const headers = ['x-smi-overloaded', 'x-smi-unsent'];
  expect(headers.map((name) => exchange.responseEdits?.lookup(name, exchange.request.fields))).toEqual([
    'true',
    'true',
  ]);
});
