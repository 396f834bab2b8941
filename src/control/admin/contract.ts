import type { LocatedDiagnostic } from '../located-diagnostic.ts';
import type { ProxyRefusal } from '../refusals/refusal.ts';
import type { Rollout, RolloutDurations } from '../rollouts/rollout.ts';

/** A request to the control plane by somebody who may know everything: whoever carries it has checked that. */
export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Beside the type and the length. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the body: texts that are sent as they come, as long as somebody listens. */
  readonly stream?: AsyncIterable<string>;
}

/** Never rejects. */
export type AdminHandler = (request: AdminRequest) => Promise<AdminAnswer>;

/** By the first part of the path. */
export type AdminPages = Readonly<Record<string, AdminHandler>>;

/** A workload with a proxy that can be tapped, and by what names it is meant. */
export interface TapTarget {
  /** `NAMESPACE/POD`. */
  readonly workload: string;
  /** The pod's own. */
  readonly addresses: readonly string[];
  /** From nearest to farthest. */
  readonly owners: readonly { readonly kind: string; readonly name: string }[];
  /** `NAMESPACE/SERVICE`, those that it is an endpoint of. */
  readonly services: readonly string[];
}

/** What a proxy has of one resource type. */
export interface TypeReport {
  readonly typeUrl: string;
  /** How many resources it has taken. */
  readonly resources: number;
  /** Of all their names and versions: equal content has equal version, whichever proxy has it. */
  readonly version: string;
  /** `waiting`: something is on its way; `refused`: it keeps an older version of something, or none. */
  readonly state: ProxyStateName;
}

export type ProxyStateName = 'synced' | 'waiting' | 'refused';

/** One stream of one proxy. Times are milliseconds since the epoch. */
export interface ProxyReport {
  readonly node: string;
  /** The adapter that makes its configuration. */
  readonly dataPlane: string;
  /** The program, in its own words. */
  readonly program: string;
  readonly version: string;
  readonly variant: 'delta' | 'sotw';
  readonly peer?: string;
  readonly connectedSince: number;
  readonly state: ProxyStateName;
  /** Since when it lacks something, or refuses the first of what it refuses. */
  readonly since?: number;
  /** When it took configuration last. */
  readonly ackedAt?: number;
  /** The load of which it has everything; absent while there is none. */
  readonly generation?: number;
  readonly types: readonly TypeReport[];
  readonly refused: readonly RefusedReport[];
}

/** A resource that a proxy refuses, and the object at fault. */
export interface RefusedReport {
  readonly typeUrl: string;
  readonly resource: string;
  readonly version: string;
  readonly since: number;
  /** In the proxy's words. */
  readonly detail: string;
  /** The version that it goes on with; absent where it has none. */
  readonly keeps?: string;
  readonly diagnostic?: LocatedDiagnostic;
}

export interface ProxiesReport {
  readonly proxies: readonly ProxyReport[];
  /** Workloads that have a proxy by what the manifests mean, and none is connected. */
  readonly absent: readonly string[];
}

/** The proxies whose configuration is made from an object. */
export interface CarriersReport {
  /** Whether the control plane has ever seen the object. */
  readonly known: boolean;
  readonly carriers: readonly CarrierReport[];
  /** Workloads that have a proxy by what the manifests mean, and none is connected. */
  readonly absent: readonly string[];
}

/** One proxy, and how it stands to what is made from the object. */
export interface CarrierReport {
  readonly node: string;
  /** `synced`: it has taken the version in force of each resource that the object takes part in. */
  readonly state: ProxyStateName;
  readonly refused: readonly RefusedReport[];
}

/** A resource that a proxy has in another version than it should, or should not have, or lacks. */
export interface ResourceDifference {
  readonly typeUrl: string;
  readonly resource: string;
  readonly kind: 'missing' | 'stale' | 'extra';
  /** The version that it has, and the one that it should have. */
  readonly has?: string;
  readonly wants?: string;
  readonly refused?: true;
  /** Where both versions are still known: what the fields say in either. */
  readonly fields?: readonly FieldDifference[];
}

export interface FieldDifference {
  readonly path: string;
  readonly has?: unknown;
  readonly wants?: unknown;
}

export interface DiffReport {
  readonly node: string;
  readonly differences: readonly ResourceDifference[];
}

export interface RolloutReport extends Rollout {
  readonly durations: RolloutDurations;
  /** Proxies that do not have it yet; the first ones of many. */
  readonly missing: readonly string[];
  readonly missingCount: number;
}

export interface WaitReport {
  /** `waiting`: the time that the request allows was over; ask again. */
  readonly outcome: 'landed' | 'refused' | 'waiting' | 'unknown-object';
  /** Objects that were asked for and that the control plane has never seen. */
  readonly unknown: readonly string[];
  readonly rollout?: RolloutReport;
  readonly connected: number;
  readonly absent: readonly string[];
  /** Errors of the files, and what proxies refuse. */
  readonly findings: readonly LocatedDiagnostic[];
  readonly refusals: readonly ProxyRefusal[];
}
