import type { ObjectMeta } from '../kubernetes/types.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { FieldOrigin, RequestPolicy } from '../model/policy.ts';
import type { HttpMatch } from '../model/types.ts';

/**
 * A route of Gateway API as a mesh reads it (GAMMA): bound to Services. What no mesh model can say has been reported, and
 * narrows: a match that is not here matches nothing, and a rule that `fails` answers its requests with an error.
 */
export interface GatewayRoute {
  readonly kind: RouteKind;
  readonly meta: ObjectMeta;
  readonly parents: readonly ServiceParent[];
  readonly rules: readonly RouteRule[];
}

export type RouteKind = 'HTTPRoute' | 'GRPCRoute' | 'TCPRoute' | 'UDPRoute';

export interface ServiceParent {
  readonly path: string;
  readonly namespace: string;
  readonly name: string;
  /** Absent: every port. */
  readonly port?: number;
  /** Name of the port. Absent: any. */
  readonly section?: string;
}

export interface RouteRule {
  readonly path: string;
  /** Empty: none of those that are written can be used, and the rule takes no request. */
  readonly matches: readonly RankedMatch[];
  readonly backends: readonly BackendRef[];
  /** Something that must not be skipped cannot be said. */
  readonly fails: boolean;
  readonly policy: RulePolicy;
}

/** A match with its place in the API's precedence: compared from the first number on, the greater one goes first. */
export interface RankedMatch {
  readonly match: HttpMatch | 'any';
  readonly path: string;
  readonly rank: NonEmpty<number>;
}

export interface BackendRef {
  readonly path: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
  readonly weight: number;
  /** It asks for something that cannot be said, which has been reported. */
  readonly unusable: boolean;
}

/** What filters, timeouts and retries of a rule ask of clients. */
export interface RulePolicy {
  readonly fields: Omit<RequestPolicy, 'mirror'>;
  readonly mirror?: { readonly to: BackendRef; readonly share: number };
  readonly origins: readonly FieldOrigin[];
}

/** gateway.networking.k8s.io ReferenceGrant: which routes of other namespaces may name Services of its own. */
export interface ReferenceGrant {
  readonly meta: ObjectMeta;
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  /** Without a name: all of the kind. */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
}
