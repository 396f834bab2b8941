import type { ObjectKey } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { ClusterPolicy, RequestPolicy, ServerPolicy } from '../model/policy.ts';

/** policy.smi-mesh.io/v1alpha1 TrafficPolicy, sorted by where its fields act. */
export interface TrafficPolicy {
  readonly meta: PolicyMeta;
  readonly targetRefs: NonEmpty<PolicyTarget>;
  /** Absent: every request. */
  readonly matches?: NonEmpty<PolicyMatch>;
  /** In the caller's proxy, for each request. */
  readonly request: Omit<RequestPolicy, 'mirror'> & { readonly mirror?: MirrorTo };
  /** In the caller's proxy, for the endpoints of a Service port. */
  readonly endpoints: ClusterPolicy;
  /** In the server's proxy. */
  readonly server: ServerPolicy;
  readonly tls?: TlsRule;
}

export interface PolicyMeta {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  /** RFC 3339; absent in files. */
  readonly creationTimestamp?: string;
}

export interface PolicyTarget {
  readonly kind: 'Service' | 'Namespace' | 'Mesh';
  readonly name?: string;
}

/** A reference to an HTTPRouteGroup of the policy's namespace. */
export interface PolicyMatch {
  readonly kind: string;
  readonly name: string;
  /** Names of matches; absent: all of the group. */
  readonly matches?: readonly string[];
}

export interface MirrorTo {
  /** Of the policy's namespace. */
  readonly service: string;
  /** Absent: the number of the port that the request is for. */
  readonly port?: number;
  /** In hundredths of a percent. */
  readonly share: number;
}

export interface TlsRule {
  readonly mode: 'strict' | 'permissive' | 'off';
  /** Container ports or Service ports; absent: all. */
  readonly ports?: NonEmpty<number>;
}

/** What could still be read of a policy that is refused: whom it was for, and that it asks for authentication. */
export interface RefusedPolicy {
  readonly meta: PolicyMeta;
  readonly targetRefs: NonEmpty<PolicyTarget>;
}
