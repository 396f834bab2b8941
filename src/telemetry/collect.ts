import { metrics } from './catalogue.ts';
import { type TrafficLabels, trafficLabels, type Verdict } from './labels.ts';
import type { SketchData } from './latency-sketch.ts';
import type { MetricsRegistry } from './registry.ts';
import { Counter, Histogram, type Labels } from './series.ts';
import type { Ended, TelemetrySnapshot, TrafficKind } from './snapshot.ts';

/** Whose numbers they are, and since when they were counted. */
export interface Counted {
  readonly registry: MetricsRegistry;
  /** `NAMESPACE/POD`. */
  readonly workload: string;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}

interface OpenSeries {
  readonly labels: TrafficLabels;
  readonly kind: TrafficKind;
  readonly ended: Ended[];
  retries: number;
  mirrored: number;
  faults: number;
  latency?: SketchData;
}

const kinds: ReadonlyMap<string, TrafficKind> = new Map([
  [metrics.requests.name, 'http'],
  [metrics.requestSeconds.name, 'http'],
  [metrics.retries.name, 'http'],
  [metrics.mirrored.name, 'http'],
  [metrics.faults.name, 'http'],
  [metrics.tcpConnections.name, 'tcp'],
  [metrics.tcpRetries.name, 'tcp'],
  [metrics.udpFlows.name, 'udp'],
]);

/** What `/telemetry` answers. */
export function collect({ registry, workload, startedAt }: Counted, now: number): TelemetrySnapshot {
  const found = new Map<string, OpenSeries>();
  for (const { definition, series } of registry.families()) {
    const kind = kinds.get(definition.name);
    if (kind === undefined) continue;
    for (const { labels, series: each } of series.values())
      take(openSeries(found, kind, labels), labels, each, definition.name);
  }
  return { version: 1, workload, startedAt, at: now, overflow: registry.overflowed, traffic: [...found.values()] };
}

function openSeries(found: Map<string, OpenSeries>, kind: TrafficKind, labels: Labels): OpenSeries {
  const own = Object.fromEntries(trafficLabels.map(({ name }) => [name, labels[name] ?? ''])) as TrafficLabels;
  const key = `${kind}\n${Object.values(own).join('\n')}`;
  let series = found.get(key);
  if (series === undefined) {
    series = { labels: own, kind, ended: [], retries: 0, mirrored: 0, faults: 0 };
    found.set(key, series);
  }
  return series;
}

function take(into: OpenSeries, labels: Labels, series: unknown, name: string): void {
  if (series instanceof Histogram) into.latency = series.sketch.toJSON();
  if (!(series instanceof Counter)) return;
  switch (name) {
    case metrics.retries.name:
    case metrics.tcpRetries.name:
      into.retries += series.value;
      return;
    case metrics.mirrored.name:
      into.mirrored += series.value;
      return;
    case metrics.faults.name:
      into.faults += series.value;
      return;
    default:
      into.ended.push({
        code: Number(labels.code ?? 0),
        verdict: (labels.verdict ?? 'failed') as Verdict,
        count: series.value,
      });
  }
}
