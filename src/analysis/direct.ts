import { sortedRecord } from '../lib/collections.ts';
import { serviceId } from '../model/ids.ts';
import { findPort, portKey, type Transport, transportOf } from '../model/ports.ts';
import type { MeshModel, OutboundPolicy, Service, ServiceId, Workload } from '../model/types.ts';
import { accountOf } from './reach.ts';

/** A container port of an account's pods, as if a Service led there. */
export interface DirectPort {
  readonly account: string;
  readonly port: number;
  /** It is the UDP port of that number. */
  readonly udp?: true;
}

/** No Service of Kubernetes has such a name. */
const mark = '(pods)';

/** What a service id that `withDirectPorts` made stands for. */
export function directPort(service: ServiceId, port: number): DirectPort | undefined {
  if (!service.endsWith(mark)) return undefined;
  return { account: service.slice(0, service.lastIndexOf(':')), port };
}

/**
 * A model in which container ports that no Service reaches can be asked about too: policy opens them all the same, to
 * whoever connects to the pod itself. `wanted` are such ports of some model; those that this one lacks stay out.
 */
export function withDirectPorts(model: MeshModel, wanted: readonly DirectPort[]): MeshModel {
  const services: [ServiceId, Service][] = [];
  const outbound: [ServiceId, OutboundPolicy][] = [];
  const byAccount = Map.groupBy(Object.values(model.workloads), ({ set }) => accountOf(set));
  for (const { account, port, udp } of wanted) {
    const transport = udp === true ? 'udp' : 'tcp';
    const members = (byAccount.get(account) ?? []).filter(({ ports }) => findPort(ports, port, transport));
    const [first] = members;
    if (first === undefined) continue;
    const service = directService(port, transport, members, first);
    const { protocol } = service.ports[0]!;
    services.push([service.id, service]);
    const rules = [{ from: 'any', match: 'any', to: { kind: 'self' }, origins: [] }] as const;
    outbound.push([
      service.id,
      { service: service.id, ports: { [portKey(port, transport)]: { port, protocol, rules } } },
    ]);
  }
  if (services.length === 0) return model;
  return {
    ...model,
    services: sortedRecord([...(Object.entries(model.services) as [ServiceId, Service][]), ...services]),
    outbound: { ...model.outbound, ...Object.fromEntries(outbound) },
  };
}

function directService(port: number, transport: Transport, members: readonly Workload[], first: Workload): Service {
  const protocols = new Set(members.map(({ ports }) => findPort(ports, port, transport)?.protocol));
  const name = `${first.serviceAccount}:${portKey(port, transport)}${mark}`;
  return {
    id: serviceId(first.namespace, name),
    kind: 'mesh',
    namespace: first.namespace,
    name,
    hosts: [`${first.serviceAccount}.${first.namespace}.pods`],
    vips: [],
    ports: [
      {
        port,
        protocol: transport === 'udp' ? 'udp' : protocols.has('http') ? 'http' : 'tcp',
        targets: members.map(({ id }) => ({ workload: id, port })),
      },
    ],
    origins: [],
  };
}

/** The declared container ports of pods with a sidecar that no Service reaches. */
export function unreachedPorts(model: MeshModel): readonly DirectPort[] {
  const reached = new Set<string>();
  for (const { ports } of Object.values(model.services)) {
    for (const { protocol, targets } of ports) {
      for (const { workload, port } of targets) reached.add(`${workload} ${portKey(port, transportOf(protocol))}`);
    }
  }
  const found = new Map<string, DirectPort>();
  for (const { id, set, ports, transport } of Object.values(model.workloads)) {
    if (transport === 'plain') continue;
    for (const { port, protocol } of ports) {
      const account = accountOf(set);
      const key = portKey(port, transportOf(protocol));
      if (reached.has(`${id} ${key}`)) continue;
      found.set(`${account} ${key}`, { account, port, ...(protocol === 'udp' ? { udp: true } : {}) });
    }
  }
  return [...found.values()];
}
