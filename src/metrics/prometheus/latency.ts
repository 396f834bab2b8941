import { bucketBound, type SketchData, sketchScale } from '../../telemetry/latency-sketch.ts';
import type { NativeHistogram } from './decode.ts';
import type { Growing } from './runs.ts';

/** What a histogram says of durations, as a sketch. */
export interface MeasuredLatency {
  readonly sketch: SketchData;
  /** How far a percentile may be off, relative: half as wide as the widest bucket that has something in it. */
  readonly error: number;
}

export const growingHistograms: Growing<NativeHistogram> = {
  minus: (value, earlier) => {
    const before = new Map(earlier.buckets.map(({ upper, count }) => [upper, count]));
    const buckets = value.buckets.map(({ lower, upper, count }) => {
      const gained = count - (before.get(upper) ?? 0);
      before.delete(upper);
      return { lower, upper, count: gained };
    });
    // A bucket that is gone, or has less: counted anew, or in buckets of another width.
    if (before.size > 0 || buckets.some(({ count }) => count < 0)) return undefined;
    return { sum: value.sum - earlier.sum, buckets: buckets.filter(({ count }) => count > 0) };
  },
  plus: (one, other) => ({ sum: one.sum + other.sum, buckets: [...one.buckets, ...other.buckets] }),
};

export const growingCounts: Growing<number> = {
  minus: (value, earlier) => (value < earlier ? undefined : value - earlier),
  plus: (one, other) => one + other,
};

/** Of a native histogram; its buckets may be as fine as ours, or wider. */
export function ofNative({ sum, buckets }: NativeHistogram): MeasuredLatency {
  const zero = buckets.filter(({ upper }) => upper <= sketchScale.zeroThreshold);
  return sketchOf(
    sum,
    zero.reduce((total, { count }) => total + count, 0),
    buckets.filter(({ upper }) => upper > sketchScale.zeroThreshold),
  );
}

/** Of classic buckets: what each has beyond the bucket below, by upper bound. */
export function ofClassic(sum: number, cumulative: ReadonlyMap<number, number>): MeasuredLatency {
  const bounds = [...cumulative].sort(([one], [other]) => one - other);
  const buckets = bounds.map(([upper, count], index) => {
    const [lower, below] = bounds[index - 1] ?? [0, 0];
    return { lower, upper, count: count - below };
  });
  return sketchOf(sum, 0, buckets);
}

function sketchOf(sum: number, zero: number, buckets: NativeHistogram['buckets']): MeasuredLatency {
  const counts = new Map<number, number>();
  let [nothing, error] = [zero, 0];
  for (const { lower, upper, count } of buckets) {
    if (count <= 0) continue;
    const half = Number.isFinite(upper) ? (upper - lower) / (upper + lower) : 1;
    error = Math.max(error, half);
    // What is within one of our buckets is that bucket's, whatever its bounds were rounded to; of a wider one the middle.
    const value = Number.isFinite(upper) ? (2 * lower * upper) / (lower + upper) : lower;
    if (value <= sketchScale.zeroThreshold) nothing += count;
    else counts.set(indexOf(value), (counts.get(indexOf(value)) ?? 0) + count);
  }
  const pairs: number[] = [];
  let before = 0;
  for (const [index, count] of [...counts].sort(([one], [other]) => one - other)) {
    pairs.push(index - before, count);
    before = index;
  }
  return { sketch: { sum, zero: nothing, buckets: pairs }, error };
}

/** The bucket of a sketch that has a value. */
function indexOf(seconds: number): number {
  const index = Math.ceil(Math.log2(seconds) / Math.log2(bucketBound(1)));
  return seconds > bucketBound(index) ? index + 1 : index;
}
