import type { ControllerConfig, InjectionConfig, LogLevel } from '../config/controller/types.ts';
import { type Interception, interceptEverything } from '../interception/interception.ts';
import { type DataPlaneKind, systemNamespace } from '../kubernetes/names.ts';

/** Quantities of Kubernetes; what is absent is not set. */
export interface ResourceSettings {
  readonly cpuRequest?: string;
  readonly cpuLimit?: string;
  readonly memoryRequest?: string;
  readonly memoryLimit?: string;
}

/** What the operator of the mesh decides for all pods; annotations of a pod say more. */
export interface InjectionSettings {
  readonly images: {
    /** Of this program: interception, our proxy and the agent beside an Envoy. */
    readonly mesh: string;
    readonly envoy: string;
    readonly pullPolicy?: string;
  };
  /** Of pods that name none. */
  readonly dataPlane: DataPlaneKind;
  /** Of the container that carries the traffic. */
  readonly resources: ResourceSettings;
  /** Of the agent beside an Envoy. */
  readonly agentResources: ResourceSettings;
  /** `auto`: where the apiserver is of version 1.29 or later. */
  readonly nativeSidecars: InjectionConfig['nativeSidecars'];
  /** The rules of redirection are set by the CNI plug-in of each node instead of a privileged init container. */
  readonly cni: boolean;
  /** For every pod, beside what its annotations say. */
  readonly interception: Interception;
  readonly logLevel: LogLevel;
}

/** What sidecars and the injection know of their mesh. */
export interface MeshIdentity {
  readonly trustDomain: string;
  readonly clusterDomain: string;
  /** Where the control plane runs. */
  readonly systemNamespace: string;
}

export const defaultMeshIdentity: MeshIdentity = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  systemNamespace,
};

export const defaultInjectionSettings: InjectionSettings = {
  images: { mesh: 'ghcr.io/smi-mesh/smi-mesh', envoy: 'docker.io/envoyproxy/envoy:distroless-v1.40.0' },
  dataPlane: 'proxy',
  resources: { cpuRequest: '50m', memoryRequest: '96Mi', memoryLimit: '512Mi' },
  agentResources: { cpuRequest: '10m', memoryRequest: '64Mi', memoryLimit: '256Mi' },
  nativeSidecars: 'auto',
  cni: false,
  interception: interceptEverything,
  logLevel: 'info',
};

/** What the settings of the controller say to the injection. */
export function injectionSettings({ injection, log }: ControllerConfig): InjectionSettings {
  const { images, dataPlane, resources, nativeSidecars, cni, exclude } = injection;
  return {
    images,
    dataPlane,
    resources,
    agentResources: defaultInjectionSettings.agentResources,
    nativeSidecars,
    cni,
    interception: {
      excludeInboundPorts: exclude.inboundPorts,
      excludeOutboundPorts: exclude.outboundPorts,
      excludeOutboundRanges: exclude.outboundRanges,
      includeOutboundRanges: [],
      excludeUids: exclude.uids,
    },
    logLevel: log.level,
  };
}
