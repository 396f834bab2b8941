import { limits } from '../limits.ts';
import type { Latency } from './latency.ts';

/** What choosing looks at. */
export interface Candidate {
  /** Requests under way. */
  readonly outstanding: number;
  readonly latency: Latency;
}

/**
 * Of two random candidates, the one that will probably answer earlier: expected latency times the requests before and
 * with this one (peak EWMA). `random` gives numbers from 0 to below 1; undefined without candidates.
 */
export function chooseFaster<T extends Candidate>(
  candidates: readonly T[],
  now: number,
  random: () => number,
): T | undefined {
  const count = candidates.length;
  if (count < 2) return candidates[0];
  const first = Math.floor(random() * count);
  const other = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const a = candidates[first]!;
  const b = candidates[other]!;
  const forA = a.latency.estimate(now);
  const forB = b.latency.estimate(now);
  return expected(forB, forA) * (b.outstanding + 1) < expected(forA, forB) * (a.outstanding + 1) ? b : a;
}

/** One that has not answered yet counts as fast as its rival, unless that is bad. */
function expected(estimate: number, rival: number): number {
  if (estimate >= 0) return estimate;
  return rival >= 0 ? Math.min(rival, limits.neutralLatencyMillis) : 1;
}

/** Of two random candidates, the one with fewer requests under way. */
export function chooseLessBusy<T extends Candidate>(candidates: readonly T[], random: () => number): T | undefined {
  const count = candidates.length;
  if (count < 2) return candidates[0];
  const first = Math.floor(random() * count);
  const a = candidates[first]!;
  const b = candidates[(first + 1 + Math.floor(random() * (count - 1))) % count]!;
  return b.outstanding < a.outstanding ? b : a;
}
