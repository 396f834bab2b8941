import type { Change } from '../../analysis/changes.ts';
import type { MatrixCell, MatrixClient, MatrixDestination } from '../../analysis/matrix.ts';
import type { RolloutReport } from '../../control/admin/contract.ts';
import type { LocatedDiagnostic } from '../../control/located-diagnostic.ts';
import type { Protocol } from '../../model/types.ts';

/** What the pages of the dashboard are made from: the JSON of `/api/...`. Times are milliseconds since the epoch. */

/** Where a line of the user's stands: object and field, and in files also the place. */
export interface Place {
  readonly object: string;
  readonly path: string;
  readonly file?: string;
  readonly line?: number;
}

/** How the traffic of an answer was measured; `problem` where it was not, or not of all proxies. */
export interface TrafficScope {
  readonly windowSeconds: number;
  readonly observedSeconds: number;
  readonly at: number;
  readonly problem?: string;
}

/** Requests within the window. Latencies are milliseconds, absent where none was measured. */
export interface Golden {
  readonly requests: number;
  readonly perSecond: number;
  /** Of 1; absent without requests. */
  readonly success?: number;
  readonly failures: number;
  /** The part of the failures that policy refused. */
  readonly denied: number;
  readonly retries: number;
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
}

export interface Overview {
  readonly trustDomain: string;
  readonly accessMode: string;
  readonly generation: number;
  readonly services: number;
  readonly workloads: number;
  readonly ready: number;
  readonly splits: number;
  readonly proxies: { readonly connected: number; readonly behind: number; readonly absent: number };
  readonly findings: { readonly errors: number; readonly warnings: number; readonly infos: number };
}

export interface Topology {
  readonly traffic: TrafficScope;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

export interface TopologyNode {
  /** `workload:NAMESPACE/KIND/NAME`, `service:NAMESPACE/NAME` or `outside`. */
  readonly id: string;
  readonly kind: 'workload' | 'service' | 'outside';
  readonly namespace: string;
  readonly name: string;
  /** Of workloads: what they are managed by, such as Deployment. */
  readonly owner?: string;
  /** `NAMESPACE/NAME` of Services that lead here alone, or that this is. */
  readonly services: readonly string[];
  readonly ready: number;
  readonly pods: number;
}

export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  /** `choice`: a split, or several workloads, behind a Service; `call`: somebody's requests. */
  readonly kind: 'call' | 'choice';
  /** Wanted share of 1 where a split governs. */
  readonly wanted?: number;
  /** Whether some grant lets it in; calls that nobody grants are only there when they were tried. */
  readonly granted: boolean;
  readonly golden?: Golden;
}

export interface ServicePage {
  readonly traffic: TrafficScope;
  readonly service: string;
  readonly kind: 'mesh' | 'external';
  readonly place?: Place;
  readonly ports: readonly { readonly port: number; readonly name?: string; readonly protocol: Protocol }[];
  readonly hosts: readonly string[];
  readonly pods: readonly ServicePod[];
  readonly inbound: readonly Peer[];
  readonly outbound: readonly Peer[];
  readonly total: Golden;
  readonly grants: readonly {
    readonly rule: string;
    readonly from: readonly string[];
    readonly what: readonly string[];
    readonly places: readonly Place[];
  }[];
  readonly policies: readonly { readonly policy: string; readonly text: string; readonly places: readonly Place[] }[];
  readonly split?: string;
}

export interface ServicePod {
  readonly workload: string;
  readonly account: string;
  readonly ready: boolean;
  readonly transport: 'mtls' | 'plain';
  /** Where proxies keep it out of balancing now; absent where that is not known. */
  readonly ejections?: readonly Ejected[];
}

/** An endpoint that the proxy of a caller sends nothing, because it failed. What its data plane does not tell is absent. */
export interface Ejected {
  /** `NAMESPACE/POD` of the caller. */
  readonly proxy: string;
  readonly service: string;
  readonly port: number;
  /** `ADDRESS:PORT`, and the pod that has the address. */
  readonly endpoint: string;
  readonly workload?: string;
  readonly since?: number;
  /** When it is probed; it comes back if that succeeds. */
  readonly until?: number;
  readonly why?: string;
}

export interface EjectionsPage {
  readonly proxies: { readonly known: number; readonly read: number };
  readonly ejections: readonly Ejected[];
}

export interface Peer {
  readonly name: string;
  readonly namespace: string;
  /** `NAMESPACE/NAME` of the Service to look at, where there is one. */
  readonly service?: string;
  readonly golden: Golden;
  readonly codes: Readonly<Record<string, number>>;
}

export interface SplitsPage {
  readonly traffic: TrafficScope;
  readonly splits: readonly Split[];
}

export interface Split {
  /** `NAMESPACE/NAME`. */
  readonly name: string;
  readonly root: string;
  readonly place?: Place;
  /** Only requests that match are split. */
  readonly conditional: boolean;
  readonly requests: number;
  readonly backends: readonly SplitBackend[];
  readonly history: readonly SplitMoment[];
  readonly rollouts: readonly RolloutReport[];
}

export interface SplitBackend {
  readonly service: string;
  readonly weight: number;
  /** Shares are of 1. */
  readonly wanted: number;
  readonly observed?: number;
  /** Within which the true share lies with a probability of 95 % (Wilson's score interval). */
  readonly interval?: readonly [low: number, high: number];
  readonly golden: Golden;
}

export interface SplitMoment {
  readonly at: number;
  readonly generation: number;
  readonly weights: Readonly<Record<string, number>>;
}

export interface AccessPage {
  readonly traffic: TrafficScope;
  /** How many clients and destinations there are where they are too many to be shown at once. */
  readonly cut?: { readonly clients: number; readonly destinations: number };
  /** Those that have Services. */
  readonly namespaces: readonly string[];
  /** The one whose Services are shown; absent where all are. */
  readonly namespace?: string;
  readonly clients: readonly MatrixClient[];
  readonly destinations: readonly MatrixDestination[];
  readonly cells: readonly (readonly AccessCell[])[];
}

export interface AccessCell extends Omit<MatrixCell, 'matches'> {
  /** In people's words. */
  readonly matches: readonly string[];
  /** Requests within the window that were let in and that were refused. */
  readonly passed: number;
  readonly denied: number;
}

export interface CataloguePage {
  readonly traffic: TrafficScope;
  readonly services: readonly CatalogueEntry[];
  /** Service accounts that make requests. */
  readonly clients: readonly string[];
}

export interface CatalogueEntry {
  readonly service: string;
  readonly namespace: string;
  readonly kind: 'mesh' | 'external';
  /** By annotation or label; absent where nobody says. */
  readonly owner?: string;
  readonly workloads: readonly string[];
  readonly accounts: readonly string[];
  readonly protocols: readonly string[];
  /** Accounts that may call it, and those that did. */
  readonly allowed: readonly string[];
  readonly callers: readonly string[];
  readonly ready: number;
  readonly pods: number;
  readonly split?: string;
  readonly golden: Golden;
}

export interface AuditPage {
  /** The latest first. */
  readonly changes: readonly AuditEntry[];
}

export interface AuditEntry {
  /** The load that brought it. */
  readonly id: number;
  readonly at: number;
  readonly cause: 'files' | 'cluster' | 'pods';
  readonly savedAt?: number;
  readonly objects: readonly AuditObject[];
}

export interface AuditObject {
  readonly object: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** Of a cluster the field manager that wrote last; in files, who owns the file. */
  readonly who?: string;
  /** When that was, as the cluster knows it. */
  readonly writtenAt?: number;
  readonly place?: Place;
  readonly fields: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
}

export interface AuditDetail extends AuditEntry {
  /** What it means for traffic; the gravest first. */
  readonly traffic: readonly Change[];
  /** Why that was not found out. */
  readonly problem?: string;
}

export interface DiagnosticsPage {
  readonly findings: readonly LocatedDiagnostic[];
  /** What proxies refuse. */
  readonly refusals: readonly {
    readonly since: number;
    readonly proxies: readonly string[];
    readonly detail: string;
    readonly finding: LocatedDiagnostic;
  }[];
}

/** What whoever opened the page may do, by the server of the page. */
export interface Session {
  /** In people's words: a folder or a cluster. */
  readonly mesh: string;
  /** Weights can be moved by whoever has the token that was printed with the address. */
  readonly edit: boolean;
}

/** The body of `POST /api/splits/NAMESPACE/NAME`. */
export interface WeightChange {
  /** By backend as the split names it: what it has, so that nobody's change is undone unseen, and what it shall have. */
  readonly expected: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, number>>;
}
