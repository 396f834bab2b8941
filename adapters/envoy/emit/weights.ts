/** Envoy adds the weights of one split in 32 bits. */
const limit = 2 ** 32 - 1;

/**
 * The same ratio in weights whose sum Envoy can hold. Exact whenever whole numbers allow it; beyond that each share is
 * rounded down, but a positive one never to nothing.
 */
export function fitWeights(weights: readonly number[]): readonly number[] {
  if (sum(weights) <= limit) return weights;
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  const reduced = weights.map((weight) => weight / divisor);
  const total = sum(reduced);
  if (total <= limit) return reduced;
  const room = limit - weights.length;
  return reduced.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.floor((weight / total) * room))));
}

function sum(weights: readonly number[]): number {
  return weights.reduce((total, weight) => total + weight, 0);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
