import type { SketchData } from '../../src/telemetry/latency-sketch.ts';
import type { TelemetrySnapshot } from '../../src/telemetry/snapshot.ts';

/** A sidecar that carries the same each second: cheap to simulate, so that it is not what is measured. */
export class Repeating {
  readonly workload: string;
  readonly #second: TelemetrySnapshot;

  constructor(second: TelemetrySnapshot) {
    this.workload = second.workload;
    this.#second = second;
  }

  snapshot(at: number): TelemetrySnapshot {
    const { startedAt, traffic } = this.#second;
    const times = 1 + Math.floor((at - startedAt) / 1_000);
    return {
      ...this.#second,
      at,
      traffic: traffic.map(({ latency, ended, ...series }) => ({
        ...series,
        ended: ended.map((each) => ({ ...each, count: each.count * times })),
        ...(latency === undefined ? {} : { latency: repeated(latency, times) }),
      })),
    };
  }
}

function repeated({ sum, zero, buckets }: SketchData, times: number): SketchData {
  return {
    sum: sum * times,
    zero: zero * times,
    buckets: buckets.map((number, at) => (at % 2 === 1 ? number * times : number)),
  };
}
