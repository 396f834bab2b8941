import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadCases } from '../../../src/conformance/load.ts';
import { runConformance } from '../../../src/conformance/run.ts';
import type { OpenMesh, Target } from '../../../src/conformance/target.ts';

const windowMillis = 30_000;

/** Fake timers replace the global one alone. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis)),
}));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const loaded = loadCases();
const cases = (loaded.ok ? loaded.value : []).filter(({ name }) => name === 'metrics/edges-to');
const [namespace = ''] = cases[0]?.namespaces ?? [];

/** Refuses everybody for so long, as one does that has not heard of the pods yet, and counts that within its window. */
function slowMesh(refusesMillis: number): OpenMesh {
  const begun = performance.now();
  let refusedAt = Number.NEGATIVE_INFINITY;
  const count = (name: string, value: number) => ({ name, value: String(value) });
  return {
    apply: async () => undefined,
    ask: async (_question, times) => {
      const refuses = performance.now() - begun < refusesMillis;
      if (refuses) refusedAt = performance.now();
      const outcome = refuses ? 'denied' : `${namespace}/server`;
      return { kind: 'samples', observations: Array.from({ length: times }, () => ({ outcome })) };
    },
    read: async () => {
      const failures = performance.now() - refusedAt < windowMillis ? 1 : 0;
      const pod = (name: string) => ({ kind: 'Pod', namespace, name });
      const item = {
        resource: pod('client'),
        edge: { direction: 'to', side: 'client', resource: pod('server') },
        metrics: [count('success_count', 20), count('failure_count', failures)],
      };
      return { status: 200, body: { kind: 'TrafficMetricsList', resource: pod('client'), items: [item] } };
    },
    close: async () => undefined,
  };
}

async function run(convergenceMillis: number, refusesMillis: number) {
  const target: Target = {
    name: 'slow',
    implementation: { organization: 'example', project: 'slow', version: '1' },
    convergenceMillis,
    concurrency: 1,
    reads: () => true,
    unable: () => undefined,
    batches: (all) => [all],
    open: async () => slowMesh(refusesMillis),
  };
  const running = runConformance({ cases, target });
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  const [result] = await running;
  return result!;
}

test('requests that were refused before everything was in force may leave the window of TrafficMetrics first', async () => {
  const found = await run(30_000, 15_000);
  expect(found).toMatchObject({ result: 'passed', reasons: [] });
  expect(found.convergenceMillis).toBeGreaterThan(windowMillis);
});

test('what is refused until after the bound is a failure all the same', async () => {
  const found = await run(30_000, 45_000);
  expect(found.result).toBe('failed');
  expect(found.reasons[0]).toContain('denied answers');
  expect(found.convergenceMillis).toBeLessThan(35_000);
});
