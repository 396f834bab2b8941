import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { resolveTargetPort } from '../../kubernetes/pods.ts';
import type { ServiceObject, ServicePortObject } from '../../kubernetes/types.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import type { Lookup } from '../../lib/incremental/stage.ts';
import { Table } from '../../lib/incremental/table.ts';
import { comparePorts } from '../../model/ports.ts';
import type { NamespaceId, Service, ServiceId, ServicePort, WorkloadId } from '../../model/types.ts';
import { extraHosts } from '../extra-hosts.ts';
import { isHostName } from '../host-name.ts';
import { ownHosts } from '../own-hosts.ts';
import { protocolOf, speaksHttp2 } from '../protocol.ts';
import type { SelectablePod, SelectPods } from '../selection.ts';
import type { PassContext, ReachingPort } from '../state.ts';
import { at } from '../state.ts';

/** Services with their names, and which container port each of their ports reaches on which workload. */
export function linkServices(select: SelectPods, context: PassContext): Table<ServiceId, Service> {
  const { services } = context.input;
  const extra = extraHosts(context);
  return new Table(context.graph, [services], (id) => {
    const object = services.get(id);
    return object && link(id, object, select, [...ownHosts(object, context), ...extra(id, object)], context);
  });
}

/** Which Service ports lead to each workload. */
export function reachingPorts(
  services: Table<ServiceId, Service>,
  { graph }: PassContext,
): Lookup<WorkloadId, readonly ReachingPort[]> {
  return new Groups(graph, services, ({ id, ports }) =>
    ports.flatMap(({ port, protocol, http2, targets }) =>
      targets.map((target): [WorkloadId, ReachingPort] => [
        target.workload,
        { service: id, port, protocol, ...(http2 ? { http2 } : {}), containerPort: target.port },
      ]),
    ),
  );
}

function link(
  id: ServiceId,
  object: ServiceObject,
  select: SelectPods,
  hosts: Service['hosts'],
  context: PassContext,
): Service {
  const { namespace, name } = object.meta;
  const external = object.type === 'ExternalName';
  const selected = external ? [] : select(namespace, object.selector);
  if (!external && object.selector !== undefined && selected.length === 0) {
    context.report(
      diagnostic('SMI3011', { message: `Service ${id} selects no pod`, origin: at(object, 'spec.selector') }),
    );
  }
  return {
    id,
    kind: external ? 'external' : 'mesh',
    ...(external ? externalNameOf(object, context) : {}),
    ...(external || object.selector !== undefined ? {} : { selectorless: true }),
    namespace: namespace as NamespaceId,
    name,
    hosts,
    vips: object.clusterIPs.filter((address) => address !== '' && address !== 'None').map((a) => a.toLowerCase()),
    ports: carriedPorts(object, context)
      .map(({ port, path }) => linkPort(object, port, path, selected, context))
      .sort(comparePorts),
    origins: [at(object, '')],
  };
}

/** A host name of DNS; anything else is reported and leads nowhere. */
function externalNameOf(object: ServiceObject, context: PassContext): Pick<Service, 'externalName'> {
  const { meta, externalName, ports } = object;
  const id = `${meta.namespace}/${meta.name}`;
  const host = externalName?.toLowerCase().replace(/\.$/, '') ?? '';
  if (!isHostName(host)) {
    const message = `Service ${id} names ${externalName === undefined ? 'no host' : `"${externalName}"`}`;
    context.report(diagnostic('SMI4037', { message, origin: at(object, 'spec.externalName') }));
    return {};
  }
  if (ports.length === 0) {
    const message = `Service ${id} lists no ports, so that no sidecar listens for it`;
    context.report(diagnostic('SMI4038', { message, origin: at(object, '') }));
  }
  return { externalName: host };
}

/** In the model's order; of two ports with one number and transport the first stands, as the API server allows no second. */
function carriedPorts(object: ServiceObject, context: PassContext) {
  const found = new Map<string, { readonly port: ServicePortObject; readonly path: string }>();
  for (const [position, port] of object.ports.entries()) {
    const path = `spec.ports[${position}]`;
    if (port.protocol === 'SCTP') {
      context.report(diagnostic('SMI4019', { message: `port ${port.port} is SCTP`, origin: at(object, path) }));
    }
    const key = `${port.port} ${port.protocol}`;
    if (port.protocol !== 'SCTP' && !found.has(key)) found.set(key, { port, path });
  }
  return [...found.values()];
}

function linkPort(
  object: ServiceObject,
  port: ServicePortObject,
  path: string,
  selected: readonly SelectablePod[],
  context: PassContext,
): ServicePort {
  const missing: WorkloadId[] = [];
  const targets = selected.flatMap(({ id, spec }) => {
    const target = resolveTargetPort(spec, port);
    if (target !== undefined) return [{ workload: id, port: target }];
    missing.push(id);
    return [];
  });
  if (missing.length > 0) {
    context.report(
      diagnostic('SMI3009', {
        message: `no container port is named "${port.targetPort}" on pod ${missing.join(', ')}`,
        origin: at(object, `${path}.targetPort`),
      }),
    );
  }
  return {
    port: port.port,
    ...(port.name === undefined ? {} : { name: port.name }),
    protocol: port.protocol === 'UDP' ? 'udp' : protocolOf(port),
    ...(port.protocol !== 'UDP' && speaksHttp2(port) ? { http2: true } : {}),
    targets,
  };
}
