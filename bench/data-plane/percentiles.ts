/** Latencies of one measurement. */
export interface Percentiles {
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly p999Millis: number;
}

/** By nearest rank; the order of the latencies does not matter. */
export function percentilesOf(micros: readonly number[]): Percentiles {
  const sorted = Float64Array.from(micros).sort();
  const at = (share: number): number =>
    (sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN) / 1000;
  return { p50Millis: at(0.5), p99Millis: at(0.99), p999Millis: at(0.999) };
}
