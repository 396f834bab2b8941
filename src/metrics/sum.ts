import { LatencySketch } from '../telemetry/latency-sketch.ts';
import { noCodes } from './codes.ts';
import type { Percentiles, TrafficSeries, TrafficSum } from './contract.ts';

/** Adds series up. */
export class Sum {
  readonly #side: TrafficSum['side'];
  readonly #backend: TrafficSum['backend'];
  readonly #connections = { carried: 0, refused: 0 };
  readonly #codes = noCodes();
  readonly #latency = new LatencySketch();
  readonly #counts = { success: 0, failure: 0, denied: 0, retries: 0 };

  constructor(side: TrafficSum['side'], backend: TrafficSum['backend']) {
    this.#side = side;
    this.#backend = backend;
  }

  add({ kind, success, failure, denied, retries, codes, latency }: TrafficSeries): void {
    const counts = this.#counts;
    counts.retries += retries;
    if (kind !== 'http') {
      this.#connections.carried += success;
      this.#connections.refused += failure;
      return;
    }
    counts.success += success;
    counts.failure += failure;
    counts.denied += denied;
    for (const code in codes) this.#codes[code] = (this.#codes[code] ?? 0) + codes[code]!;
    if (latency !== undefined) this.#latency.add(latency);
  }

  result(): TrafficSum {
    return {
      side: this.#side,
      ...(this.#backend === undefined ? {} : { backend: this.#backend }),
      ...this.#counts,
      connections: this.#connections,
      codes: this.#codes,
      latency: percentilesOf(this.#latency),
    };
  }
}

function percentilesOf(sketch: LatencySketch): Percentiles {
  const millis = (part: number) => (sketch.quantile(part) ?? 0) * 1000;
  return { p50Millis: millis(0.5), p90Millis: millis(0.9), p99Millis: millis(0.99) };
}
