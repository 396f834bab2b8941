import { describe, expect, test } from 'vitest';
import type { ConformanceCase } from '../../../src/conformance/case.ts';
import { lackOf } from '../../../src/conformance/lacks.ts';
import { loadCases } from '../../../src/conformance/load.ts';
import { runConformance } from '../../../src/conformance/run.ts';
import { type Decide, simulatedTarget } from '../../../src/conformance/targets/simulated.ts';
import { decide } from '../../../src/model/decide.ts';
import type { Decision, DecisionTarget } from '../../../src/model/decision.ts';

/** Meshes with one fault each: the suite must fail them where the fault shows, and only there. */

const loaded = loadCases();
/** One version of each case about what these meshes do wrong. */
const cases = (loaded.ok ? loaded.value : []).filter(
  (each) =>
    /^(split|access|legacy)\/[^@]+$/.test(each.name) &&
    Object.keys(each.settings).length === 0 &&
    lackOf(simulatedTarget(), each) === undefined,
);

async function failed(mesh: Decide): Promise<readonly string[]> {
  const results = await runConformance({ cases, target: simulatedTarget(mesh) });
  return results.filter(({ result }) => result === 'failed').map(({ testCase }) => testCase.name);
}

function withTargets(decision: Decision, change: (target: DecisionTarget) => DecisionTarget): Decision {
  return { ...decision, targets: decision.targets.map(change) };
}

function answering(verdict: 'allow' | 'deny'): Decide {
  return (model, request) =>
    withTargets(decide(model, request), (target) => {
      if (target.verdict === 'unavailable') return target;
      const sets = target.sets.map((set) => ({ ...set, access: { verdict, grants: [] } }));
      return { ...target, verdict, sets };
    });
}

const expects = (word: string) =>
  cases.filter(({ steps }) =>
    steps.some(({ expect: all }) => all.some(({ gives }) => gives.kind === 'shares' && (gives.shares[word] ?? 0) > 0)),
  );

describe('the suite fails', () => {
  test('a mesh that allows everything, in every case that expects a denial', async () => {
    const found = await failed(answering('allow'));
    expect(found).toEqual(expects('denied').map(({ name }) => name));
    expect(found.length).toBeGreaterThan(20);
  });

  test('a mesh that denies everything, in every case that expects a pod to answer', async () => {
    const served = cases.filter(({ pods, steps }) =>
      steps.some(({ expect: all }) =>
        all.some(({ gives }) => {
          const names = gives.kind === 'shares' ? Object.keys(gives.shares) : gives.outcomes;
          return names.some((name) => pods.some(({ id }) => id === name));
        }),
      ),
    );
    expect(await failed(answering('deny'))).toEqual(served.map(({ name }) => name));
  });

  test('a mesh that ignores weights, where weights differ, and nowhere else', async () => {
    const equal: Decide = (model, request) =>
      withTargets(decide(model, request), (target) => ({ ...target, weight: 1, total: 1 }));
    const differing = cases.filter(({ steps }) =>
      steps.some(({ expect: all }) =>
        all.some(
          ({ gives }) =>
            gives.kind === 'shares' && new Set(Object.values(gives.shares).filter((weight) => weight > 0)).size > 1,
        ),
      ),
    );
    const found = await failed(equal);
    expect(found).toEqual(expect.arrayContaining(differing.map(({ name }) => name)));
    const about = cases.filter(({ name }) => found.includes(name));
    const split = (apiVersion: string) => apiVersion.startsWith('split.');
    expect(about.filter(({ apiVersions }) => !apiVersions.some(split)).map(({ name }) => name)).toEqual([]);
  });

  test('a mesh whose topology does not start, in every case of it', async () => {
    const target = { ...simulatedTarget(), open: () => Promise.reject(new Error('no power')) };
    const results = await runConformance({ cases: cases.slice(0, 2), target });
    expect(results.map(({ result, reasons }) => [result, ...reasons])).toEqual([
      ['failed', 'the mesh did not start: no power'],
      ['failed', 'the mesh did not start: no power'],
    ]);
  });
});

describe('the runner', () => {
  test('waits for a change that shows late, within the bound, and tells how long it took', async () => {
    const [testCase] = cases.filter(({ name }) => name === 'access/revoked');
    let asked = 0;
    const late: Decide = (model, request) => {
      asked += 1;
      return asked < 3 ? answering('deny')(model, request) : decide(model, request);
    };
    const target = { ...simulatedTarget(late), convergenceMillis: 60_000 };
    const [found] = await runConformance({ cases: [testCase!], target });
    expect(found).toMatchObject({ result: 'passed', reasons: [] });
    expect(found?.convergenceMillis).toBeGreaterThan(0);
  });

  test('says what a target cannot do, and stops when it is told to', async () => {
    const target = {
      ...simulatedTarget(),
      unable: ({ name }: { name: string }) => (name === cases[0]?.name ? 'no power' : undefined),
    };
    const results = await runConformance({ cases: cases.slice(0, 2), target, signal: AbortSignal.abort() });
    expect(results.map(({ result, reasons }) => [result, ...reasons])).toEqual([
      ['skipped', 'no power'],
      ['skipped', 'the run was stopped'],
    ]);
  });

  test('begins no other case of a mesh that it has when it is told to stop', async () => {
    const stop = new AbortController();
    const target = { ...simulatedTarget(), concurrency: 1, batches: (all: readonly ConformanceCase[]) => [all] };
    const onResult = () => stop.abort();
    const results = await runConformance({ cases: cases.slice(0, 3), target, onResult, signal: stop.signal });
    expect(results.map(({ result, reasons }) => [result, ...reasons])).toEqual([
      ['passed'],
      ['skipped', 'the run was stopped'],
      ['skipped', 'the run was stopped'],
    ]);
  });
});
