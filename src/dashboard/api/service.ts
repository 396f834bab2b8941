import { accountOf } from '../../analysis/reach.ts';
import type { MeshView } from '../../control/mesh-view.ts';
import type { Locate } from '../../diagnostics/origin.ts';
import { describeMatch } from '../../explain/match-text.ts';
import { describeFields } from '../../explain/policy-text.ts';
import type { TrafficSeries } from '../../metrics/contract.ts';
import { fieldsInForce } from '../../model/policy-fields.ts';
import { portKey, transportOf } from '../../model/ports.ts';
import type { Grant, MeshModel, Service, ServiceId, Workload } from '../../model/types.ts';
import type { EjectionsPage, Peer, ServicePage } from './contract.ts';
import { groupsOf } from './groups.ts';
import { placeOf, placesOf } from './places.ts';
import { codesOf, goldenOf, type Traffic } from './traffic.ts';

/** Everything about one Service; nothing for a Service that there is not. `ejected` is absent where that is not known. */
export function servicePage(
  mesh: MeshView,
  model: MeshModel,
  traffic: Traffic,
  ejected: EjectionsPage | undefined,
  id: string,
): ServicePage | undefined {
  const service = Object.hasOwn(model.services, id) ? model.services[id as ServiceId] : undefined;
  if (service === undefined) return undefined;
  const locate: Locate = mesh.load()?.locate ?? (() => undefined);
  const pods = podsOf(model, service);
  const { scope, series } = traffic;
  const inbound = series.filter((one) => one.service === id || one.backend === id || servesFor(one, id));
  const outbound = outboundOf(model, service, series);
  const split = model.telemetry.splits.find(({ root, backends }) => root === id || backends.includes(service.id));
  const [origin] = service.origins;
  return {
    traffic: scope,
    service: id,
    kind: service.kind,
    ...(origin === undefined ? {} : { place: placeOf(origin.object, locate) }),
    ports: service.ports.map(({ port, name, protocol }) => ({
      port,
      ...(name === undefined ? {} : { name }),
      protocol,
    })),
    hosts: service.hosts,
    pods: pods.map((pod) => ({
      workload: pod.id,
      account: `${pod.namespace}/${pod.serviceAccount}`,
      ready: pod.ready,
      transport: pod.transport,
      ...(ejected === undefined ? {} : { ejections: ejected.ejections.filter(({ workload }) => workload === pod.id) }),
    })),
    inbound: peersOf(inbound, traffic, ({ source }) => nameOfParty(model, source)),
    outbound: peersOf(outbound, traffic, (one) => serviceName(one.service ?? '')),
    total: goldenOf(inbound, scope),
    grants: grantsOf(model, pods).map((grant) => describeGrant(grant, locate)),
    policies: policiesOf(model, service, locate),
    ...(split === undefined ? {} : { split: split.split }),
  };
}

/** Whether a server measured it: then no client says which Service it called. */
function servesFor({ side, destination }: TrafficSeries, id: string): boolean {
  if (side !== 'server') return false;
  return (destination.services ?? []).some((name) => `${destination.namespace}/${name}` === id);
}

export function podsOf(model: MeshModel, { ports }: Service): readonly Workload[] {
  const ids = new Set(ports.flatMap(({ targets }) => targets.map(({ workload }) => workload)));
  return [...ids].flatMap((id) => model.workloads[id] ?? []);
}

function outboundOf(model: MeshModel, service: Service, series: readonly TrafficSeries[]): readonly TrafficSeries[] {
  const groups = groupsOf(model);
  const own = new Set(groups.behind(service.id).map(({ id }) => id));
  return series.filter(({ side, source }) => side === 'client' && own.has(groups.idOf(source) ?? ''));
}

interface PeerName {
  readonly namespace: string;
  readonly name: string;
  readonly service?: string;
}

function nameOfParty(model: MeshModel, party: TrafficSeries['source']): PeerName {
  const { namespace = '', owners = [], pod } = party;
  const id = groupsOf(model).idOf(party);
  const own = Object.keys(model.services).find((one) => {
    const behind = groupsOf(model).behind(one as ServiceId);
    return behind.length === 1 && behind[0]?.id === id;
  });
  return { namespace, name: owners.at(-1)?.name ?? pod ?? 'outside', ...(own === undefined ? {} : { service: own }) };
}

function serviceName(service: string): PeerName {
  const [namespace = '', name = ''] = service.split('/');
  return service === '' ? { namespace, name: 'outside' } : { namespace, name, service };
}

function peersOf(
  series: readonly TrafficSeries[],
  { scope }: Traffic,
  nameOf: (one: TrafficSeries) => PeerName,
): readonly Peer[] {
  const peers = Map.groupBy(series, (one) => JSON.stringify(nameOf(one)));
  return [...peers]
    .map(([name, own]) => ({ ...(JSON.parse(name) as PeerName), golden: goldenOf(own, scope), codes: codesOf(own) }))
    .sort((a, b) => b.golden.requests - a.golden.requests);
}

function grantsOf(model: MeshModel, pods: readonly Workload[]): readonly Grant[] {
  const sets = new Set(pods.map(({ set }) => set));
  const grants = [...sets].flatMap((set) => model.inbound[set]?.grants ?? []);
  return [...new Map(grants.map((grant) => [JSON.stringify([grant.rule, grant.from, grant.to]), grant])).values()];
}

function describeGrant({ rule, from, to, origins }: Grant, locate: Locate): ServicePage['grants'][number] {
  const what = to.map(({ transport, ports, http }) => {
    const at = ports === 'any' ? '' : ` on ${ports.map((port) => portKey(port, transport)).join(', ')}`;
    return `${http === 'any' ? 'anything' : describeMatch(http)}${at}`;
  });
  const callers = from.map((one) => {
    const [, namespace, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(one.spiffe) ?? [];
    const name = account === undefined ? one.spiffe : `${namespace}/${account}`;
    return one.kind === 'pods' ? `${name} (${one.workloads.length} pods)` : name;
  });
  return { rule, from: callers, what: [...new Set(what)], places: placesOf(origins, locate) };
}

function policiesOf(model: MeshModel, service: Service, locate: Locate): ServicePage['policies'] {
  const ports = Object.values(model.outbound[service.id]?.ports ?? {});
  const layers = ports.flatMap(({ policies = [], endpoints }) => [
    ...policies,
    ...(endpoints === undefined ? [] : [endpoints]),
  ]);
  const servers = [...new Set(podsOf(model, service).map(({ set }) => set))].flatMap(
    (set) => model.inbound[set]?.policies ?? [],
  );
  return describeFields(fieldsInForce([...layers, ...servers])).map(({ policy, text, origins = [] }) => ({
    policy,
    text,
    places: placesOf(origins, locate),
  }));
}

/** Accounts, `NAMESPACE/NAME`, of pods. */
export function accountsOf(pods: readonly Workload[]): readonly string[] {
  return [...new Set(pods.map(({ set }) => accountOf(set)))];
}

/** Protocols of the ports of a Service, as people say them. */
export function protocolsOf({ ports }: Service): readonly string[] {
  return ports.map(({ port, protocol, http2 }) => {
    const name = protocol === 'http' ? (http2 ? 'HTTP/2' : 'HTTP/1.1') : protocol.toUpperCase();
    return `${name} ${portKey(port, transportOf(protocol))}`;
  });
}
