import { LatencySketch } from '../telemetry/latency-sketch.ts';
import type { Ended } from '../telemetry/snapshot.ts';
import { noCodes } from './codes.ts';
import type { Percentiles, TrafficFlow, TrafficSeries, TrafficSum } from './contract.ts';
import { succeeded, wasDenied } from './series.ts';

/** Takes what one series gained. */
export interface Gains {
  retried(count: number): void;
  ended(code: number, verdict: Ended['verdict'], count: number): void;
  /** Asked of what took time: what durations are added to. */
  timed(): readonly LatencySketch[];
}

/** Adds series up. */
export class Sum {
  readonly #side: TrafficSum['side'];
  readonly #backend: TrafficSum['backend'];
  readonly #connections = { carried: 0, refused: 0 };
  readonly #codes = new Map<number, number>();
  /** Of requests. */
  readonly latency = new LatencySketch();
  readonly #counts = { success: 0, failure: 0, denied: 0, retries: 0 };

  constructor(side: TrafficSum['side'], backend: TrafficSum['backend']) {
    this.#side = side;
    this.#backend = backend;
  }

  retried(count: number): void {
    this.#counts.retries += count;
  }

  connected(success: boolean, count: number): void {
    this.#connections[success ? 'carried' : 'refused'] += count;
  }

  answered(code: number, success: boolean, denied: boolean, count: number): void {
    this.#counts[success ? 'success' : 'failure'] += count;
    if (denied) this.#counts.denied += count;
    this.#code(code, count);
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
    for (const code in codes) this.#code(Number(code), codes[code]!);
    if (latency !== undefined) this.latency.add(latency);
  }

  #code(code: number, count: number): void {
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + count);
  }

  result(): TrafficSum {
    const codes = noCodes();
    for (const [code, count] of this.#codes) codes[code] = count;
    return {
      side: this.#side,
      ...(this.#backend === undefined ? {} : { backend: this.#backend }),
      ...this.#counts,
      connections: this.#connections,
      codes,
      latency: percentilesOf(this.latency),
    };
  }
}

/** Takes what a flow gains, for every sum that it counts for. */
export class FlowGains implements Gains {
  readonly #flow: TrafficFlow;
  readonly #sums: readonly Sum[];
  readonly #timed: readonly LatencySketch[];

  constructor(flow: TrafficFlow, sums: readonly Sum[]) {
    this.#flow = flow;
    this.#sums = sums;
    this.#timed = flow.kind === 'http' ? sums.map(({ latency }) => latency) : [];
  }

  retried(count: number): void {
    for (const sum of this.#sums) sum.retried(count);
  }

  ended(code: number, verdict: Ended['verdict'], count: number): void {
    const success = succeeded(this.#flow, code, verdict);
    const denied = wasDenied(this.#flow, code, verdict);
    for (const sum of this.#sums) {
      if (this.#flow.kind === 'http') sum.answered(code, success, denied, count);
      else sum.connected(success, count);
    }
  }

  timed(): readonly LatencySketch[] {
    return this.#timed;
  }
}

function percentilesOf(sketch: LatencySketch): Percentiles {
  const millis = (part: number) => (sketch.quantile(part) ?? 0) * 1000;
  return { p50Millis: millis(0.5), p90Millis: millis(0.9), p99Millis: millis(0.99) };
}
