import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { SpiffeId } from '../lib/spiffe.ts';

export type { SpiffeId };

/**
 * The mesh model: what the user's resources mean, in plain readonly data. Records have sorted keys, lists a stated
 * order, "any" is spelled and never an empty list. `origins` say which fields of which objects a node comes from; they
 * are not part of its meaning: the canonical form and the hash leave them out.
 */
export interface MeshModel {
  readonly modelVersion: 1;
  /** The SPIFFE trust domain, such as `cluster.local`. */
  readonly trustDomain: string;
  readonly settings: MeshSettings;
  readonly services: Readonly<Record<ServiceId, Service>>;
  readonly workloads: Readonly<Record<WorkloadId, Workload>>;
  /** One entry for every service, also for those that no split names. */
  readonly outbound: Readonly<Record<ServiceId, OutboundPolicy>>;
  /** One entry for every set that a workload belongs to. */
  readonly inbound: Readonly<Record<WorkloadSetId, InboundPolicy>>;
  readonly telemetry: TelemetryModel;
}

/** `NAMESPACE/NAME` of a Service. */
export type ServiceId = string & { readonly __brand: 'ServiceId' };
/** `NAMESPACE/NAME` of a Pod. */
export type WorkloadId = string & { readonly __brand: 'WorkloadId' };
/**
 * Workloads that share one inbound policy: `NAMESPACE/SERVICEACCOUNT`, and for those of an account that policy selects by
 * their labels too `NAMESPACE/SERVICEACCOUNT~HASH`, where the hash stands for the targets that select them.
 */
export type WorkloadSetId = string & { readonly __brand: 'WorkloadSetId' };
export type NamespaceId = string & { readonly __brand: 'NamespaceId' };

export interface MeshSettings {
  /** What happens to a request that no grant covers: refused, counted and let through, or never asked. */
  readonly accessMode: AccessMode;
  /** How a path regex is anchored: at the start (`spec`) or on both sides (`full`). Already applied in the model's regexes. */
  readonly pathRegexMode: 'spec' | 'full';
  readonly outboundMode: 'passthrough' | 'registry-only';
  /** Whether a TrafficTarget may open a destination of another namespace than its own. */
  readonly crossNamespaceTargets: 'refuse' | 'allow';
}

export type AccessMode = 'deny' | 'audit' | 'allow';
export type Protocol = 'http' | 'tcp' | 'udp';

export interface Service {
  readonly id: ServiceId;
  readonly kind: 'mesh' | 'external';
  readonly namespace: NamespaceId;
  readonly name: string;
  /**
   * Lower-case names by which clients address it, without port, most specific last: `name.ns`, `name.ns.svc`,
   * `name.ns.svc.cluster.local`. The bare name is valid only for clients in the same namespace and so is not listed here.
   */
  readonly hosts: NonEmpty<string>;
  /** Virtual addresses (cluster IPs); may be empty. */
  readonly vips: readonly string[];
  /** By port number, ascending. */
  readonly ports: readonly ServicePort[];
  readonly origins: readonly Origin[];
}

export interface ServicePort {
  readonly port: number;
  readonly name?: string;
  readonly protocol: Protocol;
  /** The selected workloads and the container port that this service port reaches on each; by workload id. */
  readonly targets: readonly { readonly workload: WorkloadId; readonly port: number }[];
}

export interface Workload {
  readonly id: WorkloadId;
  readonly namespace: NamespaceId;
  readonly name: string;
  readonly serviceAccount: string;
  readonly identity: SpiffeId;
  readonly set: WorkloadSetId;
  /** IP addresses; empty when they are not known (manifests without a running pod). */
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  /** How others reach it: through a sidecar with mutual TLS, or directly in plain text. */
  readonly transport: 'mtls' | 'plain';
  /** Declared container ports and those that a Service reaches, ascending. */
  readonly ports: readonly WorkloadPort[];
  /** From nearest to farthest, such as ReplicaSet, Deployment. */
  readonly owners: readonly { readonly kind: string; readonly name: string }[];
  /**
   * Where the sidecar takes outbound connections without interception: a loopback port for each service port. `intercepted`
   * means that traffic reaches it by redirection and one listener serves every service of a port number.
   */
  readonly outbound: 'intercepted' | readonly OutboundBinding[];
  readonly origins: readonly Origin[];
}

export interface WorkloadPort {
  /** The container port: the number that policies name. */
  readonly port: number;
  readonly name?: string;
  readonly protocol: Protocol;
  /** Port on which the sidecar takes this container port's traffic; equal to `port` under interception. */
  readonly meshPort: number;
  /** Where the program itself listens. */
  readonly app: { readonly address: string; readonly port: number };
}

export interface OutboundBinding {
  readonly service: ServiceId;
  readonly port: number;
  readonly listen: { readonly address: string; readonly port: number };
}

/** What a client's proxy does with traffic to a service; keys are port numbers in decimal. */
export interface OutboundPolicy {
  readonly service: ServiceId;
  readonly ports: Readonly<Record<string, PortPolicy>>;
}

export interface PortPolicy {
  readonly port: number;
  readonly protocol: Protocol;
  /** First match wins; the last rule matches everything. */
  readonly rules: NonEmpty<OutboundRule>;
}

export interface OutboundRule {
  readonly from: 'any' | NonEmpty<NamespaceId | WorkloadSetId>;
  readonly match: HttpMatch | 'any';
  readonly to: Distribution;
  /** Empty for the implicit rule of a service that no split governs. */
  readonly origins: readonly Origin[];
}

export type Distribution =
  | { readonly kind: 'self' }
  | { readonly kind: 'weighted'; readonly targets: NonEmpty<WeightedTarget> }
  | { readonly kind: 'fail'; readonly because: DiagnosticCode };

/** In the order of the split's backends. Weights are relative whole numbers; at least one is positive. */
export interface WeightedTarget {
  readonly service: ServiceId;
  readonly port: number;
  readonly weight: number;
  readonly origins: readonly Origin[];
}

/** All parts must hold. */
export interface HttpMatch {
  readonly methods: 'any' | NonEmpty<string>;
  readonly path: 'any' | PathMatch;
  readonly headers: 'any' | NonEmpty<HeaderMatch>;
  readonly origins: readonly Origin[];
}

/** On the normal form of the path, without query. A regex is RE2 syntax and must match the whole path. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly re2: string };

/** RE2 on the whole value; several values of one header are joined with `,`. Names are lower case, `:authority` for the host. */
export interface HeaderMatch {
  readonly name: string;
  readonly re2: string;
}

/** What a server's proxy lets in. Grants add up; what none covers is treated as `mode` says. */
export interface InboundPolicy {
  readonly set: WorkloadSetId;
  readonly mode: AccessMode;
  readonly grants: readonly Grant[];
}

export interface Grant {
  /** Stable name for logs and metrics: `NAMESPACE/NAME` of the TrafficTarget. */
  readonly rule: string;
  readonly from: NonEmpty<Principal>;
  readonly to: NonEmpty<GrantTarget>;
  readonly origins: readonly Origin[];
}

/** Who a peer must be; its certificate proves the SPIFFE id. */
export type Principal = IdentityPrincipal | PodsPrincipal;

/** Whoever proves the id. Of another trust domain than the mesh's it is a federated identity. */
export interface IdentityPrincipal {
  readonly kind: 'identity';
  readonly spiffe: SpiffeId;
  readonly origins: readonly Origin[];
}

/**
 * Some of the pods of one account. A certificate names the account only, so a server also looks at the address that the
 * connection comes from.
 */
export interface PodsPrincipal {
  readonly kind: 'pods';
  readonly spiffe: SpiffeId;
  /** Sorted. */
  readonly workloads: NonEmpty<WorkloadId>;
  /** Those of the workloads, canonical and sorted; no other pod of the account has one of them. Empty while none is known. */
  readonly addresses: readonly string[];
  readonly origins: readonly Origin[];
}

export interface GrantTarget {
  readonly transport: 'tcp' | 'udp';
  /** Container ports. */
  readonly ports: 'any' | NonEmpty<number>;
  /** `any` allows whatever bytes; a match allows only such HTTP requests, and only on HTTP ports. */
  readonly http: HttpMatch | 'any';
  readonly origins: readonly Origin[];
}

/** What is measured, and for whom: each workload's owner chain from pod upwards, each service, each split's backends. */
export interface TelemetryModel {
  readonly splits: readonly {
    readonly split: string;
    readonly root: ServiceId;
    readonly backends: readonly ServiceId[];
  }[];
  /** The TrafficMetrics documents: what each asks for. By document. */
  readonly queries: readonly TelemetryQuery[];
}

/** A measurement that somebody asks for. What it names exists in the model. */
export interface TelemetryQuery {
  /** `NAMESPACE/NAME` of the TrafficMetrics document. */
  readonly document: string;
  readonly resource: MeasuredResource;
  /** Absent: all traffic that the resource receives. */
  readonly edge?: {
    /** `to`: what the resource sends to the peer; `from`: what it receives from the peer. */
    readonly direction: 'to' | 'from';
    /** Whose proxy measures. */
    readonly side: 'client' | 'server';
    readonly peer: 'any' | MeasuredResource;
  };
  readonly origins: readonly Origin[];
}

/** Singular kind as Kubernetes spells it; a Namespace has no namespace, and without a name every object of the kind is meant. */
export interface MeasuredResource {
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
}
