import { shared } from '../../../src/adapter/tracking.ts';
import { admitted, isShutOut } from '../../../src/model/admission.ts';
import { interceptedAddress } from '../../../src/model/hosts.ts';
import type { MeshModel, OutboundRule, ServiceId, WeightedTarget, Workload } from '../../../src/model/types.ts';
import { emptyCluster, findUdpPort, outboundName, type ServicePortRef, udpPorts } from '../names.ts';
import { httpConnectionManager } from './http.ts';
import { any, connectUdp, type Message, originMetadata } from './message.ts';
import { appliesTo } from './routes.ts';
import { isTunnelled, streams } from './udp-cluster.ts';

/** As in our own proxy: how long a flow may be silent, and what is kept of it until the server's sidecar has agreed. */
const limits = { idle: '60s', earlyDatagrams: 32 } as const;

export interface EmittedUdp {
  readonly listeners: readonly Message[];
  readonly clusters: readonly Message[];
}

interface Binding extends ServicePortRef {
  readonly address: string;
  readonly listen: number;
}

interface Target {
  readonly cluster: string;
  readonly weight: number;
  readonly tunnelled: boolean;
}

/** What takes the datagrams of a workload's programs: those of one port of a program are a flow, to one endpoint. */
export function udpListeners(model: MeshModel, client: Workload): readonly EmittedUdp[] {
  return bindings(model, client).map((binding) => emit(model, client, binding));
}

/** Names of the clusters that a workload's UDP listeners can lead to, each once. */
export function reachedUdpClusters(model: MeshModel, client: Workload): readonly string[] {
  const names = bindings(model, client).flatMap((binding) => targetsOf(model, client, binding));
  return [...new Set(names.map(({ cluster }) => cluster))].filter((name) => name !== emptyCluster);
}

/** Where traffic is intercepted datagrams are not: nothing tells services apart that share a port number. */
function bindings(model: MeshModel, client: Workload): readonly Binding[] {
  if (client.outbound !== 'intercepted') {
    return client.outbound.flatMap(({ service, port, udp, listen }) => {
      const ref = udp ? findUdpPort(model, service, port) : undefined;
      return ref === undefined ? [] : [{ ...ref, address: listen.address, listen: listen.port }];
    });
  }
  const byNumber = Map.groupBy(shared(model, 'UDP ports', udpPorts), ({ port }) => port.port);
  const address = interceptedAddress(client);
  return [...byNumber].flatMap(([listen, refs]) =>
    refs.length === 1 ? refs.map((ref) => ({ ...ref, address, listen })) : [],
  );
}

function targetsOf(model: MeshModel, client: Workload, { service, port, name }: Binding): readonly Target[] {
  const to = ruleOf(model, client, service.id, name)?.to;
  if (to === undefined || to.kind === 'fail') return [];
  const targets: readonly Pick<WeightedTarget, 'service' | 'port' | 'weight'>[] =
    to.kind === 'self' ? [{ service: service.id, port: port.port, weight: 1 }] : to.targets;
  return targets
    .filter(({ weight }) => weight > 0)
    .map((target): Target => {
      const ref = findUdpPort(model, target.service, target.port);
      const { weight } = target;
      if (ref === undefined || refuses(model, client, ref)) return { cluster: emptyCluster, weight, tunnelled: false };
      return { cluster: ref.name, weight, tunnelled: isTunnelled(model, ref.port) };
    });
}

/** Matches speak of requests, so the first rule without one decides. */
function ruleOf(model: MeshModel, client: Workload, service: ServiceId, name: string): OutboundRule | undefined {
  const policy = model.outbound[service]?.ports[name.slice(name.lastIndexOf(':') + 1)];
  return policy?.rules.find((rule) => rule.match === 'any' && appliesTo(rule, client));
}

/** Where no server would let it in the client's own sidecar need not ask. */
function refuses(model: MeshModel, { id, identity }: Workload, { service, port, name }: ServicePortRef): boolean {
  const client = { id, identity };
  return shared(model, `refuses datagrams ${id} ${identity} ${name}`, (whole) => {
    const found = findUdpPort(whole, service.id, port.port)?.port;
    if (found === undefined || isShutOut(whole, client, found)) return { yes: true };
    return { yes: whole.settings.clientAccess === 'refuse' && admitted(whole, client, found) !== 'any' };
  }).yes;
}

function emit(model: MeshModel, client: Workload, binding: Binding): EmittedUdp {
  const name = outboundName(client.id, binding.address, binding.listen, 'udp');
  const targets = targetsOf(model, client, binding);
  const [first] = targets;
  const only = targets.every(({ cluster }) => cluster === first?.cluster);
  if (first === undefined || only) {
    const { cluster, tunnelled } = first ?? { cluster: emptyCluster, tunnelled: false };
    return { listeners: [listener(name, client, binding, cluster, tunnelled)], clusters: [] };
  }
  const split = `${name}/split`;
  return {
    listeners: [listener(name, client, binding, split, true), splitListener(split, targets)],
    clusters: [splitCluster(split)],
  };
}

function listener(
  name: string,
  client: Workload,
  { service, port, address, listen, name: service_port }: Binding,
  cluster: string,
  tunnelled: boolean,
): Message {
  const route = any('envoy.extensions.filters.udp.udp_proxy.v3.Route', { cluster });
  return {
    name,
    ...originMetadata(client.origins),
    address: { socketAddress: { protocol: 'UDP', address, portValue: listen } },
    trafficDirection: 'OUTBOUND',
    udpListenerConfig: {},
    listenerFilters: [
      {
        name: 'envoy.filters.udp_listener.udp_proxy',
        typedConfig: any('envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig', {
          statPrefix: service_port,
          idleTimeout: limits.idle,
          matcher: { onNoMatch: { action: { name: 'route', typedConfig: route } } },
          ...(tunnelled ? tunnel(service.hosts[0], port.port) : {}),
        }),
      },
    ],
  };
}

/** Datagrams as capsules (RFC 9297) of a stream. The server's sidecar knows its program, whatever name is said here. */
function tunnel(host: string, port: number): Message {
  const capsules = any('envoy.extensions.filters.udp.udp_proxy.session.http_capsule.v3.FilterConfig', {});
  return {
    sessionFilters: [{ name: 'envoy.filters.udp.session.http_capsule', typedConfig: capsules }],
    tunnelingConfig: {
      proxyHost: host,
      targetHost: host,
      defaultTargetPort: port,
      bufferOptions: { maxBufferedDatagrams: limits.earlyDatagrams },
    },
  };
}

/** Envoy splits no datagrams, but the streams that carry them: within the same process. */
function splitListener(name: string, targets: readonly Target[]): Message {
  const clusters = targets.map(({ cluster, weight }) => ({ name: cluster, weight }));
  const route = { name, match: { connectMatcher: {} }, route: { weightedClusters: { clusters }, timeout: '0s' } };
  const routeConfig = { name, virtualHosts: [{ name, domains: ['*'], routes: [route] }], validateClusters: false };
  return {
    name,
    internalListener: {},
    filterChains: [{ filters: [httpConnectionManager(name, { routeConfig }, [], connectUdp)] }],
  };
}

function splitCluster(name: string): Message {
  const address = { envoyInternalAddress: { serverListenerName: name } };
  return {
    name,
    type: 'STATIC',
    ...streams,
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
  };
}
