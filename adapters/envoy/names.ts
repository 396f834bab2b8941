import type { UnitId } from '../../src/adapter/contract.ts';
import type { Locality } from '../../src/lib/locality.ts';
import { findPort, parsePortKey, portKey, type Transport } from '../../src/model/ports.ts';
import type { MeshModel, Service, ServiceId, ServicePort, WorkloadId } from '../../src/model/types.ts';

/** Type URLs of the resources that Envoy takes over ADS. */
export const typeUrls = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  scope: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
} as const;

/**
 * Name of a service port's cluster: `NAMESPACE/SERVICE:PORT`. Where a policy prefers what is near, clients of each place
 * have one of their own: `NAMESPACE/SERVICE:PORT@REGION/ZONE`.
 */
export function clusterName(service: ServiceId, port: number, place?: Locality): string {
  const at = place === undefined ? '' : `@${encodeURIComponent(place.region)}/${encodeURIComponent(place.zone)}`;
  return `${service}:${port}${at}`;
}

/** Name of the cluster that is the program of a workload itself: `app/NAMESPACE/POD:PORT`, for a UDP port with `/udp`. */
export function appClusterName(workload: WorkloadId, port: number, transport?: Transport): string {
  return `app/${workload}:${portKey(port, transport)}`;
}

/**
 * Names of the secrets that every Envoy has of its own: its certificate, and the roots that it trusts. They name no
 * workload, because one cluster serves all its clients.
 */
export const secretNames = { certificate: 'certificate', trust: 'trust' } as const;

/** Name of the cluster from which a server's sidecar fetches the keys of issuers at one origin, such as `https://login.example.com`. */
export function jwksClusterName(workload: WorkloadId, origin: string): string {
  return `jwks/${workload}/${origin}`;
}

/** Name of the cluster to which a sidecar reports spans. */
export function collectorClusterName(workload: WorkloadId): string {
  return `collector/${workload}`;
}

/**
 * Names of the listeners to which connections of a workload and those to it are redirected; `outbound` is also that of the cluster
 * that is wherever a connection of the workload went.
 */
export function originalDestinationName(workload: WorkloadId, direction: 'outbound' | 'inbound'): string {
  return `${direction}/${workload}/original-destination`;
}

/** Name of the cluster of those endpoints of a headless Service that have one peer, each reached at the address that a program chose. */
export function askedClusterName(service: ServiceId, port: number, peer: string): string {
  return `${service}:${port}@@${peer}`;
}

/** The same names, the second and further ones of a kind with a number. */
export function toldApart(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}

/** A cluster without endpoints: what is sent there fails at once. */
export const emptyCluster = 'empty';

/** The cluster of all hosts that the mesh does not know. */
export const outsideClusterName = 'outside';

/** Names of a workload's listeners, and of the route configurations that they use; the port is the listener's own. */
export function outboundName(workload: WorkloadId, address: string, port: number, transport?: Transport): string {
  return `outbound/${workload}/${address}:${portKey(port, transport)}`;
}

export function inboundName(workload: WorkloadId, port: number, transport?: Transport): string {
  return `inbound/${workload}:${portKey(port, transport)}`;
}

export function clusterUnit(name: string): UnitId {
  return `cluster/${name}` as UnitId;
}

export function workloadUnit(workload: WorkloadId): UnitId {
  return `workload/${workload}` as UnitId;
}

export interface ServicePortRef {
  readonly service: Service;
  readonly port: ServicePort;
  /** The cluster's name. */
  readonly name: string;
}

/** Every service port that Envoy is asked to serve, in the model's order. UDP is not among them. */
export function servicePorts(model: MeshModel): readonly ServicePortRef[] {
  return Object.values(model.services).flatMap((service) =>
    service.ports
      .filter(({ protocol }) => protocol !== 'udp')
      .map((port) => ({ service, port, name: clusterName(service.id, port.port) })),
  );
}

export function findServicePort(model: MeshModel, id: ServiceId, number: number): ServicePortRef | undefined {
  const service = model.services[id];
  const port = findPort(service?.ports ?? [], number);
  return service === undefined || port === undefined ? undefined : { service, port, name: clusterName(id, number) };
}

/** Reads a cluster's name back: the part after the last colon is the port, then the place of its clients. */
export function parseClusterName(name: string): {
  readonly service: ServiceId;
  readonly port: number;
  readonly place?: Locality;
} {
  const [served = '', at] = name.split('@');
  const colon = served.lastIndexOf(':');
  const [region = '', zone = ''] = (at ?? '').split('/').map(decodeURIComponent);
  return {
    service: served.slice(0, colon) as ServiceId,
    port: Number(served.slice(colon + 1)),
    ...(at === undefined ? {} : { place: { region, zone } }),
  };
}

/** Every UDP port of a service; the clusters' names are `NAMESPACE/SERVICE:PORT/udp`. */
export function udpPorts(model: MeshModel): readonly ServicePortRef[] {
  return Object.values(model.services).flatMap((service) =>
    service.ports
      .filter(({ protocol }) => protocol === 'udp')
      .map((port) => ({ service, port, name: udpClusterName(service.id, port.port) })),
  );
}

export function findUdpPort(model: MeshModel, id: ServiceId, number: number): ServicePortRef | undefined {
  const service = model.services[id];
  const port = findPort(service?.ports ?? [], number, 'udp');
  return service === undefined || port === undefined ? undefined : { service, port, name: udpClusterName(id, number) };
}

function udpClusterName(service: ServiceId, port: number): string {
  return `${service}:${portKey(port, 'udp')}`;
}

export function isUdpCluster(name: string): boolean {
  return /:[0-9]+\/udp$/.test(name);
}

/** Reads the name of a UDP port's cluster back. */
export function parseUdpCluster(name: string): { readonly service: ServiceId; readonly port: number } {
  const colon = name.lastIndexOf(':');
  return { service: name.slice(0, colon) as ServiceId, port: parsePortKey(name.slice(colon + 1)).port };
}
