import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { resolveTargetPort, selects } from '../../kubernetes/pods.ts';
import type { PodObject, ServiceObject, ServicePortObject } from '../../kubernetes/types.ts';
import type { NonEmpty } from '../../lib/collections.ts';
import { comparePorts } from '../../model/ports.ts';
import type { NamespaceId, Service, ServiceId, ServicePort, WorkloadId } from '../../model/types.ts';
import { extraHosts } from '../extra-hosts.ts';
import { isHostName } from '../host-name.ts';
import { protocolOf, speaksHttp2 } from '../protocol.ts';
import type { Index, Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';

/** Services with their names, and which container port each of their ports reaches on which workload. */
export const linkServices: Pass = {
  name: 'link services',
  run({ index }, context) {
    const byLabel = podsByLabel(index.pods);
    const ownHosts = ({ meta }: ServiceObject) => hostsOf(meta.namespace, meta.name, context.options.clusterDomain);
    const extra = extraHosts(index.services, ownHosts, context);
    return {
      services: new Map(
        [...index.services].map(([id, object]) => {
          const hosts = [...ownHosts(object), ...(extra.get(id) ?? [])] as const;
          return [id, link(id, object, candidates(object, byLabel), hosts, context)];
        }),
      ),
    };
  },
};

type Candidates = readonly (readonly [WorkloadId, PodObject])[];

/** Pods by namespace and one label, so that a Service looks only at those that share a label with its selector. */
function podsByLabel(pods: Index['pods']): ReadonlyMap<string, Candidates> {
  const found = new Map<string, (readonly [WorkloadId, PodObject])[]>();
  for (const entry of pods) {
    const { namespace, labels } = entry[1].meta;
    for (const [label, value] of Object.entries(labels)) {
      const key = labelKey(namespace, label, value);
      const known = found.get(key);
      if (known === undefined) found.set(key, [entry]);
      else known.push(entry);
    }
  }
  return found;
}

/** The fewest pods that share one label with the selector. */
function candidates({ meta, selector = {} }: ServiceObject, byLabel: ReadonlyMap<string, Candidates>): Candidates {
  let fewest: Candidates | undefined;
  for (const [label, value] of Object.entries(selector)) {
    const sharing = byLabel.get(labelKey(meta.namespace, label, value)) ?? [];
    if (fewest === undefined || sharing.length < fewest.length) fewest = sharing;
  }
  return fewest ?? [];
}

function labelKey(namespace: string, label: string, value: string): string {
  return `${namespace}\n${label}\n${value}`;
}

function link(
  id: ServiceId,
  object: ServiceObject,
  candidates: Candidates,
  hosts: Service['hosts'],
  context: PassContext,
): Service {
  const { namespace, name } = object.meta;
  const external = object.type === 'ExternalName';
  const selected = external ? [] : candidates.filter(([, pod]) => selects(object, pod));
  if (!external && object.selector !== undefined && selected.length === 0) {
    context.report(
      diagnostic('SMI3011', { message: `Service ${id} selects no pod`, origin: at(object, 'spec.selector') }),
    );
  }
  return {
    id,
    kind: external ? 'external' : 'mesh',
    ...(external ? externalNameOf(object, context) : {}),
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

function hostsOf(namespace: string, name: string, clusterDomain: string): NonEmpty<string> {
  const short = `${name}.${namespace}`.toLowerCase();
  return [short, `${short}.svc`, `${short}.svc.${clusterDomain.toLowerCase()}`];
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
  selected: Candidates,
  context: PassContext,
): ServicePort {
  const missing: WorkloadId[] = [];
  const targets = selected.flatMap(([workload, pod]) => {
    const target = resolveTargetPort(pod.spec, port);
    if (target !== undefined) return [{ workload, port: target }];
    missing.push(workload);
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
