import { err, ok, type Result } from './result.ts';

/** An exact number: `numerator / denominator`, the denominator positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;
/** Longest text that is read as a quantity; Kubernetes keeps no more than 18 digits on either side of the point. */
const lengthLimit = 64;

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryExponents: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

const nano = 1_000_000_000n;
const maximum = 2n ** 63n - 1n;

/**
 * Reads a Kubernetes quantity (`500m`, `1.5Gi`, `1e3`; k8s.io/apimachinery/pkg/api/resource) exactly. As there, what is
 * finer than a billionth is rounded away from zero, and sizes beyond 2^63-1 are cut to it.
 */
export function parseQuantity(text: string): Result<Rational, string> {
  const found = text.length > lengthLimit ? null : pattern.exec(text);
  const [, sign = '', whole = '', fraction = '', binary, decimal, exponent] = found ?? [];
  if (found === null || whole + fraction === '') return err('not a Kubernetes quantity');
  const digits = BigInt(whole + fraction);
  const tens = (decimal === undefined ? Number(exponent ?? 0) : (decimalExponents[decimal] ?? 0)) - fraction.length;
  const twos = binary === undefined ? 0 : (binaryExponents[binary] ?? 0);
  const numerator = digits * 10n ** BigInt(Math.max(tens, 0)) * 2n ** BigInt(twos);
  const size = bounded({ numerator, denominator: 10n ** BigInt(Math.max(-tens, 0)) });
  return ok({ ...size, numerator: sign === '-' ? -size.numerator : size.numerator });
}

/** A size of zero or more in lowest terms, within what a quantity can hold. */
function bounded({ numerator, denominator }: Rational): Rational {
  if (numerator > maximum * denominator) return { numerator: maximum, denominator: 1n };
  const fine = nano % denominator !== 0n;
  const inNano = (numerator * nano + denominator - 1n) / denominator;
  return fine ? reduced({ numerator: inNano, denominator: nano }) : reduced({ numerator, denominator });
}

function reduced({ numerator, denominator }: Rational): Rational {
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/**
 * The smallest multiple of the numbers that is whole everywhere, so that every ratio between them stays what it was;
 * numbers that are whole already stay as they are unless that would exceed the limit. `undefined` when no whole numbers
 * up to `limit` have these ratios. The numbers must not be negative.
 */
export function scaleToIntegers(numbers: readonly Rational[], limit: number): readonly number[] | undefined {
  const multiple = numbers.reduce(
    (sofar, { denominator }) => (sofar * denominator) / greatestCommonDivisor(sofar, denominator),
    1n,
  );
  const scaled = numbers.map(({ numerator, denominator }) => (numerator * multiple) / denominator);
  const fits = (values: readonly bigint[]): boolean => values.every((value) => value <= BigInt(limit));
  if (fits(scaled)) return scaled.map(Number);
  const common = scaled.reduce(greatestCommonDivisor, 0n);
  const least = scaled.map((value) => value / common);
  return fits(least) ? least.map(Number) : undefined;
}

/** Of 0 and 0 it is 1, so that it can always divide. */
function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}
