import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { HttpMatch, ServiceId, SpiffeId, WorkloadId, WorkloadSetId } from '../model/types.ts';
import type { Difference } from './differences.ts';
import type { Verdict } from './verdict.ts';

/** A request in people's words: names instead of ids. Header names in any case. */
export interface Question {
  /** Pod, Deployment or other owner, ServiceAccount, Service, SPIFFE id, address or host. */
  readonly from: string;
  /** `HOST[:PORT]` as the client names a Service, or pods by one of their names. */
  readonly to: string;
  /** Absent: GET. */
  readonly method?: string;
  /** With its query; absent: `/`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A plain connection, also to a port that speaks HTTP. */
  readonly tcp?: boolean;
  /** A datagram. */
  readonly udp?: boolean;
}

/** What a mesh does with one request, and because of which fields of which objects. Plain data. */
export interface Explanation {
  readonly verdict: Verdict;
  readonly request: ExplainedRequest;
  readonly client: {
    readonly workload: WorkloadId;
    /** `NAMESPACE/NAME` of its ServiceAccount. */
    readonly account: string;
    readonly identity: SpiffeId;
    readonly owners: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly to: {
    /** The Service, or the pods that are asked directly: `default/shop`, `Pod default/shop-0`. */
    readonly name: string;
    readonly service?: ServiceId;
    /** Of the Service; of the container where pods are asked directly. */
    readonly port: number;
    /** The host that the client asks for. */
    readonly host?: string;
  };
  /** Why the request reaches nobody. */
  readonly rejection?: {
    readonly answer: string;
    /** Of HTTP. */
    readonly status?: number;
    readonly text: string;
    readonly code?: DiagnosticCode;
  };
  /** The request goes to a host that the mesh does not know, as the program asked for it; nobody is asked. */
  readonly outside?: true;
  /** Absent where no rule is asked: pods directly, or no such service. */
  readonly route?: Route;
  /** Every backend, those with share 0 too. */
  readonly backends: readonly Backend[];
  readonly policies: readonly PolicyInForce[];
  /** What was assumed or could be meant otherwise; sentences without their full stop. */
  readonly notes: readonly string[];
}

export type ExplainedRequest =
  | {
      readonly kind: 'http';
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
    }
  | { readonly kind: 'tcp' | 'udp' };

/** The outbound rule that applies in the client's proxy. */
export interface Route {
  /** From 0, and of how many. */
  readonly index: number;
  readonly rules: number;
  readonly match: HttpMatch | 'any';
  /** Empty for the service's own endpoints. */
  readonly origins: readonly Origin[];
  /** The rules before it, and why each does not apply. */
  readonly passedOver: readonly {
    readonly index: number;
    readonly differences: readonly Difference[];
    readonly origins: readonly Origin[];
  }[];
}

export interface Backend {
  /** Absent where pods are asked directly. */
  readonly service?: ServiceId;
  readonly port: number;
  readonly weight: number;
  readonly total: number;
  /** Of 100, exact up to rounding in the last digit of a double. */
  readonly percent: number;
  readonly verdict: 'allow' | 'deny' | 'mixed' | 'unavailable';
  /** Of `deny`: already the client's proxy refuses. */
  readonly atClient?: true;
  /** The host outside the mesh that the service stands for; nobody is asked there. */
  readonly outside?: string;
  readonly origins: readonly Origin[];
  readonly servers: readonly Server[];
  /** How the client's proxy treats its endpoints, as TrafficPolicies say; absent: not at all. */
  readonly endpoints?: readonly PolicyInForce[];
}

/** Pods of one backend that answer alike. */
export interface Server {
  readonly set: WorkloadSetId;
  readonly workloads: readonly WorkloadId[];
  readonly transport: 'mtls' | 'plain';
  readonly verdict: 'allow' | 'deny' | 'reject';
  /** What the client gets: `allowed`, `denied with 403` ... */
  readonly answer: string;
  /** What TrafficPolicies ask beside the grants; absent: nothing. */
  readonly asks?: readonly PolicyInForce[];
  /** The grants that let the request in. */
  readonly grants: readonly CoveringGrant[];
  readonly denial?: Denial;
}

export interface CoveringGrant {
  /** `NAMESPACE/NAME` of the TrafficTarget. */
  readonly rule: string;
  readonly origins: readonly Origin[];
}

/** What came nearest to letting the request in, and all that would have to differ. */
export interface Denial {
  /** Absent when nothing has these pods as destination. */
  readonly rule?: string;
  readonly differences: readonly Difference[];
}

/** What a setting, a default, or a field of a TrafficPolicy makes the proxies do. */
export interface PolicyInForce {
  /** `access`, `transport`, or a field of TrafficPolicy: `timeouts`. */
  readonly policy: string;
  readonly text: string;
  /** Where the TrafficPolicy says it; absent for settings and defaults. */
  readonly origins?: readonly Origin[];
}
