/**
 * The exact binomial distribution. Probabilities are summed term by term from logarithms, so that tails of 1e-12 are right to
 * many digits; no approximation by the normal distribution anywhere.
 */

/** ln k! for k below the length; grows as needed. */
const logFactorials = [0];

function logFactorial(k: number): number {
  for (let next = logFactorials.length; next <= k; next += 1) {
    logFactorials.push((logFactorials[next - 1] ?? 0) + Math.log(next));
  }
  return logFactorials[k] ?? 0;
}

/** The probability of exactly k successes in n trials of probability p. */
export function probability(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  const ways = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/** Counts from `low` to `high`, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The counts of n trials that an exact two-sided test at `falseAlarm` accepts for probability p: each tail that is cut off has
 * at most half of it, so that a true p is refused with probability `falseAlarm` at most.
 */
export function acceptance(n: number, p: number, falseAlarm: number): Interval {
  let low = 0;
  for (let tail = probability(0, n, p); tail <= falseAlarm / 2 && low < n; tail += probability(low, n, p)) low += 1;
  let high = n;
  for (let tail = probability(n, n, p); tail <= falseAlarm / 2 && high > 0; tail += probability(high, n, p)) high -= 1;
  return { low, high };
}

/** The probability that the count of n trials lies in the interval. */
export function within({ low, high }: Interval, n: number, p: number): number {
  let sum = 0;
  for (let k = low; k <= high; k += 1) sum += probability(k, n, p);
  return Math.min(1, sum);
}
