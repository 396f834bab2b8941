import type { DataPlaneKind } from '../../kubernetes/names.ts';
import type { IpRange } from '../../lib/ip-range.ts';

/**
 * The settings of the controller: the document in the key `config.yaml` of the ConfigMap `smi-mesh-config`. Every field
 * has a default.
 */
export interface ControllerConfig {
  /** SPIFFE trust domain. */
  readonly trustDomain: string;
  /** DNS suffix of Services. */
  readonly clusterDomain: string;
  /** How long a workload's certificate is valid. */
  readonly svidLifetimeSeconds: number;
  readonly ca: AuthorityConfig;
  readonly webhooks: WebhookConfig;
  readonly injection: InjectionConfig;
  readonly crds: {
    /** Whether the controller applies the custom resource definitions itself. */
    readonly manage: boolean;
  };
  readonly trafficMetrics: {
    /** Whether the API `metrics.smi-spec.io` is served behind the aggregator of the cluster. */
    readonly api: boolean;
    /** How it says latencies: as the specification, or as the reference server did. */
    readonly latencyUnit: (typeof latencyUnits)[number];
    /** Who measures: the controller reads the proxies itself, or asks a Prometheus that reads them. */
    readonly source: TrafficSourceConfig;
  };
  readonly log: { readonly level: LogLevel };
}

export type TrafficSourceConfig =
  | { readonly kind: 'collector' }
  | {
      readonly kind: 'prometheus';
      /** Where it is, with the path before `/api/v1`, if any. */
      readonly url: string;
      /** Files of the controller's container: a bearer token, and PEM of authorities for its certificate. */
      readonly tokenFile?: string;
      readonly caFile?: string;
    };

export const latencyUnits = ['seconds', 'ms'] as const;

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where the certificate authority is: kept in a Secret, an issuer of cert-manager, or files of another authority. */
export type AuthorityConfig =
  | { readonly kind: 'secret' }
  | { readonly kind: 'cert-manager'; readonly issuer: IssuerReference }
  | {
      readonly kind: 'files';
      /** Holds `tls.crt`, `tls.key` and `ca.crt`. */
      readonly directory: string;
    };

export interface IssuerReference {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
}

export const certificateSources = ['self', 'cert-manager'] as const;
export const failurePolicies = ['Fail', 'Ignore'] as const;

export interface WebhookConfig {
  readonly certificates: (typeof certificateSources)[number];
  /** What the apiserver does with SMI objects while no replica answers. */
  readonly validationFailurePolicy: (typeof failurePolicies)[number];
  /** What the apiserver does with pods of meshed namespaces while no replica answers. */
  readonly injectionFailurePolicy: (typeof failurePolicies)[number];
}

export const nativeSidecarModes = ['auto', 'on', 'off'] as const;

export interface InjectionConfig {
  /** Of pods that name none. */
  readonly dataPlane: DataPlaneKind;
  readonly images: {
    /** smi-mesh itself: our proxy, the agent beside an Envoy, and the init container. */
    readonly mesh: string;
    readonly envoy: string;
    readonly pullPolicy: string;
  };
  readonly resources: {
    readonly cpuRequest: string;
    readonly memoryRequest: string;
    /** Absent: none. */
    readonly cpuLimit?: string;
    readonly memoryLimit?: string;
  };
  /** Whether sidecars are init containers that keep running (Kubernetes 1.29 and later); `auto` asks the cluster. */
  readonly nativeSidecars: (typeof nativeSidecarModes)[number];
  /** Whether a CNI plug-in redirects the pods' connections, so that they need no privileged init container. */
  readonly cni: boolean;
  /** Added to what each pod excludes. */
  readonly exclude: {
    readonly inboundPorts: readonly number[];
    readonly outboundPorts: readonly number[];
    readonly outboundRanges: readonly IpRange[];
    readonly uids: readonly number[];
  };
}
