import type { ObjectKey } from '../diagnostics/origin.ts';

/** The parts of `metadata` that decide something. `namespace` is filled in (`default`). */
export interface ObjectMeta {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339; absent in files. */
  readonly creationTimestamp?: string;
  readonly owners: readonly { readonly kind: string; readonly name: string; readonly uid?: string }[];
}

/** core/v1 Service, as far as routing needs it. */
export interface ServiceObject {
  readonly meta: ObjectMeta;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** As it is written; of an ExternalName Service. */
  readonly externalName?: string;
  /** Empty when headless or unknown. */
  readonly clusterIPs: readonly string[];
  /** Absent for a Service without selector. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePortObject[];
}

export interface ServicePortObject {
  readonly name?: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly targetPort: number | string;
  readonly appProtocol?: string;
}

export interface ContainerPortObject {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface ProbeObject {
  readonly httpGet?: {
    readonly path: string;
    readonly port: number | string;
    readonly headers: readonly { readonly name: string; readonly value: string }[];
  };
  readonly tcpSocket?: { readonly port: number | string };
  readonly exec?: { readonly command: readonly string[] };
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

export interface ContainerObject {
  readonly name: string;
  readonly image?: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly ContainerPortObject[];
  readonly readinessProbe?: ProbeObject;
}

export interface PodSpecObject {
  readonly serviceAccountName: string;
  readonly containers: readonly ContainerObject[];
}

export interface PodObject {
  readonly meta: ObjectMeta;
  /** Of a pod that exists in a cluster. */
  readonly uid?: string;
  /** Without the containers of a sidecar. */
  readonly spec: PodSpecObject;
  /** It has the addresses of its node. */
  readonly hostNetwork?: true;
  /** `spec.nodeName`; absent until it is scheduled. */
  readonly nodeName?: string;
  /** `status.podIPs`; empty when not running. */
  readonly ips: readonly string[];
  /** The `Ready` condition, and false once it is being deleted; undefined when there is no status at all (a manifest). */
  readonly ready?: boolean;
  /** It is being deleted, and still serves. */
  readonly ends?: true;
}

/**
 * What makes pods from a template: a Deployment, StatefulSet, DaemonSet or ReplicaSet of apps/v1, or a Job of batch/v1.
 * Which one it is, its key says.
 */
export interface PodOwnerObject {
  readonly meta: ObjectMeta;
  /** As many as run at a time; of a DaemonSet, whose number depends on the nodes, one. */
  readonly replicas: number;
  /** Number of the first pod of a StatefulSet; absent: 0. */
  readonly firstOrdinal?: number;
  readonly template: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly spec: PodSpecObject;
  };
}

/** apps/v1 Deployment. */
export type DeploymentObject = PodOwnerObject;

export interface ServiceAccountObject {
  readonly meta: ObjectMeta;
}

/** core/v1 Node; its labels say where it stands. It is cluster-scoped, whatever namespace `meta` has. */
export interface NodeObject {
  readonly meta: ObjectMeta;
}

/** core/v1 Namespace; its labels and annotations matter. */
export interface NamespaceObject {
  readonly meta: ObjectMeta;
}

/** discovery.k8s.io/v1 EndpointSlice: addresses behind one Service. */
export interface EndpointSliceObject {
  readonly meta: ObjectMeta;
  /** Name of the Service in the same namespace; absent when the slice belongs to none. */
  readonly service?: string;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    /** Not stated counts as ready (EndpointConditions.ready). */
    readonly ready: boolean;
    /** Name of the Pod at the addresses. */
    readonly pod?: string;
    readonly zone?: string;
  }[];
  /** A port without number means every port. */
  readonly ports: readonly {
    readonly name?: string;
    readonly port?: number;
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
    readonly appProtocol?: string;
  }[];
}
