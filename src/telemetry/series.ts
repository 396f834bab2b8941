import { LatencySketch } from './latency-sketch.ts';

export type Labels = Readonly<Record<string, string>>;

export class Counter {
  value = 0;
}

/** A number that is read when somebody asks. */
export type GaugeSource = () => number;

/** One observation that somebody can look up. */
export interface Exemplar {
  readonly traceId: string;
  readonly seconds: number;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** Upper bounds of the classic buckets, in seconds. */
const classicBounds = [
  0.00025, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** Counts below and at each classic bound, exactly, and with a bounded relative error everywhere. */
export class Histogram {
  readonly sketch = new LatencySketch();
  /** The last one. */
  exemplar: Exemplar | undefined;
  readonly #classic = new Float64Array(classicBounds.length + 1);

  observe(seconds: number): void {
    let slot = 0;
    while (slot < classicBounds.length && seconds > classicBounds[slot]!) slot++;
    this.#classic[slot]! += 1;
    this.sketch.observe(seconds);
  }

  /** Cumulative, with the upper bound; the last one's is infinite. */
  *classic(): Generator<readonly [bound: number, count: number]> {
    let total = 0;
    for (const [slot, count] of this.#classic.entries()) {
      total += count;
      yield [classicBounds[slot] ?? Number.POSITIVE_INFINITY, total];
    }
  }
}
