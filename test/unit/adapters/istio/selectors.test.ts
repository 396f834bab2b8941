import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selectionOf } from '../../../../adapters/istio/emit/selectors.ts';
import type { Workload, WorkloadSetId } from '../../../../src/model/types.ts';
import '../../../support/property-seed.ts';

const set = 'default/shop' as WorkloadSetId;

function pod(id: string, labels: Readonly<Record<string, string>>, own = true): Workload {
  return { id, labels, set: own ? set : 'default/other' } as unknown as Workload;
}

function selectorsOf(...pods: readonly Workload[]) {
  const { selectors, unreached } = selectionOf(set, pods);
  return { selectors, unreached: unreached.map(({ id }) => id) };
}

test('labels that say what a pod is are asked for, others only where they are needed', () => {
  const labels = { app: 'shop', tier: 'web', 'pod-template-hash': 'abc' };
  expect(selectorsOf(pod('a', labels), pod('b', { app: 'other' }, false))).toEqual({
    selectors: [{ app: 'shop' }],
    unreached: [],
  });
  expect(selectorsOf(pod('a', labels), pod('b', { app: 'shop', tier: 'jobs' }, false))).toEqual({
    selectors: [{ app: 'shop', tier: 'web' }],
    unreached: [],
  });
  expect(selectorsOf(pod('a', { tier: 'web', zone: 'x' }))).toEqual({ selectors: [{ tier: 'web' }], unreached: [] });
});

test('pods of one account that have no label in common are selected one after the other', () => {
  const pods = [pod('a', { app: 'a' }), pod('b', { app: 'b' }), pod('c', { app: 'b' }), pod('d', { app: 'd' }, false)];
  expect(selectorsOf(...pods)).toEqual({ selectors: [{ app: 'a' }, { app: 'b' }], unreached: [] });
});

test('a pod that looks like one of another account is not selected', () => {
  expect(selectorsOf(pod('a', { app: 'x' }), pod('b', { app: 'x', more: 'y' }, false))).toEqual({
    selectors: [],
    unreached: ['a'],
  });
  expect(selectorsOf(pod('a', {}))).toEqual({ selectors: [], unreached: ['a'] });
  expect(selectorsOf(pod('a', { 'pod-template-hash': 'x' }), pod('b', {}, false)).unreached).toEqual(['a']);
});

test('selectors never reach a pod of another account, and reach all others that are not named', () => {
  const labels = fc.dictionary(fc.constantFrom('app', 'version', 'tier', 'x'), fc.constantFrom('1', '2'), {
    maxKeys: 4,
  });
  const pods = fc
    .array(fc.tuple(labels, fc.boolean()), { minLength: 1, maxLength: 8 })
    .map((list) => list.map(([found, own], index) => pod(String(index), found, own)));
  fc.assert(
    fc.property(pods, (list) => {
      const { selectors, unreached } = selectionOf(set, list);
      for (const one of list) {
        const reached = selectors.some((selector) =>
          Object.entries(selector).every(([name, value]) => one.labels[name] === value),
        );
        expect(reached).toBe(one.set === set && !unreached.includes(one));
      }
    }),
    { numRuns: 1_000 },
  );
});
