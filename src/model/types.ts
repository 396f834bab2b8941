import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { SpiffeId } from '../lib/spiffe.ts';
import type { HttpMatch } from './http-match.ts';
import type { NamespaceId, ServiceId, WorkloadId, WorkloadSetId } from './names.ts';
import type { ClusterPolicy, PolicyLayer, RequestPolicy, ServerPolicy } from './policy.ts';
import type { TracingSettings } from './tracing.ts';

export type { HeaderMatch, HttpMatch, PathMatch } from './http-match.ts';
export type { NamespaceId, ServiceId, WorkloadId, WorkloadSetId } from './names.ts';
export type { TracingSettings } from './tracing.ts';
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

export interface MeshSettings {
  /** What happens to a request that no grant covers: refused, counted and let through, or never asked. */
  readonly accessMode: AccessMode;
  /** How a path regex is anchored: at the start (`spec`) or on both sides (`full`). Already applied in the model's regexes. */
  readonly pathRegexMode: 'spec' | 'full';
  readonly outboundMode: 'passthrough' | 'registry-only';
  /** Whether a TrafficTarget may open a destination of another namespace than its own. */
  readonly crossNamespaceTargets: 'refuse' | 'allow';
  /** The client's own sidecar, too, answers what no server would let in. Absent: it passes such requests on. */
  readonly clientAccess?: 'refuse';
  /** Absent: proxies say nothing about single requests, and the context of traces goes on as it came. */
  readonly tracing?: TracingSettings;
  /** `all`: sidecars log every request. Absent: those that are refused. */
  readonly accessLog?: 'all';
  /** `none`: sidecars count no traffic. Absent: all of it. */
  readonly metrics?: 'none';
  /** By name: other trust domains whose members can prove who they are to servers here. Absent: none. */
  readonly trustDomains?: Readonly<Record<string, TrustDomain>>;
}

export interface TrustDomain {
  /** PEM: its roots, which vouch for its own members and for nobody else. */
  readonly bundle: string;
}

export type AccessMode = 'deny' | 'audit' | 'allow';
export type Protocol = 'http' | 'tcp' | 'udp';

export interface Service {
  readonly id: ServiceId;
  readonly kind: 'mesh' | 'external';
  /**
   * Of an external service: the host outside the mesh, in lower case, to which its traffic goes on the port asked for, in
   * plain text. Without it, requests fail as without endpoints.
   */
  readonly externalName?: string;
  /** It has no selector: which endpoints it has is not known, and what a program sends to its cluster IP goes there. */
  readonly selectorless?: true;
  readonly namespace: NamespaceId;
  readonly name: string;
  /**
   * Lower-case names by which clients address it, without port: `name.ns`, `name.ns.svc`, `name.ns.svc.cluster.local`,
   * then those that its annotation gives it. No two services share one. The bare name is valid only for clients in the
   * same namespace and so is not listed here.
   */
  readonly hosts: NonEmpty<string>;
  /** Virtual addresses (cluster IPs); may be empty. */
  readonly vips: readonly string[];
  /** By port number, ascending; a TCP port before the UDP port of its number. */
  readonly ports: readonly ServicePort[];
  readonly origins: readonly Origin[];
}

export interface ServicePort {
  readonly port: number;
  readonly name?: string;
  readonly protocol: Protocol;
  /** The programs speak HTTP/2 with prior knowledge; otherwise an HTTP port speaks HTTP/1.1. */
  readonly http2?: true;
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
  /** Where it runs, as far as that is known. */
  readonly locality?: { readonly region?: string; readonly zone?: string };
  /** How others reach it: through a sidecar with mutual TLS, or directly in plain text. */
  readonly transport: 'mtls' | 'plain';
  /** Declared container ports and those that a Service reaches, ascending; a TCP port before the UDP port of its number. */
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
  /** The program speaks HTTP/2 with prior knowledge. */
  readonly http2?: true;
  /** Whether plain callers are let in beside or instead of those that prove an identity; absent: `strict`. */
  readonly tls?: 'permissive' | 'off';
  /** What says `tls`. */
  readonly origins?: readonly Origin[];
  /** Port on which the sidecar takes this container port's traffic; equal to `port` under interception. */
  readonly meshPort: number;
  /** Where the program itself listens, unless connections are redirected to the sidecar: then they go on to where they went. */
  readonly app: { readonly address: string; readonly port: number };
}

export interface OutboundBinding {
  readonly service: ServiceId;
  readonly port: number;
  /** It is the UDP port of that number. */
  readonly udp?: true;
  readonly listen: { readonly address: string; readonly port: number };
}

/** What a client's proxy does with traffic to a service; keys are port numbers in decimal, for UDP ports `53/udp`. */
export interface OutboundPolicy {
  readonly service: ServiceId;
  readonly ports: Readonly<Record<string, PortPolicy>>;
}

export interface PortPolicy {
  readonly port: number;
  readonly protocol: Protocol;
  /** First match wins; the last rule matches everything. */
  readonly rules: NonEmpty<OutboundRule>;
  /**
   * From the most specific to the least; each field of a request's policy is that of the first layer that covers the
   * request and has it. Absent: none.
   */
  readonly policies?: NonEmpty<PolicyLayer<RequestPolicy>>;
  /** How clients treat this port's endpoints, merged from the policies that say something; `policy` names all of them. */
  readonly endpoints?: PolicyLayer<ClusterPolicy>;
}

export interface OutboundRule {
  readonly from: 'any' | NonEmpty<NamespaceId | WorkloadSetId>;
  readonly match: HttpMatch | 'any';
  readonly to: Distribution;
  /** What its own source says of the requests that it takes; each field goes before those of the port's policies. */
  readonly policy?: PolicyLayer<RequestPolicy>;
  /** Empty for the implicit rule of a service that no split governs. */
  readonly origins: readonly Origin[];
}

export type Distribution =
  | { readonly kind: 'self' }
  | { readonly kind: 'weighted'; readonly targets: NonEmpty<WeightedTarget> }
  | Failing;

/** Requests are answered with `status`, absent: 503; connections are closed. */
export interface Failing {
  readonly kind: 'fail';
  readonly because: DiagnosticCode;
  readonly status?: 404 | 500;
}

/** In the order of the split's backends; the port is of the transport of the port that is split. Weights are relative whole numbers; at least one is positive. */
export interface WeightedTarget {
  readonly service: ServiceId;
  readonly port: number;
  readonly weight: number;
  readonly origins: readonly Origin[];
}

/** What a server's proxy lets in. Grants add up; what none covers is treated as `mode` says. */
export interface InboundPolicy {
  readonly set: WorkloadSetId;
  readonly mode: AccessMode;
  readonly grants: readonly Grant[];
  /** Of all that cover a request each applies. Absent: none. */
  readonly policies?: NonEmpty<PolicyLayer<ServerPolicy> & { readonly ports: NonEmpty<number> }>;
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
