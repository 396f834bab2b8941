import { BlockList, isIPv6 } from 'node:net';
import { Dispatcher, type RefusalReason, type Way, type Ways } from '../interception/dispatcher.ts';
import type { Destination } from '../interception/original-destination.ts';
import type { ListenerSpec } from '../listeners/manager.ts';
import { outboundPhases } from '../phases/outbound.ts';
import type { OutboundTable } from '../routing/outbound-table.ts';
import { Destinations } from './destinations.ts';
import type { InterceptionEnvironment, ListenerEnvironment } from './environment.ts';
import { inboundKey } from './inbound-listeners.ts';
import { httpSpec, listenerSpec, tcpSpec } from './listener-spec.ts';
import type { OutboundCompiler } from './outbound.ts';
import type { Messages, ResourceSet } from './resources.ts';
import { outboundTcp, straightTcp } from './tcp.ts';

/** For what goes to where it was going: bytes, and requests at ports that no service has. */
const straightBytes = 'outbound tcp elsewhere';
const straightHttp = 'outbound http elsewhere';

const httpKey = (port: number) => `outbound http :${port}`;
const tcpKey = (service: string) => `outbound tcp ${service}`;

/**
 * Where connections are redirected to, and the listeners for the services, which are not bound: each connection is handed
 * to the one for where it was going.
 */
export function interceptedSpecs(
  resources: ResourceSet,
  workload: Messages['Workload'],
  compiler: OutboundCompiler,
  environment: ListenerEnvironment,
  interception: InterceptionEnvironment,
): readonly ListenerSpec[] {
  const destinations = new Destinations(resources, workload);
  const straight = compiler.straight(destinations);
  const { outboundPort, inboundPort } = interception;
  return [
    dispatcherSpec('outbound', outboundPort, outboundWays(workload, destinations, compiler), interception, environment),
    dispatcherSpec('inbound', inboundPort, inboundWays(workload), interception, environment),
    ...serviceSpecs(workload, destinations, compiler, environment),
    tcpSpec(straightBytes, undefined, { admission: 'plain', ...straightTcp(straight) }, environment),
  ];
}

function serviceSpecs(
  workload: Messages['Workload'],
  destinations: Destinations,
  compiler: OutboundCompiler,
  environment: ListenerEnvironment,
): readonly ListenerSpec[] {
  const admission = 'plain';
  const http = (key: string, table: OutboundTable) =>
    httpSpec(key, undefined, { admission, phases: outboundPhases(table, environment) }, environment);
  const straight = compiler.straightRoute(destinations);
  const requests = workload.outbound
    .filter(({ protocol }) => protocol === 'HTTP')
    .map((listener) => http(httpKey(listener.port), { ...compiler.table(listener), straight }));
  const connections = connectionServices(workload).map((name) =>
    tcpSpec(tcpKey(name), undefined, { admission, ...outboundTcp(compiler.service(name)) }, environment),
  );
  return [...requests, http(straightHttp, compiler.noServices(straight)), ...connections];
}

function connectionServices({ outbound }: Messages['Workload']): readonly string[] {
  return outbound.flatMap(({ protocol, services, connectionServices: more }) =>
    protocol === 'TCP' ? [...services, ...more] : more,
  );
}

/**
 * A virtual address is its service's. Any other is followed: to a pod of the mesh as the mesh does it, elsewhere as the mode
 * says; only what speaks HTTP at a port that services have can still mean one of them.
 */
function outboundWays(workload: Messages['Workload'], destinations: Destinations, compiler: OutboundCompiler): Ways {
  const { outboundPassthrough } = workload;
  const httpPorts = new Set(workload.outbound.flatMap(({ protocol, port }) => (protocol === 'HTTP' ? [port] : [])));
  const bytes: Way = { listener: straightBytes, straight: true };
  return (destination) => {
    const { port } = destination;
    if (isLocal(destination)) return { refused: 'local-address' };
    const service = destinations.service(destination);
    if (service !== undefined) {
      return { listener: service.protocol === 'HTTP' ? httpKey(port) : tcpKey(service.name), straight: false };
    }
    if (destinations.isOwn(destination)) return bytes;
    const pod = destinations.pod(destination);
    if (pod?.protocol === 'HTTP') {
      return { listener: httpPorts.has(port) ? httpKey(port) : straightHttp, straight: true };
    }
    if (pod !== undefined) {
      const split = pod.headless && compiler.splits(pod.service);
      return split ? { listener: tcpKey(pod.service), straight: false } : bytes;
    }
    const otherwise = outboundPassthrough ? straightBytes : undefined;
    if (httpPorts.has(port)) {
      return { listener: httpKey(port), straight: true, unlessHttp: { listener: otherwise } };
    }
    return otherwise === undefined ? { refused: 'not-in-mesh' } : bytes;
  };
}

/** A port that no container declares is nobody's to open. */
function inboundWays({ inbound }: Messages['Workload']): Ways {
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
    registry.counter('smi_refused_connections_total', 'Redirected connections that nothing takes.', {
      direction,
      reason,
    }).value++;
    const to = destination === undefined ? 'unknown' : `${destination.address} port ${destination.port}`;
    denials.connection(direction, from, to, reason);
  };
  const create = () => new Dispatcher({ reader, find, refused }, ways);
  return listenerSpec(`${direction} interception :${port}`, { address: '::', port }, ways, create);
}
