import { err, ok, type Result } from '../lib/result.ts';
import type { TrafficLabels, Verdict } from './labels.ts';
import type { SketchData } from './latency-sketch.ts';

/**
 * What `/telemetry` of a sidecar answers, of either kind: everything counted since the process began, so that a reader that
 * comes late or misses a turn loses nothing. Another `startedAt` means that counting began anew.
 */
export interface TelemetrySnapshot {
  readonly version: 1;
  /** The workload, `NAMESPACE/POD`. */
  readonly workload: string;
  /** When counting began, and when this was read, both in milliseconds since 1970. */
  readonly startedAt: number;
  readonly at: number;
  /** Label sets that were counted under `overflow`. */
  readonly overflow: number;
  readonly traffic: readonly TrafficSeries[];
}

/** Whether it is a series of requests, of TCP connections or of UDP flows. */
export type TrafficKind = 'http' | 'tcp' | 'udp';

/** The cumulative counts of one label set. */
export interface TrafficSeries {
  readonly labels: TrafficLabels;
  readonly kind: TrafficKind;
  /** By code (0 where the client got none, and always for connections) and verdict. */
  readonly ended: readonly Ended[];
  /** Tries after the first, copies, and what policies delayed or aborted; none of them is among `ended` by itself. */
  readonly retries: number;
  readonly mirrored: number;
  readonly faults: number;
  /** Of requests: from head to end of response. */
  readonly latency?: SketchData;
}

export interface Ended {
  readonly code: number;
  readonly verdict: Verdict;
  readonly count: number;
}

/** Reads the answer of a sidecar, which is trusted to be one as far as its version says so. */
export function readSnapshot(text: string): Result<TelemetrySnapshot, string> {
  try {
    const value = JSON.parse(text) as Partial<TelemetrySnapshot> | null;
    if (value?.version !== 1) return err(`telemetry of version ${String(value?.version)} is not known here`);
    return Array.isArray(value.traffic) ? ok(value as TelemetrySnapshot) : err('telemetry without traffic');
  } catch {
    return err('telemetry is no JSON');
  }
}
