import { findPort, type Transport, transportOf } from './ports.ts';
import type { MeshModel, Service, ServicePort, Workload, WorkloadId } from './types.ts';

/** What names are looked up in. */
type Known = Pick<MeshModel, 'services' | 'workloads'>;

/** A service port as a client can name it, and the address on which the client's sidecar takes its traffic, if any. */
export interface ServiceAtPort {
  readonly service: Service;
  readonly port: ServicePort;
  readonly listen?: { readonly address: string; readonly port: number };
  /** The client connects to this very pod behind it. */
  readonly pod?: WorkloadId;
}

/**
 * Where the sidecar of an intercepted workload takes its connections. Redirection leads to the pod's own loopback; pods that
 * live on loopback addresses have one each.
 */
export function interceptedAddress({ addresses: [address = ''] }: Workload): string {
  return address.startsWith('127.') ? address : '127.0.0.1';
}

/** The service ports that a client's sidecar can mean by traffic to `port`, in order of service id. */
export function candidates(
  model: Known,
  client: Workload,
  port: number,
  transport: Transport,
): readonly ServiceAtPort[] {
  if (client.outbound === 'intercepted') {
    return Object.values(model.services).flatMap((service) => atPort(service, port, transport));
  }
  return client.outbound.flatMap((binding) => {
    if (binding.port !== port && binding.listen.port !== port) return [];
    if ((binding.udp === true) !== (transport === 'udp')) return [];
    const service = model.services[binding.service];
    if (service === undefined) return [];
    return atPort(service, binding.port, transport).map((found) => ({ ...found, listen: binding.listen }));
  });
}

/**
 * The service without address that an intercepted client means by an address of a pod behind it, at the port that the service's
 * leads to.
 */
export function headlessAt(
  model: Known,
  client: Workload,
  address: string,
  number: number,
  transport: Transport,
): ServiceAtPort | undefined {
  if (client.outbound !== 'intercepted') return undefined;
  for (const service of Object.values(model.services)) {
    if (service.kind !== 'mesh' || service.vips.length > 0) continue;
    for (const port of service.ports.filter(({ protocol }) => transportOf(protocol) === transport)) {
      const pod = port.targets.find(
        (target) => target.port === number && model.workloads[target.workload]?.addresses.includes(address),
      )?.workload;
      if (pod !== undefined) return { service, port, pod };
    }
  }
  return undefined;
}

function atPort(service: Service, number: number, transport: Transport): readonly ServiceAtPort[] {
  const port = findPort(service.ports, number, transport);
  return port === undefined ? [] : [{ service, port }];
}

/** Splits `NAME[:PORT]` or `[V6][:PORT]`, lower case; `undefined` when it is neither. */
export function parseAuthority(text: string): { readonly name: string; readonly port?: number } | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[^:[\]@/?#\s]+)(?::([1-9][0-9]{0,4}))?$/.exec(text.toLowerCase());
  const name = parts?.[1]?.replace(/^\[|\]$/g, '');
  if (name === undefined) return undefined;
  return parts?.[2] === undefined ? { name } : { name, port: Number(parts[2]) };
}

/**
 * Whether an authority means this service port for a client: one of the service's names, the bare name within its
 * namespace, a virtual address, or the listener's own address; a port must be the service's or the listener's.
 */
export function answersTo(
  { service, port, listen }: ServiceAtPort,
  client: Workload,
  authority: { readonly name: string; readonly port?: number },
): boolean {
  if (authority.port !== undefined && authority.port !== port.port && authority.port !== listen?.port) return false;
  const { name } = authority;
  if (service.namespace === client.namespace && service.name.toLowerCase() === name) return true;
  return service.hosts.includes(name) || service.vips.includes(name) || listen?.address === name;
}
