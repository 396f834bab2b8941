import type { DecodedConfig } from '../config/decode.ts';
import type { MeshConfigObject } from '../config/types.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import type { GatewayObject } from '../gateway/decode.ts';
import type { GatewayRoute, ReferenceGrant } from '../gateway/types.ts';
import type { KubernetesObject } from '../kubernetes/decode.ts';
import type {
  DeploymentObject,
  EndpointSliceObject,
  NamespaceObject,
  NodeObject,
  PodObject,
  PodOwnerObject,
  ServiceAccountObject,
  ServiceObject,
} from '../kubernetes/types.ts';
import type { DecodedPolicy } from '../policy/decode.ts';
import type { RefusedPolicy, TrafficPolicy } from '../policy/types.ts';
import type { SmiObject } from '../smi/decoded.ts';
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
  /** StatefulSets, DaemonSets, ReplicaSets and Jobs. */
  readonly podOwners?: readonly PodOwnerObject[];
  readonly namespaces?: readonly NamespaceObject[];
  readonly nodes?: readonly NodeObject[];
  readonly endpointSlices?: readonly EndpointSliceObject[];
  readonly splits: readonly TrafficSplit[];
  readonly targets: readonly TrafficTarget[];
  readonly routeGroups: readonly HTTPRouteGroup[];
  readonly tcpRoutes: readonly TCPRoute[];
  readonly udpRoutes?: readonly UDPRoute[];
  readonly identityBindings?: readonly IdentityBinding[];
  readonly trafficMetrics?: readonly TrafficMetricsDocument[];
  readonly policies?: readonly TrafficPolicy[];
  /** Routes of Gateway API, and what opens Services to those of other namespaces. */
  readonly gatewayRoutes?: readonly GatewayRoute[];
  readonly referenceGrants?: readonly ReferenceGrant[];
  /** The settings of the mesh where an object states them; they go before those of the options. */
  readonly meshConfig?: MeshConfigObject;
  /** Objects that were there but had errors: references to them are reported otherwise, and a MeshConfig among them narrows. */
  readonly refused?: readonly ObjectKey[];
  /** Of the policies among them those that ask for authentication: what they are for stays closed. */
  readonly refusedPolicies?: readonly RefusedPolicy[];
}

/** One decoded object, with its kind. */
export type MeshObject =
  | SmiObject
  | KubernetesObject
  | GatewayObject
  | NonNullable<DecodedConfig['value']>
  | NonNullable<DecodedPolicy['value']>;

/** One object as the compiler is to see it: in force, or there with an error and what is left of it all the same. */
export type ObjectState =
  | { readonly object: MeshObject }
  | { readonly refused: true; readonly policies: readonly RefusedPolicy[] };

/** What is different from the input before: the objects by key as they are now; `undefined` for one that is gone. */
export type InputChanges = ReadonlyMap<ObjectKey, ObjectState | undefined>;
