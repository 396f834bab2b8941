import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDeadline,
  formatGrpcTimeout,
  parseDeadline,
  parseGrpcTimeout,
} from '../../../../src/proxy/policy/deadline.ts';
import { isEditable, isFieldValue } from '../../../../src/proxy/policy/edit-plan.ts';
import { grpcStatusOf, isGrpc } from '../../../../src/proxy/policy/grpc.ts';
import { RateLimiter } from '../../../../src/proxy/policy/rate-limiter.ts';

describe('deadlines in headers', () => {
  test.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['45m', 45],
    ['1500u', 1.5],
    ['99999999n', 99.999_999],
    ['', undefined],
    ['m', undefined],
    ['1', undefined],
    ['123456789m', undefined],
    ['-1m', undefined],
    ['1.5S', undefined],
    ['1 m', undefined],
  ])('grpc-timeout %j is %j ms', (text, millis) => {
    if (millis === undefined) expect(parseGrpcTimeout(text)).toBeUndefined();
    else expect(parseGrpcTimeout(text)).toBeCloseTo(millis);
  });

  test('what is written is read again, never longer and hardly shorter', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), (millis) => {
        const grpc = parseGrpcTimeout(formatGrpcTimeout(millis))!;
        expect(grpc).toBeLessThanOrEqual(millis * (1 + 1e-12));
        expect(grpc).toBeGreaterThanOrEqual(millis * 0.99 - 0.001);
        const http = parseDeadline(formatDeadline(millis))!;
        expect(http).toBeLessThanOrEqual(millis);
        expect(http).toBeGreaterThan(millis - 1);
      }),
    );
    expect(formatGrpcTimeout(-5)).toBe('0u');
    expect(formatDeadline(-5)).toBe('0');
  });

  test.each(['', '-1', '1.5', 'x', '1e3', ' 1', '1234567890123'])('x-smi-deadline-ms %j says nothing', (text) => {
    expect(parseDeadline(text)).toBeUndefined();
  });
});

describe('gRPC', () => {
  test.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc;charset=utf-8', true],
    ['application/grpc-web', false],
    ['application/json', false],
    [undefined, false],
  ])('content type %j: %j', (contentType, expected) => {
    expect(isGrpc(contentType)).toBe(expected);
  });

  test('each status of HTTP stands for one of gRPC', () => {
    const pairs = [400, 401, 403, 404, 429, 502, 503, 504, 500, 418].map(grpcStatusOf);
    expect(pairs).toEqual([13, 16, 7, 12, 14, 14, 14, 14, 2, 2]);
  });
});

/** What `wait` says; a request that may pass is counted. */
function ask(limiter: RateLimiter, key: string, now: number): number {
  const wait = limiter.wait(key, now);
  if (wait === 0) limiter.take(key, now);
  return wait;
}

describe('a rate limit', () => {
  test('allows a period at once and the burst, then goes on evenly', () => {
    const limiter = new RateLimiter(10, 1_000, 5, 100);
    const passed = (now: number) => {
      let count = 0;
      while (ask(limiter, '', now) === 0) count++;
      return count;
    };
    expect(passed(0)).toBe(15);
    expect(ask(limiter, '', 0)).toBeCloseTo(100);
    expect(passed(100)).toBe(1);
    expect(passed(1_100)).toBe(10);
    expect(passed(1e6)).toBe(15);
  });

  test('says when it is worth coming again', () => {
    const limiter = new RateLimiter(1, 1_000, 0, 100);
    expect(ask(limiter, '', 0)).toBe(0);
    expect(ask(limiter, '', 400)).toBeCloseTo(600);
    expect(ask(limiter, '', 1_000)).toBe(0);
  });

  test('keeps keys apart, and no more of them than it may', () => {
    const limiter = new RateLimiter(1, 1_000, 0, 3);
    for (const key of ['a', 'b', 'c', 'd']) expect(ask(limiter, key, 0)).toBe(0);
    expect(limiter.keys).toBe(3);
    expect(ask(limiter, 'd', 0)).toBeGreaterThan(0);
    expect(ask(limiter, 'b', 0)).toBeGreaterThan(0);
    expect(ask(limiter, 'a', 0)).toBe(0);
  });

  test('whatever comes when, no span of time sees more than it may', () => {
    const shape = fc.record({
      requests: fc.integer({ min: 1, max: 20 }),
      burst: fc.nat(10),
      waits: fc.array(fc.nat(300), { minLength: 1, maxLength: 200 }),
    });
    fc.assert(
      fc.property(shape, ({ requests, burst, waits }) => {
        const limiter = new RateLimiter(requests, 1_000, burst, 10);
        const passed: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          if (ask(limiter, '', now) === 0) passed.push(now);
        }
        for (const [first, from] of passed.entries()) {
          for (let last = first; last < passed.length; last++) {
            const allowed = requests + burst + ((passed[last]! - from) * requests) / 1_000;
            expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6);
          }
        }
      }),
    );
  });
});

describe('header edits', () => {
  test.each(['host', ':authority', 'content-length', 'transfer-encoding', 'connection', 'X-Upper', '', 'a b'])(
    'may not touch %j',
    (name) => expect(isEditable(name)).toBe(false),
  );
  test.each(['x-smi-backend', 'x-smi-deadline-ms', 'x-forwarded-client-cert', 'grpc-timeout'])(
    'may not touch the mesh field %s',
    (name) => expect(isEditable(name)).toBe(false),
  );
  test.each(['x-a', 'authorization', 'cookie', 'x-smith'])('may touch %s', (name) => {
    expect(isEditable(name)).toBe(true);
  });
  test.each([
    ['', true],
    ['a', true],
    ['a b\tc', true],
    ['a\r\nx: y', false],
    [' a', false],
    ['a ', false],
    ['\u0000', false],
    ['€', false],
  ])('value %j: %j', (value, usable) => expect(isFieldValue(value)).toBe(usable));
});
