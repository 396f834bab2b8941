import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { Guard } from './guards.ts';
import type { FieldInForce } from './policy-fields.ts';
import type { HttpMatch, ServiceId, SpiffeId, WorkloadId, WorkloadSetId } from './types.ts';

/** A request as a client program makes it. Header names are lower case. */
export type TrafficRequest = HttpRequest | TcpRequest | UdpRequest;

interface RequestBase {
  /** The workload whose sidecar takes the request. */
  readonly from: WorkloadId;
  /** The service and port that it connects to, by any name that the service has for this client. */
  readonly to: { readonly host: string; readonly port: number };
}

export interface HttpRequest extends RequestBase {
  readonly kind: 'http';
  readonly method: string;
  /** Request target in origin form as written on the wire, query included. */
  readonly path: string;
  /** Without `host`, the authority is `to.host`. A list means that the header is repeated. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export interface TcpRequest extends RequestBase {
  readonly kind: 'tcp';
}

/** The datagrams of one flow: from one socket of the program. */
export interface UdpRequest extends RequestBase {
  readonly kind: 'udp';
}

/** What arrives at a server's sidecar: who, to which container port of which workload, with what. */
export type InboundRequest =
  | (Arriving & { readonly kind: 'tcp' | 'udp' })
  | (Arriving & {
      readonly kind: 'http';
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
    });

interface Arriving {
  readonly peer: SpiffeId;
  /** The connection is in plain text: nothing is proven, and `peer` does not count. */
  readonly plain?: true;
  /** The workload that sends it, where that is known; or the address that it comes from. Without either no pod is recognised. */
  readonly from?: WorkloadId | { readonly address: string };
  readonly workload: WorkloadId;
  readonly port: number;
}

/** The meaning of a request: where it goes, with which shares, and whether each destination lets it in. */
export interface Decision {
  /** `outside`: the request goes to the host that the program named, which the mesh does not know; nobody is asked. */
  readonly outcome: 'routed' | 'rejected' | 'outside';
  /** For `rejected`: the HTTP status that the client's proxy answers (400, 404, 503), or 0 for a closed connection and dropped datagrams. */
  readonly status?: number;
  /** For `rejected`: why, as one sentence; with the code where a diagnostic has been reported. */
  readonly because?: { readonly text: string; readonly code?: DiagnosticCode };
  readonly service?: ServiceId;
  /** The outbound rule that matched; no origins for a service that no split governs. */
  readonly rule?: { readonly index: number; readonly match: HttpMatch | 'any'; readonly origins: readonly Origin[] };
  readonly targets: readonly DecisionTarget[];
  /** What TrafficPolicies make the client's proxy do with the request; absent: nothing. */
  readonly policies?: readonly FieldInForce[];
}

export interface DecisionTarget {
  readonly service: ServiceId;
  readonly port: number;
  /** Exact share: weight / total. */
  readonly weight: number;
  readonly total: number;
  /**
   * `allow` or `deny` when all workloads of the backend agree, `mixed` when they do not, `unavailable` when it has no
   * ready workload (the request fails with 503). A host outside the mesh allows: nobody is asked.
   */
  readonly verdict: 'allow' | 'deny' | 'mixed' | 'unavailable';
  /** Of `deny`: already the client's sidecar refuses. */
  readonly atClient?: true;
  readonly sets: readonly SetVerdict[];
  /** How TrafficPolicies make the client's proxy treat the endpoints; absent: not at all. */
  readonly endpoints?: readonly FieldInForce[];
  readonly origins: readonly Origin[];
}

export interface SetVerdict {
  readonly set: WorkloadSetId;
  readonly workloads: readonly WorkloadId[];
  readonly access: AccessVerdict;
}

export interface AccessVerdict {
  readonly verdict: 'allow' | 'deny' | 'reject';
  /** For `reject`: the HTTP status answered before grants are asked (a path without normal form: 400; no token: 401). */
  readonly status?: number;
  /** The grants that cover the request, or under `audit` none although it passes. */
  readonly grants: readonly { readonly rule: string; readonly origins: readonly Origin[] }[];
  /** For `deny`: the grant that came nearest and what kept it from covering the request. */
  readonly nearest?: {
    readonly rule: string;
    readonly missing: 'source' | 'port' | 'method' | 'path' | 'header';
    readonly origins: readonly Origin[];
  };
  /**
   * What TrafficPolicies ask beside: a verdict of `allow` means that tokens are good and limits not reached. Absent: nothing.
   */
  readonly guards?: readonly Guard[];
  /** True when `audit` or `allow` mode lets through what no grant covers. */
  readonly unmatched?: boolean;
}
