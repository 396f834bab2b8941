import type { ObjectKey } from '../diagnostics/origin.ts';
import type { DeploymentObject, PodObject, ServiceAccountObject, ServiceObject } from '../kubernetes/types.ts';
import type { MeshSettings } from '../model/types.ts';
import type {
  HTTPRouteGroup,
  IdentityBinding,
  TCPRoute,
  TrafficMetricsDocument,
  TrafficSplit,
  TrafficTarget,
  UDPRoute,
} from '../smi/types.ts';

/** Everything that the compiler reads, decoded and individually valid. Order does not matter. */
export interface MeshInput {
  readonly services: readonly ServiceObject[];
  readonly serviceAccounts: readonly ServiceAccountObject[];
  readonly pods: readonly PodObject[];
  readonly deployments: readonly DeploymentObject[];
  readonly splits: readonly TrafficSplit[];
  readonly targets: readonly TrafficTarget[];
  readonly routeGroups: readonly HTTPRouteGroup[];
  readonly tcpRoutes: readonly TCPRoute[];
  readonly udpRoutes?: readonly UDPRoute[];
  readonly identityBindings?: readonly IdentityBinding[];
  readonly trafficMetrics?: readonly TrafficMetricsDocument[];
  /** The settings of the mesh where an object states them; they go before those of the options. */
  readonly meshConfig?: MeshConfigObject;
  /** Objects that were there but had errors; only what is said of references to them depends on it. */
  readonly refused?: readonly ObjectKey[];
}

/** Mesh settings from an object; each that is absent keeps the value of the options. */
export interface MeshConfigObject {
  readonly meta: { readonly key: ObjectKey };
  readonly settings: Partial<MeshSettings>;
}
