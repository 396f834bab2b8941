import { type NonEmpty, nonEmpty } from '../lib/collections.ts';
import { outsideHostReader } from '../lib/outside-host.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { answersTo, parseAuthority } from '../model/hosts.ts';
import { findPort } from '../model/ports.ts';
import type { MeshModel, Protocol, Service, ServiceId, Workload } from '../model/types.ts';
import { partiesOf } from './client.ts';
import { didYouMean, type Party, parsePartyName, partyText } from './parties.ts';

/** Where a request is sent. */
export type Destination = ServiceDestination | PodsDestination;

/** A port of a Service, by the name that the client uses. */
export interface ServiceDestination {
  readonly kind: 'service';
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly service: ServiceId;
  readonly notes: readonly string[];
}

/** Straight to the sidecars of pods: no Service and no split is asked. */
export interface PodsDestination {
  readonly kind: 'pods';
  /** `Pod default/shop-0`. */
  readonly name: string;
  /** The container port. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly servers: NonEmpty<Workload>;
  readonly notes: readonly string[];
}

/**
 * What a client means by a destination: `HOST[:PORT]` and virtual addresses are a Service as the client knows it, as are
 * `NAMESPACE/SERVICE[:PORT]` and `service/...`; names of pods, owners and accounts, SPIFFE ids and pod addresses are those
 * pods themselves, with a container port. Without a port the only one is meant, or 80. The error is a sentence.
 */
export function findDestination(
  model: MeshModel,
  client: Workload,
  text: string,
  datagram = false,
): Result<Destination, string> {
  const { name, port } = splitPort(text);
  const parties = podsNamed(model, client, name);
  const service = findService(model, client, name);
  if (service !== undefined) {
    const notes = besides(service.service, model, name, parties);
    return serviceDestination(service, { port, datagram }, notes);
  }
  const [chosen] = parties;
  if (chosen !== undefined) return podsDestination(chosen, { port, datagram });
  if (!name.includes('/') && parseAuthority(text) === undefined) {
    return err(`"${text}" is not of the form HOST or HOST:PORT`);
  }
  return err(unknownService(model, client, name));
}

/** A bare name means pods of the client's own namespace only: elsewhere it would reach nobody. */
function podsNamed(model: MeshModel, client: Workload, name: string): readonly Party[] {
  const parties = partiesOf(model, name, client.namespace).filter(({ kind }) => kind !== 'Service');
  const bare = /^[^/.:[\]]+$/.test(name);
  return bare ? parties.filter(({ id }) => id.startsWith(`${client.namespace}/`)) : parties;
}

function splitPort(text: string): { readonly name: string; readonly port?: number } {
  const [, name, port] = /^(.*[^:]):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  // An IPv6 address ends in digits too; with a port it stands in brackets.
  if (name === undefined || (name.includes(':') && !/\]$|^spiffe:/.test(name))) return { name: text };
  return { name, port: Number(port) };
}

interface FoundService {
  readonly service: Service;
  readonly host: string;
}

function findService(model: MeshModel, client: Workload, name: string): FoundService | undefined {
  const services = Object.values(model.services);
  const authority = parseAuthority(name);
  if (authority !== undefined) {
    const service = services.find((candidate) => isNamed(candidate, client, authority.name));
    return service && { service, host: authority.name };
  }
  const wanted = parsePartyName(name);
  if (wanted === undefined || (wanted.kind ?? 'Service') !== 'Service') return undefined;
  const service = model.services[`${wanted.namespace ?? client.namespace}/${wanted.name}` as ServiceId];
  return service && { service, host: service.hosts[0] };
}

function isNamed(service: Service, client: Workload, name: string): boolean {
  return answersTo({ service, port: { port: 0, protocol: 'http', targets: [] } }, client, { name });
}

interface Asked {
  readonly port: number | undefined;
  readonly datagram: boolean;
}

function serviceDestination(
  { service, host }: FoundService,
  asked: Asked,
  notes: readonly string[],
): Result<Destination, string> {
  const offered = portsAsked(service.ports, asked.datagram);
  const numbers = offered.map(({ port }) => port);
  const wanted = asked.port ?? (numbers.length === 1 ? numbers[0] : 80);
  const found = offered.find(({ port }) => port === wanted);
  if (found !== undefined) {
    return ok({ kind: 'service', host, port: found.port, protocol: found.protocol, service: service.id, notes });
  }
  const kind = asked.datagram ? 'UDP port' : 'port';
  return err(`Service ${service.id} ${offers(numbers, kind)}: write --to ${host}:PORT`);
}

/** The ports that can be meant: UDP ports by datagrams, and otherwise only where no TCP port has the number. */
function portsAsked<P extends { readonly port: number; readonly protocol: Protocol }>(
  ports: readonly P[],
  datagram: boolean,
): readonly P[] {
  const udp = ports.filter(({ protocol }) => protocol === 'udp');
  if (datagram) return udp;
  const others = ports.filter(({ protocol }) => protocol !== 'udp');
  return [...others, ...udp.filter(({ port }) => findPort(others, port) === undefined)];
}

function offers(numbers: readonly number[], kind = 'port'): string {
  return `offers ${numbers.length === 0 ? `no ${kind}` : `${kind} ${numbers.join(', ')}`}`;
}

function podsDestination(chosen: Party, asked: Asked): Result<Destination, string> {
  const name = `${chosen.kind} ${chosen.id}`;
  const numbers = [...new Set(chosen.workloads.flatMap(({ ports }) => ports.map(({ port }) => port)))];
  const port = asked.port ?? (numbers.length === 1 ? numbers[0] : 80);
  const notes = [`${name} is asked directly, as by a client that calls its pods: no split applies`];
  // What a pod does not declare can take datagrams all the same.
  if (asked.datagram && asked.port !== undefined) {
    return ok({ kind: 'pods', name, port: asked.port, protocol: 'udp', servers: chosen.workloads, notes });
  }
  const servers = nonEmpty(chosen.workloads.filter(({ ports }) => ports.some((each) => each.port === port)));
  const protocol = portsAsked(servers?.[0].ports ?? [], asked.datagram).find((each) => each.port === port)?.protocol;
  if (servers === undefined || protocol === undefined || port === undefined) {
    return err(`${name} ${offers(numbers)}: write --to ${partyText(chosen)}:PORT`);
  }
  return ok({ kind: 'pods', name, port, protocol, servers, notes });
}

/** What else a Service's name means, unless it is only the pods behind the Service. */
function besides(service: Service, model: MeshModel, name: string, parties: readonly Party[]): readonly string[] {
  const behind = new Set(service.ports.flatMap((port) => port.targets.map(({ workload }) => workload)));
  const others = parties.filter(({ workloads }) => workloads.some(({ id }) => model.workloads[id] && !behind.has(id)));
  if (others.length === 0) return [];
  const list = others.map((each) => `${each.kind} ${each.id} (write ${partyText(each)})`).join(', ');
  return [`"${name}" is taken for Service ${service.id}; it is also the name of ${list}`];
}

function unknownService(model: MeshModel, client: Workload, name: string): string {
  const services = Object.values(model.services);
  const elsewhere = services.find((service) => service.name === name);
  const none = `no Service is called "${name}" by ${client.id}`;
  const outside = client.outbound === 'intercepted' && model.settings.outboundMode === 'passthrough';
  if (outside && outsideHostReader(80)(name.toLowerCase()) !== undefined) {
    return `${none}: its requests go to that host outside the mesh (MeshConfig outbound: passthrough), and no rule is asked`;
  }
  if (elsewhere !== undefined)
    return `${none}; from ${client.namespace}, Service ${elsewhere.id} is "${elsewhere.hosts[0]}"`;
  const names = services.flatMap((service) =>
    service.namespace === client.namespace ? [service.name, ...service.hosts] : service.hosts,
  );
  return none + didYouMean(name, names);
}
