import { compareText } from '../lib/collections.ts';
import { LatencySketch } from '../telemetry/latency-sketch.ts';
import type {
  Percentiles,
  ResourcePlural,
  TrafficEdge,
  TrafficReport,
  TrafficResource,
  TrafficSeries,
  TrafficSummary,
} from './contract.ts';
import { resourcesOf } from './parties.ts';

interface Sum {
  readonly side: TrafficEdge['side'];
  readonly source: TrafficResource | null;
  readonly destination: TrafficResource | null;
  readonly backend: TrafficEdge['backend'];
  readonly connections: { carried: number; refused: number };
  success: number;
  failure: number;
  denied: number;
  retries: number;
  readonly codes: Record<string, number>;
  readonly latency: LatencySketch;
}

/** Relative weights of the backends of splits; by split and backend, `NAMESPACE/NAME` each. */
export type BackendWeights = (split: string, backend: string) => number | undefined;

/**
 * Adds the traffic of a report up for the resources of one kind. Traffic counts for every pair of resources that it belongs to, so that
 * edges of Services may count a request twice. Edges of TrafficSplits come from sources of no kind, one for each backend.
 */
export function summarize(report: TrafficReport, by: ResourcePlural, weights: BackendWeights): TrafficSummary {
  const sums = new Map<string, Sum>();
  for (const series of report.series) {
    for (const [source, destination] of pairsOf(series, by)) add(sums, series, [source, destination], { by, weights });
  }
  const { series: _, ...rest } = report;
  const edges = [...sums].sort(([a], [b]) => compareText(a, b)).map(([, sum]) => edgeOf(sum));
  return { ...rest, by, edges };
}

type Pair = readonly [source: TrafficResource | null, destination: TrafficResource | null];

function pairsOf(series: TrafficSeries, by: ResourcePlural): readonly Pair[] {
  if (by === 'trafficsplits') {
    const split = series.split === undefined ? undefined : splitResource(series.split);
    return split === undefined ? [] : [[null, split]];
  }
  const sources = orNone(resourcesOf(series.source, by));
  const destinations = orNone(resourcesOf(series.destination, by));
  return sources.flatMap((source) => destinations.map((destination): Pair => [source, destination]));
}

function orNone(resources: readonly TrafficResource[]): readonly (TrafficResource | null)[] {
  return resources.length === 0 ? [null] : resources;
}

function splitResource(split: string): TrafficResource {
  const [namespace = '', name = ''] = split.split('/');
  return { kind: 'TrafficSplit', namespace, name };
}

function add(
  sums: Map<string, Sum>,
  series: TrafficSeries,
  [source, destination]: Pair,
  { by, weights }: { readonly by: ResourcePlural; readonly weights: BackendWeights },
): void {
  const backend = by === 'trafficsplits' ? backendOf(series, weights) : undefined;
  const key = `${textOf(source)} ${textOf(destination)} ${backend?.name ?? ''} ${series.side}`;
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = emptySum(series.side, source, destination, backend);
    sums.set(key, sum);
  }
  sum.retries += series.retries;
  if (series.kind !== 'http') {
    sum.connections.carried += series.success;
    sum.connections.refused += series.failure;
    return;
  }
  sum.success += series.success;
  sum.failure += series.failure;
  sum.denied += series.denied;
  for (const [code, count] of Object.entries(series.codes)) sum.codes[code] = (sum.codes[code] ?? 0) + count;
  if (series.latency !== undefined) sum.latency.merge(LatencySketch.from(series.latency));
}

function emptySum(
  side: Sum['side'],
  source: TrafficResource | null,
  destination: TrafficResource | null,
  backend: Sum['backend'],
): Sum {
  return {
    ...{ side, source, destination, backend },
    ...{ success: 0, failure: 0, denied: 0, retries: 0 },
    connections: { carried: 0, refused: 0 },
    codes: {},
    latency: new LatencySketch(),
  };
}

/** Absent where no backend was chosen: the sidecar answered by itself. */
function backendOf({ split = '', service = '', backend }: TrafficSeries, weights: BackendWeights): Sum['backend'] {
  if (backend === undefined) return undefined;
  return { apex: nameIn(service), name: nameIn(backend), weight: weights(split, backend) ?? 0 };
}

/** Of `NAMESPACE/NAME` the name. */
function nameIn(text: string): string {
  return text.slice(text.indexOf('/') + 1);
}

function textOf(resource: TrafficResource | null): string {
  return resource === null ? '' : `${resource.namespace ?? ''}/${resource.name}`;
}

function edgeOf({ backend, latency, ...rest }: Sum): TrafficEdge {
  return { ...rest, ...(backend === undefined ? {} : { backend }), latency: percentilesOf(latency) };
}

function percentilesOf(sketch: LatencySketch): Percentiles {
  const millis = (part: number) => (sketch.quantile(part) ?? 0) * 1000;
  return { p50Millis: millis(0.5), p90Millis: millis(0.9), p99Millis: millis(0.99) };
}
