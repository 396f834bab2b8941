import type { Result } from '../lib/result.ts';
import type { SketchData } from '../telemetry/latency-sketch.ts';
import type { TrafficKind } from '../telemetry/snapshot.ts';

/** Whose proxy measured: the caller's (with retries, timeouts and the network), or that of the one who was called. */
export type Side = 'client' | 'server';

/** The kinds of resources that traffic is measured for, by their plural in lower case, as in paths of the API. */
export const resourceKinds = {
  namespaces: 'Namespace',
  nodes: 'Node',
  pods: 'Pod',
  replicationcontrollers: 'ReplicationController',
  services: 'Service',
  replicasets: 'ReplicaSet',
  jobs: 'Job',
  daemonsets: 'DaemonSet',
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  trafficsplits: 'TrafficSplit',
} as const;

export type ResourcePlural = keyof typeof resourceKinds;

/** One end of some traffic, as far as it is known; nothing at all of what is outside the mesh. */
export interface TrafficParty {
  readonly namespace?: string;
  readonly pod?: string;
  readonly node?: string;
  /** What the pod belongs to, from nearest to farthest: ReplicaSet, Deployment. */
  readonly owners?: readonly { readonly kind: string; readonly name: string }[];
  /**
   * Names of Services in the namespace. Of a destination that a client measured: the one it addressed and the backend that a
   * split chose. Otherwise those that select the pod.
   */
  readonly services?: readonly string[];
  /** SPIFFE id. */
  readonly identity?: string;
}

/** What requests, or connections, that one proxy counts together have in common. */
export interface TrafficFlow {
  readonly side: Side;
  readonly kind: TrafficKind;
  readonly source: TrafficParty;
  readonly destination: TrafficParty;
  /** `NAMESPACE/SERVICE` that the client addressed; only where a client measured. */
  readonly service?: string;
  /** Port of that service. */
  readonly port?: number;
  /** `NAMESPACE/SERVICE` that was chosen, and `NAMESPACE/NAME` of the TrafficSplit that chose it, if one did. */
  readonly backend?: string;
  readonly split?: string;
  /** Of the client's side the rule of the service port that took the request; of the server's the TrafficTarget that let it in. */
  readonly rule?: string;
}

/** What one proxy counted of a flow. */
export interface TrafficSeries extends TrafficFlow, TrafficCounts {
  /** How long requests took; absent for TCP connections. */
  readonly latency?: SketchData;
}

/** Of a series of requests the requests, of one of connections the connections. */
export interface TrafficCounts {
  /** Answered with a status below 400; connections that were carried. */
  readonly success: number;
  /** All others. */
  readonly failure: number;
  /** The part of `failure` that access policy refused: by the verdict of the server's proxy; for the client's, answered 403. */
  readonly denied: number;
  /** By HTTP status; `0` where there was no answer. Connections are not here. */
  readonly codes: Readonly<Record<string, number>>;
  /** Requests that were sent once more, beside those that are counted. */
  readonly retries: number;
}

/** What all proxies counted within a window. Plain JSON. */
export interface TrafficReport {
  /** As it was asked for. */
  readonly windowSeconds: number;
  /** Of the window, what has been observed: less than asked for when the observer has not run so long. */
  readonly observedSeconds: number;
  /** End of the window, in milliseconds since the epoch. */
  readonly at: number;
  readonly measuredBy: 'collector' | 'prometheus';
  /** Of percentiles, relative, where it is more than 1 %: Prometheus may keep few buckets. */
  readonly latencyError?: number;
  /** Proxies that are known, and those of them that could be read lately; absent where that is not known. */
  readonly proxies?: { readonly known: number; readonly read: number };
  readonly series: readonly TrafficSeries[];
}

/** Where reports come from. The error is a sentence. */
export interface MetricsSource {
  /** What was counted in the `windowMillis` before `now` (milliseconds since the epoch), by both sides unless one is named. */
  report(windowMillis: number, now: number, side?: Side): Promise<Result<TrafficReport, string>>;
  /** The same, added up. */
  summary(windowMillis: number, now: number, wanted: WantedSums): Promise<Result<TrafficSummary, string>>;
}

/** Relative weights of the backends of splits; by split and backend, `NAMESPACE/NAME` each. */
export type BackendWeights = (split: string, backend: string) => number | undefined;

/** What is added up, and how. */
export interface WantedSums {
  readonly by: ResourcePlural;
  readonly weights: BackendWeights;
  /** Absent: all sums. */
  readonly only?: SummaryPart | undefined;
  /** Absent: both. */
  readonly side?: Side | undefined;
}

/** An object that traffic is added up for; Namespaces and Nodes have no namespace. */
export interface TrafficResource {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/**
 * Traffic added up. The counts are those of requests; connections of TCP and UDP are apart.
 */
export interface TrafficSum extends TrafficCounts {
  readonly side: Side;
  readonly connections: { readonly carried: number; readonly refused: number };
  /** Of TrafficSplits alone: the Service that was chosen of those behind the apex, with its weight. */
  readonly backend?: { readonly apex: string; readonly name: string; readonly weight: number };
  /** Within 1 % where the report says nothing else; 0 where nothing was measured. */
  readonly latency: Percentiles;
}

/** What went from one resource to another of the same kind; `null` is whatever has no resource of that kind. */
export interface TrafficEdge extends TrafficSum {
  readonly source: TrafficResource | null;
  readonly destination: TrafficResource | null;
}

/** All that one resource received (`from` anybody), or sent (`to` anybody). */
export interface TrafficTotal extends TrafficSum {
  readonly resource: TrafficResource;
  readonly direction: 'from' | 'to';
}

export interface Percentiles {
  readonly p50Millis: number;
  readonly p90Millis: number;
  readonly p99Millis: number;
}

/** Of a summary the edges alone, or the totals of one direction. */
export type SummaryPart = 'edges' | TrafficTotal['direction'];

/**
 * A report added up by one kind, as `/traffic?window=30s&by=deployments` answers it. Where a pod belongs to several resources (Services), its
 * traffic counts for each of them, so that only totals say how much there was.
 */
export interface TrafficSummary extends Omit<TrafficReport, 'series'> {
  readonly by: ResourcePlural;
  readonly edges: readonly TrafficEdge[];
  readonly totals: readonly TrafficTotal[];
}
