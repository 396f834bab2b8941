import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RequestPolicyLayer__Output as Layer } from '../../../../generated/types/proxy/smi/proxy/v1/RequestPolicyLayer.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { mergeLayers } from '../../../../src/proxy/policy/merge-layers.ts';
import { PolicyTable } from '../../../../src/proxy/policy/policy-table.ts';
import { defaultRetries, maySendAgain } from '../../../../src/proxy/policy/request-policy.ts';
import { RetryBudget } from '../../../../src/proxy/policy/retry-budget.ts';
import { GATEWAY_ERROR, RATE_LIMITED } from '../../../../src/proxy/policy/retry-conditions.ts';
import { emptyCluster } from '../support/cluster.ts';

const nothing: Layer = {
  policy: 'default/p',
  matches: [],
  any: true,
  timeouts: null,
  retries: null,
  faults: null,
  mirror: null,
  requestHeaders: null,
  responseHeaders: null,
};
const budget = new RetryBudget(1_000);
const noRetries = { on: null, methods: null };
const merge = (...layers: readonly Partial<Layer>[]) =>
  mergeLayers(
    layers.map((layer) => ({ ...nothing, ...layer })),
    { cluster: emptyCluster, budget: () => budget },
  );

test('without a layer everything is at its default', () => {
  expect(merge()).toEqual({
    requestMillis: 0,
    perTryMillis: 0,
    idleMillis: undefined,
    retries: { ...defaultRetries, budget },
    delay: undefined,
    abort: undefined,
    mirror: undefined,
    requestHeaders: undefined,
    responseHeaders: undefined,
    debugRouting: false,
  });
});

test('each field is that of the first layer that has it, zero and false included', () => {
  const policy = merge(
    { timeouts: { requestMs: 0 }, debugRouting: false },
    { timeouts: { requestMs: 500, perTryMs: 50 }, retries: { ...noRetries, attempts: 5 } },
    { retries: { ...noRetries, attempts: 1, budgetPercent: 50 }, debugRouting: true },
  );
  expect(policy.requestMillis).toBe(0);
  expect(policy.perTryMillis).toBe(50);
  expect(policy.retries).toEqual({ ...defaultRetries, budget, attempts: 5, budgetPercent: 50 });
  expect(policy.debugRouting).toBe(false);
});

test('lists are taken whole, each of its own', () => {
  const edits = { set: [], add: [], remove: [] };
  const policy = merge(
    {
      retries: { ...noRetries, on: { conditions: ['RATE_LIMITED'] } },
      requestHeaders: { ...edits, set: [{ name: 'x-a', value: '1' }] },
    },
    {
      retries: { on: { conditions: ['GATEWAY_ERROR', 'RESET'] }, methods: { methods: ['POST'] } },
      requestHeaders: { ...edits, set: [{ name: 'x-b', value: '2' }], remove: ['x-c'] },
    },
  );
  expect(policy.retries.on).toBe(RATE_LIMITED);
  expect(policy.retries.methods).toEqual(new Set(['POST']));
  expect(policy.requestHeaders).toEqual({ remove: ['x-c'], set: [{ name: 'x-a', value: '1' }], add: [] });
  expect(policy.responseHeaders).toBeUndefined();
});

test('a delay, an abort and a mirror each come from one layer', () => {
  const policy = merge(
    { faults: { delay: { millis: 5, share: 100 }, abort: null } },
    {
      faults: { delay: { millis: 9, share: 9 }, abort: { httpStatus: 503, grpcStatus: 0, share: 1 } },
      mirror: { endpoints: 'default/shadow:80', share: 10_000 },
    },
  );
  expect(policy.delay).toEqual({ millis: 5, share: 100 });
  expect(policy.abort).toEqual({ httpStatus: 503, grpcStatus: 0, share: 1 });
  expect(policy.mirror).toMatchObject({ cluster: { name: 'default/shadow:80' }, share: 10_000 });
});

test('an empty list of conditions is said: no retry at all', () => {
  const policy = merge(
    { retries: { ...noRetries, on: { conditions: [] } } },
    { retries: { ...noRetries, on: { conditions: ['GATEWAY_ERROR'] } } },
  );
  expect(policy.retries.on & GATEWAY_ERROR).toBe(0);
});

test('idempotent methods may be sent again unless the policy names others', () => {
  expect(maySendAgain(merge().retries, 'PUT')).toBe(true);
  expect(maySendAgain(merge().retries, 'POST')).toBe(false);
  const posts = merge({ retries: { on: null, methods: { methods: ['POST'] } } }).retries;
  expect(maySendAgain(posts, 'POST')).toBe(true);
  expect(maySendAgain(posts, 'PUT')).toBe(false);
});

function numbered(conditional: readonly boolean[], merged: number[][]) {
  const coverage = conditional.map((is, index) =>
    is ? (request: readonly boolean[]) => request[index] === true : undefined,
  );
  return new PolicyTable<readonly boolean[]>(coverage, (layers) => {
    merged.push([...layers]);
    return { ...merge(), requestMillis: layers.reduce((sum, index) => sum + 2 ** index, 0) };
  });
}

test('a request gets exactly the layers that cover it, and each combination is merged once', () => {
  const shape = fc.array(fc.boolean(), { maxLength: 7 });
  fc.assert(
    fc.property(shape, fc.array(fc.array(fc.boolean(), { minLength: 7, maxLength: 7 })), (conditional, requests) => {
      const merged: number[][] = [];
      const table = numbered(conditional, merged);
      for (const request of requests) {
        const expected = conditional.reduce((sum, is, i) => sum + (!is || request[i] === true ? 2 ** i : 0), 0);
        expect(table.select(request).requestMillis).toBe(expected);
        expect(table.select(request)).toBe(table.select(request));
      }
      expect(new Set(merged.map(String)).size).toBe(merged.length);
    }),
  );
});

test('the policy is common where no layer has a condition', () => {
  expect(numbered([false, false], []).common()?.requestMillis).toBe(3);
  expect(numbered([], []).common()?.requestMillis).toBe(0);
  expect(numbered([false, true], []).common()).toBeUndefined();
});

test('more combinations than are remembered still get what is theirs', () => {
  const merged: number[][] = [];
  const width = 12;
  const table = numbered(Array(width).fill(true), merged);
  expect(2 ** width).toBeGreaterThan(limits.policyCombinations);
  for (let value = 0; value < 2 ** width; value++) {
    const request = Array.from({ length: width }, (_, index) => (value & (1 << index)) !== 0);
    expect(table.select(request).requestMillis).toBe(value);
  }
});
