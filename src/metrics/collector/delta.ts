import type { SketchData } from '../../telemetry/latency-sketch.ts';
import type { Ended } from '../../telemetry/snapshot.ts';
import type { Counted } from '../series.ts';

/**
 * What one label set gained since an earlier reading of it; nothing where nothing happened. An error: it counts less than before, so that it
 * has been counted anew.
 */
export function gainOf(now: Counted, before: Counted | undefined): Counted | 'reset' | undefined {
  const ended: Ended[] = [];
  for (const { code, verdict, count } of now.ended) {
    const earlier = before?.ended.find((each) => each.code === code && each.verdict === verdict)?.count ?? 0;
    if (count < earlier) return 'reset';
    if (count > earlier) ended.push({ code, verdict, count: count - earlier });
  }
  const retries = now.retries - (before?.retries ?? 0);
  if (retries < 0) return 'reset';
  if (ended.length === 0 && retries === 0) return undefined;
  const latency = latencySince(now.latency, before?.latency);
  return { ended, retries, ...(latency === undefined ? {} : { latency }) };
}

/** The buckets of a sketch and of an earlier state of it are few, and most of them equal: no sketch is made for this. */
function latencySince(now: SketchData | undefined, before: SketchData | undefined): SketchData | undefined {
  if (now === undefined || before === undefined) return now;
  const gained: number[] = [];
  let [index, last, earlierIndex, earlierAt] = [0, 0, before.buckets[0] ?? 0, 0];
  for (let at = 0; at + 1 < now.buckets.length; at += 2) {
    index += now.buckets[at]!;
    let count = now.buckets[at + 1]!;
    while (earlierAt < before.buckets.length && earlierIndex < index) {
      earlierAt += 2;
      earlierIndex += before.buckets[earlierAt] ?? 0;
    }
    if (earlierAt < before.buckets.length && earlierIndex === index) count -= before.buckets[earlierAt + 1]!;
    if (count <= 0) continue;
    gained.push(index - last, count);
    last = index;
  }
  return { sum: Math.max(0, now.sum - before.sum), zero: Math.max(0, now.zero - before.zero), buckets: gained };
}
