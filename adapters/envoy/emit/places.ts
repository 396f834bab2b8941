import type { Locality, LocalityPreference } from '../../../src/lib/locality.ts';
import type { ClusterPolicy } from '../../../src/model/policy.ts';
import { portKey } from '../../../src/model/ports.ts';
import type { MeshModel, ServiceId, Workload } from '../../../src/model/types.ts';
import { clusterName, servicePorts } from '../names.ts';

/** What is near depends on who asks: names the cluster of a service port for clients at one place, or for all of them. */
export type ClusterOf = (service: ServiceId, port: number) => string;

export function clusterOf(model: MeshModel, client: Pick<Workload, 'locality'>): ClusterOf {
  const place = placeOf(client);
  return (service, port) => clusterName(service, port, prefersNear(model, service, port) ? place : undefined);
}

/** Names of the clusters of all service ports, each for every place where somebody may ask. */
export function clusterNames(model: MeshModel): readonly string[] {
  let places: readonly Locality[] | undefined;
  return servicePorts(model).flatMap(({ service, port, name }) => {
    if (!prefersNear(model, service.id, port.port)) return [name];
    places ??= placesOf(model);
    return [name, ...places.map((place) => clusterName(service.id, port.port, place))];
  });
}

/** The order in which a policy wants the places of endpoints; undefined where it does not care. */
export function preferenceOf(
  { loadBalancer }: ClusterPolicy,
  place: Locality | undefined,
): LocalityPreference | undefined {
  const { failover = [] } = loadBalancer?.locality ?? {};
  if (place === undefined && failover.length === 0) return undefined;
  return { own: place ?? { region: '', zone: '' }, preferLocal: place !== undefined, failover };
}

function prefersNear(model: MeshModel, service: ServiceId, port: number): boolean {
  const endpoints = model.outbound[service]?.ports[portKey(port, 'tcp')]?.endpoints;
  return (
    endpoints?.fields.loadBalancer?.locality?.prefer === true && model.services[service]?.externalName === undefined
  );
}

/** Undefined where nothing is known: then nothing is near. */
function placeOf({ locality }: Pick<Workload, 'locality'>): Locality | undefined {
  return locality === undefined ? undefined : { region: '', zone: '', ...locality };
}

function placesOf({ workloads }: MeshModel): readonly Locality[] {
  const places = Object.values(workloads).flatMap((workload) => {
    const place = workload.transport === 'mtls' ? placeOf(workload) : undefined;
    return place === undefined ? [] : [[`${place.region}\n${place.zone}`, place] as const];
  });
  return [...new Map(places).values()];
}
