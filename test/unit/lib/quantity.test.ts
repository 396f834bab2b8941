import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuantity, scaleToIntegers } from '../../../src/lib/quantity.ts';

function parsed(text: string): readonly [bigint, bigint] | string {
  const result = parseQuantity(text);
  return result.ok ? [result.value.numerator, result.value.denominator] : result.error;
}

const limit = 2_147_483_647;
const scaled = (...texts: readonly string[]) =>
  scaleToIntegers(
    texts.map((text) => {
      const result = parseQuantity(text);
      if (!result.ok) throw new Error(`${text} is ${result.error}`);
      return result.value;
    }),
    limit,
  );

describe('a quantity', () => {
  test.each<[string, bigint, bigint]>([
    ['1', 1n, 1n],
    ['0', 0n, 1n],
    ['500m', 1n, 2n],
    ['1500m', 3n, 2n],
    ['+.5', 1n, 2n],
    ['5.', 5n, 1n],
    ['1.25k', 1250n, 1n],
    ['1e3', 1000n, 1n],
    ['1E3', 1000n, 1n],
    ['1e+21', 9_223_372_036_854_775_807n, 1n],
    ['25e-2', 1n, 4n],
    ['1E', 10n ** 18n, 1n],
    ['2Ki', 2048n, 1n],
    ['.5Mi', 524_288n, 1n],
    ['3n', 3n, 1_000_000_000n],
    ['-250u', -1n, 4000n],
  ])('%s is exact', (text, numerator, denominator) => {
    expect(parsed(text)).toEqual([numerator, denominator]);
  });

  test('finer than a billionth is rounded away from zero, as Kubernetes does', () => {
    expect(parsed('0.1n')).toEqual([1n, 1_000_000_000n]);
    expect(parsed('-1.0000000001')).toEqual([-1_000_000_001n, 1_000_000_000n]);
    expect(parsed('1e-999')).toEqual([1n, 1_000_000_000n]);
  });

  test('beyond 2^63-1 is cut to it, as Kubernetes does', () => {
    expect(parsed('1e999')).toEqual([2n ** 63n - 1n, 1n]);
    expect(parsed('-16Ei')).toEqual([-(2n ** 63n - 1n), 1n]);
  });

  test.each(['', '.', '-', 'm', '1 m', '1mm', '10%', '0x10', '1e', '1e1000', '1ki', 'NaN', '1,5', '1'.repeat(65)])(
    '%j is none',
    (text) => {
      expect(parsed(text)).toBe('not a Kubernetes quantity');
    },
  );
});

describe('scaling to whole numbers', () => {
  test.each([
    [
      ['900m', '100m'],
      [9, 1],
    ],
    [
      ['1', '500m'],
      [2, 1],
    ],
    [
      ['10m', '100m', '1500m'],
      [1, 10, 150],
    ],
    [
      ['0m', '1'],
      [0, 1],
    ],
    [
      ['0', '0'],
      [0, 0],
    ],
  ])('%j are %j', (texts, expected) => {
    expect(scaled(...texts)).toEqual(expected);
  });

  test('numbers that are whole already stay as they are, unless they are too large', () => {
    expect(scaled('50', '50')).toEqual([50, 50]);
    expect(scaled('4G', '8G')).toEqual([1, 2]);
  });

  test('is refused when no whole numbers have the ratios', () => {
    expect(scaled('1G', '1n')).toBeUndefined();
    expect(scaled('2147483647', '1m')).toBeUndefined();
  });

  test('keeps every ratio and uses no larger numbers than it must', () => {
    const amount = fc
      .tuple(fc.bigInt({ min: 0n, max: 10_000n }), fc.bigInt({ min: 1n, max: 50n }))
      .map(([numerator, denominator]) => ({ numerator, denominator }));
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 3 }), (numbers) => {
        const whole = scaleToIntegers(numbers, limit);
        if (whole === undefined) return;
        for (const [index, a] of numbers.entries()) {
          for (const [other, b] of numbers.entries()) {
            const left = a.numerator * b.denominator * BigInt(whole[other]!);
            expect(left).toBe(b.numerator * a.denominator * BigInt(whole[index]!));
          }
        }
        expect(whole.every((value) => Number.isInteger(value) && value >= 0 && value <= limit)).toBe(true);
      }),
    );
  });
});
