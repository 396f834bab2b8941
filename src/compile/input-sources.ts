import { meshConfigKey } from '../config/decode.ts';
import type { MeshConfigObject } from '../config/types.ts';
import { type ObjectKey, parseObjectKey } from '../diagnostics/origin.ts';
import type { GatewayRoute, ReferenceGrant } from '../gateway/types.ts';
import { gatewayGroup } from '../gateway/versions.ts';
import type {
  EndpointSliceObject,
  NodeObject,
  PodObject,
  PodOwnerObject,
  ServiceAccountObject,
  ServiceObject,
} from '../kubernetes/types.ts';
import { nonEmpty } from '../lib/collections.ts';
import type { Graph } from '../lib/incremental/graph.ts';
import { Source } from '../lib/incremental/stage.ts';
import type { MeshSettings, ServiceId, WorkloadId } from '../model/types.ts';
import type { RefusedPolicy, TrafficPolicy } from '../policy/types.ts';
import type {
  HTTPRouteGroup,
  IdentityBinding,
  TCPRoute,
  TrafficMetricsDocument,
  TrafficSplit,
  TrafficTarget,
  UDPRoute,
} from '../smi/types.ts';
import type { InputChanges, MeshInput, MeshObject, ObjectState } from './input.ts';
import { meshSettings } from './mesh-settings.ts';
import type { CompileOptions } from './options.ts';

/** The objects that passes read. Keys are `NAMESPACE/NAME` unless something else is said. */
export interface InputSources {
  readonly services: Source<ServiceId, ServiceObject>;
  readonly serviceAccounts: Source<string, ServiceAccountObject>;
  readonly pods: Source<WorkloadId, PodObject>;
  /** By object key: owners of several kinds may share a name. */
  readonly podOwners: Source<ObjectKey, PodOwnerObject>;
  /** By name. */
  readonly nodes: Source<string, NodeObject>;
  readonly endpointSlices: Source<string, EndpointSliceObject>;
  readonly splits: Source<string, TrafficSplit>;
  readonly targets: Source<string, TrafficTarget>;
  readonly routeGroups: Source<string, HTTPRouteGroup>;
  readonly tcpRoutes: Source<string, TCPRoute>;
  readonly udpRoutes: Source<string, UDPRoute>;
  readonly identityBindings: Source<string, IdentityBinding>;
  readonly trafficMetrics: Source<string, TrafficMetricsDocument>;
  readonly policies: Source<string, TrafficPolicy>;
  /** By object key: routes of several kinds may share a name. */
  readonly gatewayRoutes: Source<ObjectKey, GatewayRoute>;
  readonly referenceGrants: Source<string, ReferenceGrant>;
  /** What is left of refused policies; several objects with one name leave several. */
  readonly refusedPolicies: Source<string, readonly RefusedPolicy[]>;
  readonly refused: Source<ObjectKey, true>;
  readonly settings: Source<keyof MeshSettings, NonNullable<MeshSettings[keyof MeshSettings]>>;
  readonly domains: Source<'trustDomain' | 'clusterDomain', string>;
  readonly sidecars: Source<'all', 'foreign'>;
  readonly meshNamespaces: Source<'all', readonly string[]>;
  /** The modes of namespaces that differ from that of the mesh. */
  readonly pathRegexModes: Source<string, MeshSettings['pathRegexMode']>;
}

/** Keeps the input of a compiler: takes it whole, or what has changed of it. */
export class Input {
  readonly sources: InputSources;
  #meshConfig: MeshConfigObject | undefined;

  constructor(graph: Graph) {
    const source = () => new Source<never, never>(graph);
    this.sources = {
      services: source(),
      serviceAccounts: source(),
      pods: source(),
      podOwners: source(),
      nodes: source(),
      endpointSlices: source(),
      splits: source(),
      targets: source(),
      routeGroups: source(),
      tcpRoutes: source(),
      udpRoutes: source(),
      identityBindings: source(),
      trafficMetrics: source(),
      policies: source(),
      gatewayRoutes: source(),
      referenceGrants: source(),
      refusedPolicies: source(),
      refused: source(),
      settings: source(),
      domains: source(),
      sidecars: source(),
      meshNamespaces: source(),
      pathRegexModes: source(),
    } as unknown as InputSources;
  }

  /** The whole input. Of two objects with one name the first stands. */
  replace(input: MeshInput): void {
    const { sources } = this;
    sources.services.replace(named(input.services) as ReadonlyMap<ServiceId, ServiceObject>);
    sources.serviceAccounts.replace(named(input.serviceAccounts));
    sources.pods.replace(named(input.pods) as ReadonlyMap<WorkloadId, PodObject>);
    sources.podOwners.replace(byKey([...input.deployments, ...(input.podOwners ?? [])], ({ meta }) => meta.key));
    sources.nodes.replace(byKey(input.nodes ?? [], ({ meta }) => meta.name));
    sources.endpointSlices.replace(named(input.endpointSlices ?? []));
    sources.splits.replace(named(input.splits));
    sources.targets.replace(named(input.targets));
    sources.routeGroups.replace(named(input.routeGroups));
    sources.tcpRoutes.replace(named(input.tcpRoutes));
    sources.udpRoutes.replace(named(input.udpRoutes ?? []));
    sources.identityBindings.replace(named(input.identityBindings ?? []));
    sources.trafficMetrics.replace(named(input.trafficMetrics ?? []));
    sources.policies.replace(named(input.policies ?? []));
    sources.gatewayRoutes.replace(byKey(input.gatewayRoutes ?? [], ({ meta }) => meta.key));
    sources.referenceGrants.replace(named(input.referenceGrants ?? []));
    sources.refusedPolicies.replace(Map.groupBy(input.refusedPolicies ?? [], idOf));
    sources.refused.replace(new Map((input.refused ?? []).map((key) => [key, true])));
    this.#meshConfig = input.meshConfig;
  }

  /** What is different from before. */
  apply(changes: InputChanges): void {
    for (const [key, state] of changes) this.#put(key, state);
  }

  /** The settings in force: those of the MeshConfig before those that are given. */
  settle({ settings: given, trustDomain, clusterDomain, meshNamespaces, sidecars }: CompileOptions): MeshSettings {
    const { settings, domains, pathRegexModes, refused } = this.sources;
    domains.put('trustDomain', trustDomain);
    domains.put('clusterDomain', clusterDomain);
    this.sources.meshNamespaces.put('all', meshNamespaces);
    this.sources.sidecars.put('all', sidecars);
    const inForce = meshSettings(this.#meshConfig, refused.peek(meshConfigKey) === true, given);
    settings.replace(new Map(Object.entries(inForce)) as Parameters<typeof settings.replace>[0]);
    const namespaces = Object.entries(this.#meshConfig?.namespaces ?? {});
    pathRegexModes.replace(
      new Map(namespaces.flatMap(([name, { pathRegexMode: mode }]) => (mode === undefined ? [] : [[name, mode]]))),
    );
    return inForce;
  }

  #put(key: ObjectKey, state: ObjectState | undefined): void {
    const { sources } = this;
    const object = state !== undefined && 'object' in state ? state.object : undefined;
    const refused = state !== undefined && 'refused' in state ? state : undefined;
    sources.refused.put(key, refused?.refused);
    if (key === meshConfigKey) {
      this.#meshConfig = object?.kind === 'MeshConfig' ? object.value : undefined;
      return;
    }
    const { group, kind, namespace, name } = parseObjectKey(key);
    const list = sourceOfKind[`${group}/${kind}`];
    if (list === undefined) return;
    const id = `${namespace}/${name}`;
    const place = list === 'podOwners' || list === 'gatewayRoutes' ? key : list === 'nodes' ? name : id;
    (sources[list] as unknown as Source<string, MeshObject['value']>).put(place, object?.value);
    if (list === 'policies') sources.refusedPolicies.put(id, nonEmpty(refused?.policies ?? []));
  }
}

/** By API group and kind: objects of other groups may have the kind too. */
const sourceOfKind: Readonly<Record<string, keyof InputSources>> = {
  'core/Service': 'services',
  'core/ServiceAccount': 'serviceAccounts',
  'core/Pod': 'pods',
  'core/Node': 'nodes',
  'apps/Deployment': 'podOwners',
  'apps/StatefulSet': 'podOwners',
  'apps/DaemonSet': 'podOwners',
  'apps/ReplicaSet': 'podOwners',
  'batch/Job': 'podOwners',
  'discovery.k8s.io/EndpointSlice': 'endpointSlices',
  'split.smi-spec.io/TrafficSplit': 'splits',
  'access.smi-spec.io/TrafficTarget': 'targets',
  'access.smi-spec.io/IdentityBinding': 'identityBindings',
  'specs.smi-spec.io/HTTPRouteGroup': 'routeGroups',
  'specs.smi-spec.io/TCPRoute': 'tcpRoutes',
  'specs.smi-spec.io/UDPRoute': 'udpRoutes',
  'metrics.smi-spec.io/TrafficMetrics': 'trafficMetrics',
  'policy.smi-mesh.io/TrafficPolicy': 'policies',
  [`${gatewayGroup}/HTTPRoute`]: 'gatewayRoutes',
  [`${gatewayGroup}/GRPCRoute`]: 'gatewayRoutes',
  [`${gatewayGroup}/TLSRoute`]: 'gatewayRoutes',
  [`${gatewayGroup}/TCPRoute`]: 'gatewayRoutes',
  [`${gatewayGroup}/UDPRoute`]: 'gatewayRoutes',
  [`${gatewayGroup}/ReferenceGrant`]: 'referenceGrants',
};

interface Named {
  readonly meta: { readonly namespace: string; readonly name: string };
}

function idOf({ meta }: Named): string {
  return `${meta.namespace}/${meta.name}`;
}

function named<T extends Named>(objects: readonly T[]): ReadonlyMap<string, T> {
  return byKey(objects, idOf);
}

function byKey<K extends string, T>(objects: readonly T[], keyOf: (object: T) => K): ReadonlyMap<K, T> {
  const found = new Map<K, T>();
  for (const object of objects) {
    const key = keyOf(object);
    if (!found.has(key)) found.set(key, object);
  }
  return found;
}
