import type { ObjectKey } from '../diagnostics/origin.ts';

/**
 * The hub types: the newest version of each SMI kind. Every served version decodes into them. The field paths of origins
 * are those of the hub; the source maps them to the version that the user wrote.
 */
export interface SmiMeta {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339; absent in files. */
  readonly creationTimestamp?: string;
}

/** split.smi-spec.io/v1alpha4 TrafficSplit. */
export interface TrafficSplit {
  readonly meta: SmiMeta;
  readonly service: string;
  readonly backends: readonly { readonly service: string; readonly weight: number }[];
  /** Absent: the split is unconditional. */
  readonly matches?: readonly { readonly kind: string; readonly name: string }[];
}

/** access.smi-spec.io TrafficTarget. */
export interface TrafficTarget {
  readonly meta: SmiMeta;
  readonly destination: Subject;
  readonly rules: readonly TargetRule[];
  readonly sources: readonly Subject[];
}

export interface Subject {
  readonly kind: string;
  readonly name: string;
  /** Absent: the target's own namespace. */
  readonly namespace?: string;
}

export interface TargetRule {
  readonly kind: string;
  readonly name: string;
  /** Absent: every match of the group. */
  readonly matches?: readonly string[];
}

/** specs.smi-spec.io/v1alpha4 HTTPRouteGroup. */
export interface HTTPRouteGroup {
  readonly meta: SmiMeta;
  readonly matches: readonly RouteMatch[];
}

export interface RouteMatch {
  readonly name: string;
  readonly pathRegex?: string;
  /** Empty, absent or containing `*`: every method. */
  readonly methods?: readonly string[];
  /** Header name to regex; both wire forms decode to this. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** specs.smi-spec.io/v1alpha4 TCPRoute. */
export interface TCPRoute {
  readonly meta: SmiMeta;
  /** Empty: every port. */
  readonly ports: readonly number[];
}
