import { BlockList, isIP, isIPv6 } from 'node:net';
import { Dispatcher, type RefusalReason, type Way, type Ways } from '../interception/dispatcher.ts';
import type { Destination } from '../interception/original-destination.ts';
import type { ListenerSpec } from '../listeners/manager.ts';
import type { TcpTable } from '../listeners/tcp.ts';
import { outboundPhases } from '../phases/outbound.ts';
import type { OutboundTable } from '../routing/outbound-table.ts';
import { refusedConnections } from '../telemetry/denials.ts';
import { Destinations, type KnownPod } from './destinations.ts';
import type { InterceptionEnvironment, ListenerEnvironment } from './environment.ts';
import { inboundKey } from './inbound-listeners.ts';
import { httpSpec, listenerSpec, tcpSpec } from './listener-spec.ts';
import type { OutboundCompiler } from './outbound.ts';
import type { Messages, ResourceSet } from './resources.ts';
import { outboundTcp, straightTcp } from './tcp.ts';

type Workload = Messages['Workload'];
type OutboundListener = Workload['outbound'][number];
type Service = Messages['OutboundService'];

/** For what goes to where it was going: bytes, and requests. */
const straightBytes = 'outbound tcp elsewhere';
const straightHttp = 'outbound http elsewhere';

const serviceKey = ({ protocol, name }: Service) => `outbound ${protocol.toLowerCase()} ${name}`;
const namedKey = (port: number) => `outbound http :${port}`;

/**
 * Where connections are redirected to, and the listeners for the services, which are not bound: each connection is handed
 * to the one for where it was going.
 */
export function interceptedSpecs(
  resources: ResourceSet,
  workload: Workload,
  compiler: OutboundCompiler,
  environment: ListenerEnvironment,
  interception: InterceptionEnvironment,
): readonly ListenerSpec[] {
  const destinations = new Destinations(resources, workload);
  const named = namedListeners(resources, workload);
  const { outboundPort, inboundPort } = interception;
  const ports = { own: new Set([outboundPort, inboundPort]), named: new Set(named.map(({ port }) => port)) };
  const outbound = outboundWays(workload, destinations, ports, compiler);
  return [
    dispatcherSpec('outbound', outboundPort, outbound, interception, environment),
    dispatcherSpec('inbound', inboundPort, inboundWays(workload), interception, environment),
    ...serviceSpecs(destinations, named, compiler, environment),
  ];
}

function serviceSpecs(
  destinations: Destinations,
  named: readonly OutboundListener[],
  compiler: OutboundCompiler,
  environment: ListenerEnvironment,
): readonly ListenerSpec[] {
  const admission = 'plain';
  const requests = (key: string, table: OutboundTable) =>
    httpSpec(key, undefined, { admission, phases: outboundPhases(table, environment) }, environment);
  const connections = (key: string, table: Omit<TcpTable, 'admission'>) =>
    tcpSpec(key, undefined, { admission, ...table }, environment);
  const straight = compiler.straightRoute(destinations);
  return [
    ...destinations.services.map((service) =>
      service.protocol === 'HTTP'
        ? requests(serviceKey(service), compiler.onlyService(service.name, straight))
        : connections(serviceKey(service), outboundTcp(compiler.service(service.name))),
    ),
    ...named.map((listener) => requests(namedKey(listener.port), { ...compiler.table(listener), straight })),
    requests(straightHttp, compiler.noServices(straight)),
    connections(straightBytes, straightTcp(compiler.straight(destinations))),
  ];
}

/** Of each port that has any, the services whose names can lead to addresses that are not the mesh's. */
function namedListeners(resources: ResourceSet, { outbound }: Workload): readonly OutboundListener[] {
  return outbound.flatMap((listener) => {
    if (listener.protocol !== 'HTTP') return [];
    const services = listener.services.filter((name) => leadsElsewhere(resources, name));
    return services.length === 0 ? [] : [{ ...listener, services, passthrough: false }];
  });
}

/** One that stands for a host outside, or has names beside those that the cluster's DNS gives it. */
function leadsElsewhere(resources: ResourceSet, name: string): boolean {
  const service = resources.get('OutboundService', name);
  const { endpoints = [] } = resources.get('Endpoints', name) ?? {};
  if (endpoints.some(({ address }) => isIP(address) === 0)) return true;
  const own = `${service?.shortName}.${service?.namespace}`;
  return service?.hosts.some((host) => isIP(host) === 0 && host !== own && !host.startsWith(`${own}.`)) === true;
}

/**
 * An address of a service means the service. Any other is followed: to a pod of the mesh as the mesh does it, elsewhere as
 * the mode says, unless what it carries is HTTP and names a service that can be meant there. `named`: ports of such; `own`: of the proxy.
 */
function outboundWays(
  { outboundPassthrough }: Workload,
  destinations: Destinations,
  { own, named }: { readonly own: ReadonlySet<number>; readonly named: ReadonlySet<number> },
  compiler: OutboundCompiler,
): Ways {
  const bytes: Way = { listener: straightBytes, straight: true };
  return (destination) => {
    const { port } = destination;
    if (own.has(port)) return { refused: 'proxy-port' };
    if (isLocal(destination)) return { refused: 'local-address' };
    const service = destinations.service(destination);
    if (service !== undefined) {
      const asItIs = service.selectorless && !compiler.splits(service.name);
      return asItIs ? bytes : { listener: serviceKey(service), straight: false };
    }
    if (destinations.isOwn(destination)) return bytes;
    const pod = destinations.pod(destination);
    if (pod !== undefined) return podWay(pod, compiler, bytes);
    const otherwise = outboundPassthrough ? straightBytes : undefined;
    if (named.has(port)) return { listener: namedKey(port), straight: true, unlessHttp: { listener: otherwise } };
    return otherwise === undefined ? { refused: 'not-in-mesh' } : bytes;
  };
}

/** Rules of a service hold only where it has no other address than those of its pods. */
function podWay({ service, headless }: KnownPod, compiler: OutboundCompiler, bytes: Way): Way {
  if (service.protocol === 'HTTP') return { listener: headless ? serviceKey(service) : straightHttp, straight: true };
  return headless && compiler.splits(service.name) ? { listener: serviceKey(service), straight: false } : bytes;
}

/** A port that no container declares is nobody's to open. */
function inboundWays({ inbound }: Workload): Ways {
  const keys = new Map<string, string>();
  for (const listener of inbound) {
    const { address, port } = listener;
    for (const place of [`${address} ${port}`, `${port}`]) {
      if (!keys.has(place)) keys.set(place, inboundKey(listener));
    }
  }
  return ({ address, port }) => {
    const listener = keys.get(`${address} ${port}`) ?? keys.get(`${port}`);
    return listener === undefined ? { refused: 'undeclared-port' } : { listener, straight: false };
  };
}

const locals = new BlockList();
locals.addSubnet('0.0.0.0', 8, 'ipv4');
locals.addSubnet('127.0.0.0', 8, 'ipv4');
locals.addSubnet('224.0.0.0', 3, 'ipv4');
locals.addSubnet('::', 127, 'ipv6');
locals.addSubnet('fe80::', 10, 'ipv6');
locals.addSubnet('ff00::', 8, 'ipv6');

/** What no rule should redirect: it would mean the proxy itself, or nobody. */
function isLocal({ address }: Destination): boolean {
  return locals.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function dispatcherSpec(
  direction: 'outbound' | 'inbound',
  port: number,
  ways: Ways,
  { reader, find }: InterceptionEnvironment,
  { registry, denials }: ListenerEnvironment,
): ListenerSpec {
  const refused = (reason: RefusalReason, destination: Destination | undefined, from: string) => {
    refusedConnections(registry, direction, reason).value++;
    const to = destination === undefined ? 'unknown' : `${destination.address} port ${destination.port}`;
    denials.connection(direction, from, to, reason);
  };
  const create = () => new Dispatcher({ reader, find, refused }, ways);
  return listenerSpec(`${direction} interception :${port}`, { address: '::', port }, ways, create);
}
