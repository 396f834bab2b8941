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

/** access.smi-spec.io/v1alpha4 TrafficTarget. */
export interface TrafficTarget {
  readonly meta: SmiMeta;
  readonly destination: Subject;
  /**
   * `destination.port` of v1alpha1 and v1alpha2, which later versions have no field for: narrows like a TCPRoute with this
   * one port. Its origin is `spec.destination.port`.
   */
  readonly destinationPort?: number;
  readonly rules: readonly TargetRule[];
  readonly sources: readonly Subject[];
}

export interface Subject {
  /** `ServiceAccount` or `IdentityBinding`. */
  readonly kind: string;
  readonly name: string;
  /** Absent: the target's own namespace. */
  readonly namespace?: string;
  /** The API group of the kind, as written; nothing depends on it. */
  readonly group?: string;
}

export interface TargetRule {
  readonly kind: string;
  readonly name: string;
  /** Absent: every match of the group. */
  readonly matches?: readonly string[];
}

/** access.smi-spec.io/v1alpha4 IdentityBinding. It speaks for workloads of its own namespace only. */
export interface IdentityBinding {
  readonly meta: SmiMeta;
  /** Alternatives: whoever one of them covers is meant. At least one is present. */
  readonly schemes: {
    /** `matchLabels` of pods; never empty. */
    readonly podLabelSelector?: Readonly<Record<string, string>>;
    /** SPIFFE ids with their scheme, valid and in normal form; never empty. */
    readonly spiffeIdentities?: readonly string[];
    /** Name of a service account. */
    readonly serviceAccount?: string;
  };
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

/** specs.smi-spec.io/v1alpha4 UDPRoute. */
export interface UDPRoute {
  readonly meta: SmiMeta;
  /** Empty: every port. */
  readonly ports: readonly number[];
}

/**
 * metrics.smi-spec.io/v1alpha2 TrafficMetrics: a question about traffic (its resource, edge and backend), with the answer
 * (window and metrics) when it was written by a metrics server.
 */
export interface TrafficMetricsDocument {
  readonly meta: SmiMeta;
  readonly resource: MetricsReference;
  readonly edge?: {
    /** `to`: traffic that the resource sends; `from`: traffic that it receives. */
    readonly direction: 'to' | 'from';
    /** Whose proxy measured; absent: not stated. */
    readonly side?: 'client' | 'server';
    /** Absent: any peer. */
    readonly resource?: MetricsReference;
  };
  /** Only where the resource is a TrafficSplit. */
  readonly backend?: { readonly apex?: string; readonly name: string; readonly weight?: number };
  /** RFC 3339. */
  readonly timestamp?: string;
  /** Go duration, such as `30s`. */
  readonly window?: string;
  /** Values are Kubernetes quantities. */
  readonly metrics: readonly { readonly name: string; readonly unit?: string; readonly value: string }[];
}

/** A core/v1 ObjectReference as far as metrics use it. */
export interface MetricsReference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly apiVersion?: string;
}
