import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { DeploymentObject, PodObject, ServiceObject } from '../kubernetes/types.ts';
import type {
  HttpMatch,
  InboundPolicy,
  MeshSettings,
  OutboundPolicy,
  Service,
  ServiceId,
  SpiffeId,
  Workload,
  WorkloadId,
  WorkloadSetId,
} from '../model/types.ts';
import type { HTTPRouteGroup, IdentityBinding, TCPRoute, TrafficSplit, TrafficTarget, UDPRoute } from '../smi/types.ts';
import type { MeshInput } from './input.ts';
import type { CompileOptions } from './options.ts';
import { noPolicies, type PolicyIndex } from './policies/types.ts';

/** What every pass reads. */
export interface PassContext {
  readonly input: MeshInput;
  readonly options: CompileOptions;
  readonly report: (finding: Diagnostic) => void;
  /** The mode for the route groups of one namespace. */
  readonly pathRegexMode: (namespace: string) => MeshSettings['pathRegexMode'];
}

/** Objects by `NAMESPACE/NAME`. */
export interface Index {
  readonly services: ReadonlyMap<ServiceId, ServiceObject>;
  /** Running pods, and the synthesised ones of Deployments that have none; by id, sorted. */
  readonly pods: ReadonlyMap<WorkloadId, PodObject>;
  readonly deployments: ReadonlyMap<string, DeploymentObject>;
  readonly declaredAccounts: ReadonlySet<string>;
  readonly routeGroups: ReadonlyMap<string, HTTPRouteGroup>;
  readonly tcpRoutes: ReadonlyMap<string, TCPRoute>;
  readonly udpRoutes: ReadonlyMap<string, UDPRoute>;
  readonly identityBindings: ReadonlyMap<string, IdentityBinding>;
}

/** The usable matches of one HTTPRouteGroup, by name in the group's order. */
export type GroupMatches = ReadonlyMap<string, HttpMatch>;

/** Whom an IdentityBinding stands for: everybody who one of its schemes covers. */
export interface BoundIdentity {
  readonly binding: IdentityBinding;
  readonly identities: readonly BoundId[];
  /** The pods that its labels pick, by id. */
  readonly pods: readonly Workload[];
}

export interface BoundId {
  readonly spiffe: SpiffeId;
  /** `NAMESPACE/SERVICEACCOUNT` of this mesh; absent for an identity of another trust domain. */
  readonly account?: string;
  /** The field of the binding that names it. */
  readonly path: string;
}

/** The splits that govern one root, in the order in which their rules are asked. */
export interface RootSplits {
  readonly conditional: readonly TrafficSplit[];
  readonly unconditional?: TrafficSplit;
}

/** What the passes have found so far; each pass adds its part and reads those of earlier ones. */
export interface CompileState {
  readonly index: Index;
  readonly services: ReadonlyMap<ServiceId, Service>;
  readonly workloads: ReadonlyMap<WorkloadId, Workload>;
  /** The workloads of each service account, by `NAMESPACE/SERVICEACCOUNT`. */
  readonly accounts: ReadonlyMap<string, readonly Workload[]>;
  /** IdentityBindings by `NAMESPACE/NAME`. */
  readonly bindings: ReadonlyMap<string, BoundIdentity>;
  /** The workloads that each target opens; no entry for a target that cannot open any. */
  readonly destinations: ReadonlyMap<TrafficTarget, readonly WorkloadId[]>;
  readonly matches: ReadonlyMap<string, GroupMatches>;
  readonly policies: PolicyIndex;
  readonly splits: ReadonlyMap<ServiceId, RootSplits>;
  readonly inbound: ReadonlyMap<WorkloadSetId, InboundPolicy>;
  readonly outbound: ReadonlyMap<ServiceId, OutboundPolicy>;
}

export interface Pass {
  readonly name: string;
  run(state: CompileState, context: PassContext): Partial<CompileState>;
}

export const emptyState: CompileState = {
  index: {
    services: new Map(),
    pods: new Map(),
    deployments: new Map(),
    declaredAccounts: new Set(),
    routeGroups: new Map(),
    tcpRoutes: new Map(),
    udpRoutes: new Map(),
    identityBindings: new Map(),
  },
  services: new Map(),
  workloads: new Map(),
  accounts: new Map(),
  bindings: new Map(),
  destinations: new Map(),
  matches: new Map(),
  policies: noPolicies,
  splits: new Map(),
  inbound: new Map(),
  outbound: new Map(),
};

/** An origin at a field of an object. */
export function at(object: { readonly meta: { readonly key: Origin['object'] } }, path: string): Origin {
  return { object: object.meta.key, path };
}
