import { shared } from '../../../../src/adapter/tracking.ts';
import type { MeshModel, Service, ServiceId } from '../../../../src/model/types.ts';
import { type NamedPort, namedPorts, servedAt } from '../bindings.ts';
import { endpointsOf, plainPeer } from '../endpoints.ts';

/** A service port as programs mean it by the addresses that they connect to. */
export interface Meant {
  /** Among those of one port number. */
  readonly id: string;
  /** The service port, by its cluster's name. */
  readonly name: string;
  readonly protocol: NamedPort['protocol'];
  /** No other service port of the number has them. */
  readonly addresses: readonly string[];
  /**
   * Who is at these addresses: an identity, or a program without sidecar. Then it is that very address which is reached where no
   * split says otherwise. Absent: a cluster IP, behind which an endpoint is chosen.
   */
  readonly peer?: string;
  /** Nobody has said anything about it but that it is there: connections go on as they are. */
  readonly asIs?: true;
}

/** What programs can mean by a port number. */
export interface MeantAt {
  readonly number: number;
  readonly byAddress: readonly Meant[];
  /** Those that have no address of their own, so that requests name them. */
  readonly byName: readonly NamedPort[];
}

type Found = Meant & { readonly number: number };

/** By number. */
export function meantPorts(model: MeshModel): readonly MeantAt[] {
  return shared(model, 'meant ports', (whole) => {
    const ids = Object.keys(whole.services) as ServiceId[];
    const found = ids.flatMap((id) => shared(whole, `meant by addresses of ${id}`, (one) => meantOf(one, id)));
    const named = ids.flatMap((id) => shared(whole, `meant by names of ${id}`, (one) => namedOf(one, id)));
    const numbers = new Set([...found.map(({ number }) => number), ...named.map(({ port }) => port)]);
    const byNumber = Map.groupBy(found, ({ number }) => number);
    return [...numbers]
      .sort((a, b) => a - b)
      .map((number) => ({
        number,
        byAddress: toldApart(byNumber.get(number) ?? []),
        byName: named.filter(({ port }) => port === number),
      }));
  });
}

/** An address that several have, such as a pod behind two headless Services, is the first one's. */
function toldApart(found: readonly Found[]): readonly Meant[] {
  const taken = new Set<string>();
  return found.flatMap(({ number: _, ...meant }) => {
    const addresses = meant.addresses.filter((address) => !taken.has(address));
    for (const address of addresses) taken.add(address);
    return addresses.length === 0 ? [] : [{ ...meant, addresses }];
  });
}

function meantOf(model: MeshModel, id: ServiceId): readonly Found[] {
  const service = model.services[id];
  if (service === undefined || service.kind === 'external') return [];
  return namedPorts(model, id).flatMap(({ name, port, protocol }): readonly Found[] => {
    if (service.vips.length === 0) return headless(model, name, protocol);
    const meant = { id: name, name, number: port, protocol, addresses: service.vips };
    if (service.selectorless !== true) return [meant];
    return [isGoverned(model, name) ? { ...meant, peer: plainPeer } : { ...meant, asIs: true }];
  });
}

/** Programs know the addresses of the pods, and the port on which these listen. */
function headless(model: MeshModel, name: string, protocol: NamedPort['protocol']): readonly Found[] {
  const endpoints = endpointsOf(model, servedAt(model, name)?.port.targets ?? []);
  const groups = Map.groupBy(endpoints, ({ port, peer }) => `${port} ${peer}`);
  return [...groups.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const { port: number, peer } = first;
    const addresses = [...new Set(alike.flatMap(({ workload }) => workload.addresses))];
    return [{ id: `${name}@@${peer}`, name, number, protocol, addresses, peer }];
  });
}

function isGoverned(model: MeshModel, name: string): boolean {
  const { rules = [], policies = [], endpoints } = servedAt(model, name)?.policy ?? {};
  return policies.length > 0 || endpoints !== undefined || rules.some(({ to }) => to.kind !== 'self');
}

function namedOf(model: MeshModel, id: ServiceId): readonly NamedPort[] {
  const service = model.services[id];
  if (service === undefined) return [];
  const ports = namedPorts(model, id);
  if (service.kind === 'external') return ports;
  return furtherHosts(service).length === 0 ? [] : ports.filter(({ protocol }) => protocol === 'http');
}

/** Those that a Service has beside the names that every Service has. */
export function furtherHosts({ name, namespace, hosts }: Service): readonly string[] {
  const own = `${name}.${namespace}`.toLowerCase();
  return hosts.filter((host) => host !== own && host !== `${own}.svc` && !host.startsWith(`${own}.svc.`));
}
