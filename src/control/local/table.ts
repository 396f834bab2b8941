import { compareText } from '../../lib/collections.ts';
import type { WantedShare } from '../messages.ts';
import type { Sample } from './metrics-scrape.ts';

/** The scrape of one pod's sidecar. */
export interface PodScrape {
  /** `NAMESPACE/POD`. */
  readonly pod: string;
  /** The name under which its traffic is shown: its Deployment. */
  readonly source: string;
  readonly samples: readonly Sample[];
}

/** What one source sent to one backend of one destination. */
export interface TrafficRow {
  readonly source: string;
  /** `NAMESPACE/SERVICE:PORT`, as the client addressed it. */
  readonly destination: string;
  /** `NAMESPACE/SERVICE`, as the split chose it; empty when no backend was chosen. */
  readonly backend: string;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Answered below 400, of all; percent. */
  readonly successPercent: number;
  /** Answered 403. */
  readonly denied: number;
  /** From the sidecars' histograms: the upper bound of the bucket in which the quantile lies, interpolated. */
  readonly p50Millis: number;
  readonly p95Millis: number;
  readonly p99Millis: number;
  /** Of the source's requests to the destination, those that went to this backend; percent. */
  readonly seenPercent: number;
  /** What the split asks for; absent where several rules apply. */
  readonly wantedPercent?: number;
}

/** What was counted at some moment since the beginning, by source, destination and backend. */
export type TrafficCounts = ReadonlyMap<string, EdgeCounts>;

interface EdgeCounts {
  readonly source: string;
  readonly destination: string;
  readonly backend: string;
  requests: number;
  successes: number;
  denied: number;
  /** Cumulative, by upper bound in seconds. */
  readonly buckets: Map<number, number>;
}

/** Adds up what the sidecars of all pods counted as clients. */
export function countTraffic(scrapes: readonly PodScrape[]): TrafficCounts {
  const edges = new Map<string, EdgeCounts>();
  for (const { source, samples } of scrapes) {
    for (const { name, labels, value } of samples) {
      if (labels.direction !== 'outbound') continue;
      const edge = edgeOf(edges, source, labels.destination ?? '', labels.backend ?? '');
      if (name === 'smi_requests_total') {
        const code = Number(labels.code);
        edge.requests += value;
        if (code >= 100 && code < 400) edge.successes += value;
        if (code === 403) edge.denied += value;
      } else if (name === 'smi_request_duration_seconds_bucket') {
        const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
        edge.buckets.set(bound, (edge.buckets.get(bound) ?? 0) + value);
      }
    }
  }
  return edges;
}

function edgeOf(edges: Map<string, EdgeCounts>, source: string, destination: string, backend: string): EdgeCounts {
  const key = `${source} ${destination} ${backend}`;
  const found = edges.get(key);
  if (found !== undefined) return found;
  const edge = { source, destination, backend, requests: 0, successes: 0, denied: 0, buckets: new Map() };
  edges.set(key, edge);
  return edge;
}

/**
 * The traffic between two counts, ordered by source, destination and backend. A sidecar that restarted counts from zero:
 * where the later count is lower, it stands alone. Edges without a request in between are left out.
 */
export function buildTable(
  before: TrafficCounts,
  after: TrafficCounts,
  seconds: number,
  wanted: readonly WantedShare[],
): readonly TrafficRow[] {
  const edges = [...after].map(([key, edge]) => subtract(edge, before.get(key))).filter(({ requests }) => requests > 0);
  const totals = new Map<string, number>();
  for (const edge of edges) totals.set(flow(edge), (totals.get(flow(edge)) ?? 0) + edge.requests);
  return edges
    .map((edge) => {
      const share = wantedShare(edge, wanted);
      return {
        source: edge.source,
        destination: edge.destination,
        backend: edge.backend,
        requests: edge.requests,
        requestsPerSecond: edge.requests / seconds,
        successPercent: percent(edge.successes, edge.requests),
        denied: edge.denied,
        p50Millis: quantileMillis(edge.buckets, 0.5),
        p95Millis: quantileMillis(edge.buckets, 0.95),
        p99Millis: quantileMillis(edge.buckets, 0.99),
        seenPercent: percent(edge.requests, totals.get(flow(edge)) ?? 0),
        ...(share === undefined ? {} : { wantedPercent: share }),
      };
    })
    .sort(
      (a, b) =>
        compareText(a.source, b.source) ||
        compareText(a.destination, b.destination) ||
        compareText(a.backend, b.backend),
    );
}

function flow({ source, destination }: EdgeCounts): string {
  return `${source} ${destination}`;
}

function subtract(after: EdgeCounts, before: EdgeCounts | undefined): EdgeCounts {
  if (before === undefined || after.requests < before.requests) return after;
  return {
    ...after,
    requests: after.requests - before.requests,
    successes: after.successes - before.successes,
    denied: after.denied - before.denied,
    buckets: new Map([...after.buckets].map(([bound, count]) => [bound, count - (before.buckets.get(bound) ?? 0)])),
  };
}

/** Where exactly one rule governs the destination's port, the share that it gives the backend. */
function wantedShare({ destination, backend }: EdgeCounts, wanted: readonly WantedShare[]): number | undefined {
  const here = wanted.filter(({ root, port }) => `${root}:${port}` === destination);
  if (new Set(here.map(({ rule }) => rule)).size !== 1) return undefined;
  const share = here.find((entry) => entry.backend === backend);
  return share === undefined ? undefined : percent(share.weight, share.total);
}

/** As Prometheus' `histogram_quantile` does: linear within the bucket; the last finite bound beyond it. */
function quantileMillis(buckets: ReadonlyMap<number, number>, quantile: number): number {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const rank = quantile * (sorted.at(-1)?.[1] ?? 0);
  let lower = 0;
  let below = 0;
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below) {
      const seconds = Number.isFinite(bound) ? lower + ((bound - lower) * (rank - below)) / (count - below) : lower;
      return seconds * 1000;
    }
    if (Number.isFinite(bound)) lower = bound;
    below = count;
  }
  return 0;
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100;
}
