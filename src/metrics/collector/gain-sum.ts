import { LatencySketch } from '../../telemetry/latency-sketch.ts';
import type { Ended } from '../../telemetry/snapshot.ts';
import type { Counted } from '../series.ts';
import type { Gain } from './delta.ts';
import type { KnownSeries } from './proxy-history.ts';

interface Sum {
  readonly ended: Map<string, { -readonly [K in keyof Ended]: Ended[K] }>;
  retries: number;
  /** Sketches are large: the first is kept as it is. */
  first: Gain['latency'];
  latency: LatencySketch | undefined;
}

/** Adds up what series gained. */
export class GainSum {
  readonly #sums = new Map<KnownSeries, Sum>();

  add(series: KnownSeries, { ended, retries, latency }: Gain): void {
    let sum = this.#sums.get(series);
    if (sum === undefined) {
      sum = { ended: new Map(), retries: 0, first: undefined, latency: undefined };
      this.#sums.set(series, sum);
    }
    sum.retries += retries;
    for (const each of ended) {
      const key = `${each.code} ${each.verdict}`;
      const found = sum.ended.get(key);
      if (found === undefined) sum.ended.set(key, { ...each });
      else found.count += each.count;
    }
    if (latency === undefined) return;
    if (sum.first === undefined) sum.first = latency;
    else {
      sum.latency ??= LatencySketch.from(sum.first);
      sum.latency.add(latency);
    }
  }

  *sums(): Generator<readonly [KnownSeries, Counted]> {
    for (const [series, { ended, retries, first, latency }] of this.#sums) {
      const sketch = latency?.toJSON() ?? first;
      yield [series, { ended: [...ended.values()], retries, ...(sketch === undefined ? {} : { latency: sketch }) }];
    }
  }
}
