import type { ObjectKey } from '../diagnostics/origin.ts';
import type { DeploymentObject, PodObject, ServiceAccountObject, ServiceObject } from '../kubernetes/types.ts';
import type { HTTPRouteGroup, TCPRoute, TrafficSplit, TrafficTarget } from '../smi/types.ts';

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
  /** Objects that were there but had errors; only what is said of references to them depends on it. */
  readonly refused?: readonly ObjectKey[];
}
