import {
  findPort,
  type Service,
  type ServicePort,
  type Surroundings,
  type Transport,
  type Workload,
  type WorkloadId,
} from '../../../src/adapter/index.ts';

/** A service port that a program means. */
export interface Named {
  readonly service: Service;
  readonly port: ServicePort;
  /** It connects to this pod of it. */
  readonly pod?: WorkloadId;
  /** The listener that stands for it where nothing is intercepted. */
  readonly listen?: { readonly address: string; readonly port: number };
}

/** What Istio knows of names: those of the cluster's DNS, and further ones that documents bring. */
export interface Registry {
  readonly surroundings: Surroundings;
  /** Hosts of ServiceEntries to which a VirtualService is bound, or a route of Gateway API. */
  readonly further: ReadonlySet<string>;
}

/** All names of a service; the bare name is for the own namespace. */
export function hostsOf({ further }: Registry, { hosts, name, namespace }: Service): readonly string[] {
  const own = `${name}.${namespace}`.toLowerCase();
  return hosts.filter((host) => host === own || host.startsWith(`${own}.svc`) || further.has(host));
}

/** Ports that a client can mean by a number. Without interception there are only those that have a listener of their own. */
function reachable(
  { surroundings: { services } }: Registry,
  client: Workload,
  number: number,
  transport: Transport,
): readonly Named[] {
  if (client.outbound === 'intercepted') {
    return Object.values(services).flatMap((service) => {
      const port = findPort(service.ports, number, transport);
      return port === undefined ? [] : [{ service, port }];
    });
  }
  return client.outbound.flatMap(({ service: id, port: bound, udp, listen }) => {
    const service = services[id];
    const port = service && findPort(service.ports, bound, transport);
    const meant = (bound === number || listen.port === number) && (udp === true) === (transport === 'udp');
    return service === undefined || port === undefined || !meant ? [] : [{ service, port, listen }];
  });
}

/** Whether `NAME[:PORT]` means a service port. Istio has Envoy ignore the port; a listener of one service does not. */
export function isMeant(
  registry: Registry,
  client: Workload,
  authority: string,
  { service, port, listen }: Named,
): boolean {
  const parsed = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(authority.toLowerCase());
  const name = parsed?.[1]?.replace(/^\[|\]$/g, '') ?? '';
  const stated = parsed?.[2];
  if (parsed === null) return false;
  if (listen !== undefined && stated !== undefined && ![port.port, listen.port].includes(Number(stated))) return false;
  const bare = service.namespace === client.namespace && service.name.toLowerCase() === name;
  return bare || hostsOf(registry, service).includes(name) || service.vips.includes(name) || listen?.address === name;
}

/** The service port that a connection is for: by name, cluster IP or address of a pod. */
export function connectedTo(
  registry: Registry,
  client: Workload,
  to: { readonly host: string; readonly port: number },
  transport: Transport,
): Named | undefined {
  const named = reachable(registry, client, to.port, transport).find((one) => isMeant(registry, client, to.host, one));
  return named ?? (client.outbound === 'intercepted' ? podAt(registry, to, transport) : undefined);
}

function podAt(
  { surroundings: { services, workloads } }: Registry,
  to: { readonly host: string; readonly port: number },
  transport: Transport,
): Named | undefined {
  for (const service of Object.values(services)) {
    if (service.kind !== 'mesh' || service.vips.length > 0) continue;
    for (const port of service.ports) {
      if (findPort([port], port.port, transport) === undefined) continue;
      const pod = port.targets.find(
        (target) => target.port === to.port && workloads[target.workload]?.addresses.includes(to.host),
      )?.workload;
      if (pod !== undefined) return { service, port, pod };
    }
  }
  return undefined;
}

/** The service port that reads requests and that an authority means, of those that can be meant at a port number. */
export function requestedBy(
  registry: Registry,
  client: Workload,
  authority: string,
  number: number,
): Named | undefined {
  return listeners(registry, client, number).find((one) => isMeant(registry, client, authority, one));
}

/** What reads requests at a port number. */
export function listeners(registry: Registry, client: Workload, number: number): readonly Named[] {
  return reachable(registry, client, number, 'tcp').filter(({ port }) => port.protocol === 'http');
}
