import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { Graph } from '../lib/incremental/graph.ts';
import type { Lookup } from '../lib/incremental/stage.ts';
import type { HttpMatch, MeshSettings, Service, ServiceId, SpiffeId, Workload, WorkloadId } from '../model/types.ts';
import type { IdentityBinding, TrafficSplit } from '../smi/types.ts';
import type { GatewayPorts } from './gateway/ports.ts';
import type { InputSources } from './input-sources.ts';
import type { Names } from './names.ts';
import type { CompileOptions } from './options.ts';
import type { PolicyIndex } from './policies/types.ts';

/** What every pass reads. */
export interface PassContext {
  readonly graph: Graph;
  readonly options: Pick<CompileOptions, 'trustDomain' | 'clusterDomain' | 'meshNamespaces'> & {
    readonly sidecars: CompileOptions['sidecars'] | undefined;
  };
  readonly input: InputSources;
  readonly names: Names;
  readonly report: (finding: Diagnostic) => void;
  readonly setting: <Name extends keyof MeshSettings>(name: Name) => MeshSettings[Name];
  /** The mode for the route groups of one namespace. */
  readonly pathRegexMode: (namespace: string) => MeshSettings['pathRegexMode'];
}

/** What of a workload decides about access: not whether it is ready, which changes often. */
export type WorkloadFace = Pick<
  Workload,
  'id' | 'namespace' | 'serviceAccount' | 'identity' | 'addresses' | 'ports' | 'origins'
>;

/** A port of a Service that leads to a container port of a workload. */
export interface ReachingPort extends Pick<Service['ports'][number], 'port' | 'protocol' | 'http2'> {
  readonly service: ServiceId;
  readonly containerPort: number;
}

/** The usable matches of one HTTPRouteGroup, by name in the group's order. */
export type GroupMatches = ReadonlyMap<string, HttpMatch>;

/** Whom an IdentityBinding stands for: everybody who one of its schemes covers. */
export interface BoundIdentity {
  readonly binding: IdentityBinding;
  readonly identities: readonly BoundId[];
  /** The pods that its labels pick, by id. */
  readonly pods: readonly WorkloadFace[];
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

/** What the passes find; each reads what earlier ones found. */
export interface CompileState {
  readonly services: Lookup<ServiceId, Service>;
  readonly faces: Lookup<WorkloadId, WorkloadFace>;
  /** Service ports that lead to a workload, by Service. */
  readonly reaching: Lookup<WorkloadId, readonly ReachingPort[]>;
  /** The workloads of each service account, by `NAMESPACE/SERVICEACCOUNT`. */
  readonly accounts: Lookup<string, readonly WorkloadFace[]>;
  /** Names of the accounts that pods have, by namespace. */
  readonly usedAccounts: Lookup<string, readonly string[]>;
  /** IdentityBindings by `NAMESPACE/NAME`. */
  readonly bindings: Lookup<string, BoundIdentity>;
  readonly matches: Lookup<string, GroupMatches>;
  readonly policies: PolicyIndex;
  readonly splits: Lookup<ServiceId, RootSplits>;
  readonly gateways: Lookup<ServiceId, GatewayPorts>;
}

/** An origin at a field of an object. */
export function at(object: { readonly meta: { readonly key: Origin['object'] } }, path: string): Origin {
  return { object: object.meta.key, path };
}
