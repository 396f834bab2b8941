import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMillis, pushbackMillis } from '../../../../src/proxy/policy/backoff.ts';
import { RetryBudget } from '../../../../src/proxy/policy/retry-budget.ts';
import {
  ANSWER_CONDITIONS,
  answerCondition,
  GATEWAY_ERROR,
  GRPC_UNAVAILABLE,
  RATE_LIMITED,
  reasonOf,
  SERVER_ERROR,
} from '../../../../src/proxy/policy/retry-conditions.ts';

describe('the retry budget', () => {
  test('at a rate that needs no minimum, retries stay at the share when everything fails', () => {
    const budget = new RetryBudget(10_000);
    let retries = 0;
    const requests = 50_000;
    for (let i = 0; i < requests; i++) {
      const now = i;
      budget.request(now);
      for (let attempt = 0; attempt < 2; attempt++) if (budget.take(20, 10, now)) retries++;
    }
    expect(retries / requests).toBeLessThanOrEqual(0.2);
    expect(retries / requests).toBeGreaterThan(0.19);
  });

  test('few requests may use the minimum of each second', () => {
    const budget = new RetryBudget(10_000);
    budget.request(0);
    const taken = Array.from({ length: 50 }, (_, i) => budget.take(0, 10, i));
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(budget.take(0, 10, 1_001)).toBe(true);
  });

  test('nothing is allowed by a share and a minimum of zero', () => {
    const budget = new RetryBudget(1_000);
    for (let i = 0; i < 100; i++) budget.request(i);
    expect(budget.take(0, 0, 100)).toBe(false);
    expect(budget.take(1, 0, 100)).toBe(true);
    expect(budget.take(1, 0, 100)).toBe(false);
  });

  test('what happened before the window is forgotten', () => {
    const budget = new RetryBudget(1_000);
    for (let i = 0; i < 100; i++) budget.request(0);
    expect(budget.take(20, 0, 999)).toBe(true);
    expect(budget.take(20, 0, 1_001)).toBe(false);
    expect(budget.take(20, 0, 1_000_000)).toBe(false);
  });

  test('whatever happens when, a retry is within the share of the window or the minimum of its second', () => {
    const event = fc.record({ wait: fc.nat(400), requests: fc.nat(20), tries: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(event), fc.nat(100), fc.nat(5), (events, percent, minimum) => {
        const budget = new RetryBudget(1_000);
        const requests: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const { wait, requests: sent, tries } of events) {
          now += wait;
          for (let i = 0; i < sent; i++) {
            budget.request(now);
            requests.push(now);
          }
          const seen = (times: readonly number[], millis: number) => times.filter((at) => at > now - millis).length;
          for (let i = 0; i < tries; i++) {
            if (!budget.take(percent, minimum, now)) continue;
            retries.push(now);
            // The window slides in steps: what is up to a step older may count or not.
            const within = seen(retries, 900) <= (percent * seen(requests, 1_100)) / 100;
            const inSecond = retries.filter((at) => Math.floor(at / 1_000) === Math.floor(now / 1_000)).length;
            expect(within || inSecond <= minimum).toBe(true);
          }
        }
      }),
    );
  });
});

describe('the backoff', () => {
  test('lies between nothing and a bound that doubles up to the maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.nat(5_000),
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (base, max, retry, random) => {
          const millis = backoffMillis(base, max, retry, random);
          expect(millis).toBeGreaterThanOrEqual(0);
          expect(millis).toBeLessThanOrEqual(Math.min(max, base * 2 ** (retry - 1)));
        },
      ),
    );
    expect([1, 2, 3, 4].map((retry) => backoffMillis(25, 150, retry, 0.5))).toEqual([12.5, 25, 50, 75]);
  });

  test.each([
    [undefined, undefined, 0],
    ['250', undefined, 250],
    ['0', '9', 0],
    ['-1', undefined, Number.POSITIVE_INFINITY],
    ['soon', undefined, Number.POSITIVE_INFINITY],
    [undefined, '3', 3_000],
    [undefined, 'Thu, 01 Jan 1970 00:00:12 GMT', 2_000],
    [undefined, 'Thu, 01 Jan 1970 00:00:01 GMT', 0],
    [undefined, 'later', 0],
  ])('of a server that says pushback %j and retry-after %j is %d', (pushback, retryAfter, millis) => {
    expect(pushbackMillis(pushback, retryAfter, 10_000)).toBe(millis);
  });
});

describe('the condition of an answer', () => {
  test.each([
    [503, undefined, GATEWAY_ERROR],
    [500, undefined, SERVER_ERROR],
    [505, undefined, SERVER_ERROR],
    [429, undefined, RATE_LIMITED],
    [200, '14', GRPC_UNAVAILABLE],
    [200, '0', 0],
    [200, undefined, 0],
    [404, undefined, 0],
  ])('%d with grpc-status %j is met by a policy that names all', (status, grpcStatus, condition) => {
    expect(answerCondition(ANSWER_CONDITIONS, status, grpcStatus)).toBe(condition);
  });

  test('counts only when the policy names it', () => {
    expect(answerCondition(RATE_LIMITED, 503, undefined)).toBe(0);
    expect(answerCondition(SERVER_ERROR, 503, undefined)).toBe(SERVER_ERROR);
    expect(answerCondition(GATEWAY_ERROR, 500, undefined)).toBe(0);
    expect(answerCondition(GATEWAY_ERROR, 200, '14')).toBe(0);
  });

  test('has a name in metrics', () => {
    expect([GATEWAY_ERROR, GRPC_UNAVAILABLE, 0].map(reasonOf)).toEqual(['gateway-error', 'grpc-unavailable', 'other']);
  });
});
