import { shared } from '../../../src/adapter/tracking.ts';
import { interceptedAddress } from '../../../src/model/hosts.ts';
import type { MeshModel, OutboundBinding, PortPolicy, ServiceId, Workload } from '../../../src/model/types.ts';
import { clusterName, findServicePort, parseClusterName, type ServicePortRef } from '../names.ts';

export type Served = ServicePortRef & { readonly policy: PortPolicy };

/** Where a sidecar takes connections, and for which service ports. */
export interface Binding {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  /** Requests for other hosts go there. */
  readonly passthrough: boolean;
  /** The only service port there, by its cluster's name; absent: all that have the port's number. */
  readonly only?: string;
}

type InterceptedPort = Pick<Binding, 'port' | 'protocol'> & { readonly names: readonly string[] };

export interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
}

export function bindings(model: MeshModel, client: Workload): readonly Binding[] {
  if (client.outbound !== 'intercepted')
    return client.outbound.flatMap((binding) => (binding.udp ? [] : bound(model, binding)));
  const address = interceptedAddress(client);
  const passthrough = model.settings.outboundMode === 'passthrough';
  return portsOf(model).map(({ port, protocol }) => ({
    address,
    port,
    protocol,
    passthrough: passthrough && protocol === 'http',
  }));
}

/** The service ports of a binding by the names of their clusters: which they are changes less often than what they are. */
export function namesAt(model: MeshModel, { port, only }: Binding): readonly string[] {
  return only === undefined ? (portsOf(model).find((each) => each.port === port)?.names ?? []) : [only];
}

function portsOf(model: MeshModel): readonly InterceptedPort[] {
  return shared(model, 'intercepted ports', interceptedPorts);
}

/** All service ports that programs can mean where their connections are intercepted, by the names of their clusters. */
export function interceptedNames(model: MeshModel): readonly string[] {
  return shared(model, 'intercepted names', (whole) =>
    (Object.keys(whole.services) as ServiceId[]).flatMap((id) => namedPorts(whole, id).map(({ name }) => name)),
  );
}

export function servedAt(model: MeshModel, name: string): Served | undefined {
  const { service, port } = parseClusterName(name);
  const ref = findServicePort(model, service, port);
  const policy = model.outbound[service]?.ports[String(port)];
  return ref === undefined || policy === undefined || policy.protocol === 'udp' ? undefined : { ...ref, policy };
}

function bound(model: MeshModel, { service, port, listen }: OutboundBinding): readonly Binding[] {
  return namedPorts(model, service)
    .filter((named) => named.port === port)
    .map(({ name, protocol }) => ({ ...listen, protocol, passthrough: false, only: name }));
}

/**
 * One listener for each port number. HTTP requests say which service they mean; of the TCP services that share a port number
 * the server name of TLS chooses. Connections to those that share one with HTTP fail.
 */
function interceptedPorts(model: MeshModel): readonly InterceptedPort[] {
  const byNumber = Map.groupBy(
    (Object.keys(model.services) as ServiceId[]).flatMap((id) => namedPorts(model, id)),
    ({ port }) => port,
  );
  return [...byNumber]
    .sort(([a], [b]) => a - b)
    .map(([port, here]) => {
      const protocol = here.some((named) => named.protocol === 'http') ? 'http' : 'tcp';
      return { port, protocol, names: here.filter((named) => named.protocol === protocol).map(({ name }) => name) };
    });
}

/** Ports of a service that take connections. */
export function namedPorts(model: MeshModel, id: ServiceId): readonly NamedPort[] {
  return shared(model, `ports of ${id}`, (whole) =>
    (whole.services[id]?.ports ?? []).flatMap(({ port, protocol }): NamedPort[] => {
      const name = clusterName(id, port);
      const served = protocol === 'udp' ? undefined : servedAt(whole, name)?.policy.protocol;
      return served === undefined || served === 'udp' ? [] : [{ name, port, protocol: served }];
    }),
  );
}
