import type { MeshModel, Workload, WorkloadPort } from '../../../src/model/types.ts';
import { appClusterName, inboundName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { connectionLogs, inboundLogs } from './access-log.ts';
import { type Authentication, audienceMapper, emitAuthentication } from './authentication.ts';
import { appCluster } from './cluster.ts';
import { callersDeadline, overdue, requestTime } from './deadline.ts';
import type { EmittedInbound } from './emitted.ts';
import { faultRoutes } from './faults.ts';
import { httpConnectionManager } from './http.ts';
import { jwksClusters } from './jwks.ts';
import { localReplies } from './local-replies.ts';
import { meshFields } from './mesh-fields.ts';
import { ads, any, cidr, type Message, originMetadata, socketAddress } from './message.ts';
import { rateLimits } from './rate-limits.ts';
import { httpAccess, originsAt, tcpAccess, tcpClients } from './rbac.ts';
import { serverLayersAt } from './server-layers.ts';
import { everybody, type PeerIdentities, serverTls, tlsInspector, trustOf } from './tls.ts';
import { tracing } from './tracing.ts';
import { udpListener } from './udp-inbound.ts';

/** What takes connections of other sidecars: one listener for each container port. A workload without sidecar has none. */
export function inboundListeners(model: MeshModel, server: Workload, options: EnvoyOptions): readonly EmittedInbound[] {
  if (server.transport === 'plain') return [];
  const connections = server.ports.filter(({ protocol }) => protocol !== 'udp').map(({ meshPort }) => meshPort);
  return (
    server.ports
      // Streams for datagrams need a port of their own.
      .filter(({ protocol, meshPort }) => protocol !== 'udp' || !connections.includes(meshPort))
      .map((port) => emitters[port.protocol](model, server, port, options))
  );
}

const emitters = { http: httpListener, tcp: tcpListener, udp: udpListener } as const;

function httpListener(model: MeshModel, server: Workload, port: WorkloadPort, options: EnvoyOptions): EmittedInbound {
  const name = inboundName(server.id, port.port);
  const cluster = appClusterName(server.id, port.port);
  const policy = model.inbound[server.set];
  const layers = serverLayersAt(policy, port.port);
  const users = emitAuthentication(server.id, layers);
  const access = httpAccess(policy, port.port);
  const manager = (identified: boolean): Message => {
    const limits = rateLimits(layers, identified);
    const filters = [...users.filters, ...(identified ? access : []), ...limits, callersDeadline];
    return httpConnectionManager(name, rds, filters, {
      ...managerOf(users, identified),
      ...tracing(options, server),
      accessLog: inboundLogs(options, server, port.port, policy, identified ? 'identified' : 'plain'),
    });
  };
  const rds = { rds: { routeConfigName: name, configSource: ads } };
  const filterNames = [...users.filters, ...rateLimits(layers, true)].map((filter) => String(filter.name));
  const transportSocket = serverTls(options, everybody(model), trustOf(model));
  const said = originMetadata(originsAt(policy, port.port));
  const action = { cluster, timeout: '0s', maxStreamDuration: requestTime(0) };
  const route = { name: cluster, match: { prefix: '/' }, ...said, route: action };
  const routes = [...faultRoutes.map((fault) => withoutFilters(fault, filterNames)), overdue, route];
  return {
    listener: listener(name, server, port, [{ ...said, filters: [manager(true)], transportSocket }], [manager(false)]),
    clusters: [appCluster(cluster, port), ...jwksClusters(server.id, layers, options)],
    routes: { name, ...meshFields, virtualHosts: [{ name: cluster, domains: ['*'], routes }] },
  };
}

/** What the connection manager itself does about identities. */
function managerOf({ owned, filters }: Authentication, identified: boolean): Message {
  const headers = owned.map((remove) => ({ remove }));
  return {
    // The program is told who calls; what a client says of that itself is dropped.
    ...(identified ? { forwardClientCertDetails: 'SANITIZE_SET', setCurrentClientCertDetails: { uri: true } } : {}),
    ...(headers.length === 0 ? {} : { earlyHeaderMutationExtensions: [removing(headers)] }),
    ...(filters.length === 0
      ? {}
      : { localReplyConfig: { mappers: [...(localReplies.mappers as readonly Message[]), audienceMapper] } }),
  };
}

/** Before anything looks at a request. */
function removing(mutations: readonly Message[]): Message {
  const type = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation';
  return { name: 'envoy.http.early_header_mutation.header_mutation', typedConfig: any(type, { mutations }) };
}

/** A request that can be read in two ways is answered before anybody asks for its user or counts it. */
function withoutFilters(route: Message, names: readonly string[]): Message {
  const off = any('envoy.config.route.v3.FilterConfig', { disabled: true });
  const others = route.typedPerFilterConfig as Message | undefined;
  return { ...route, typedPerFilterConfig: { ...others, ...Object.fromEntries(names.map((name) => [name, off])) } };
}

function tcpListener(model: MeshModel, server: Workload, port: WorkloadPort, options: EnvoyOptions): EmittedInbound {
  const name = inboundName(server.id, port.port);
  const cluster = appClusterName(server.id, port.port);
  const policy = model.inbound[server.set];
  const proxy = {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', { statPrefix: name, cluster }),
  };
  const filters = [...tcpAccess(policy, port.port), proxy];
  const chain = (peers: PeerIdentities, match: Message = {}): Message => ({
    ...match,
    ...originMetadata(originsAt(policy, port.port)),
    filters,
    transportSocket: serverTls(options, peers, trustOf(model)),
  });
  const clients = tcpClients(policy, port.port);
  const places = (clients?.places ?? []).map(({ addresses, clients: exact }) =>
    chain({ exact }, { filterChainMatch: { directSourcePrefixRanges: addresses.map(cidr) } }),
  );
  const elsewhere = chain(clients === undefined ? everybody(model) : { exact: clients.everywhere });
  return {
    listener: {
      ...listener(name, server, port, [...places, elsewhere], [proxy]),
      accessLog: connectionLogs(options, server, port.port, policy),
    },
    clusters: [appCluster(cluster, port)],
  };
}

/** An address that is not known yet means all addresses. `plain`: what plain callers meet where the port takes them. */
function listener(
  name: string,
  server: Workload,
  port: WorkloadPort,
  proven: readonly Message[],
  plain: readonly Message[],
): Message {
  return {
    name,
    ...originMetadata(server.origins),
    address: socketAddress(server.addresses[0] ?? '0.0.0.0', port.meshPort),
    trafficDirection: 'INBOUND',
    ...admission(port.tls, proven, plain),
  };
}

function admission(mode: WorkloadPort['tls'], proven: readonly Message[], plain: readonly Message[]): Message {
  if (mode === undefined) return { filterChains: proven };
  if (mode === 'off') return { filterChains: [{ filters: plain }] };
  const chains = proven.map((chain) => ({
    ...chain,
    filterChainMatch: { ...(chain.filterChainMatch as Message | undefined), transportProtocol: 'tls' },
  }));
  return {
    listenerFilters: [tlsInspector],
    // Who says nothing waits for the server to speak first, which clients of TLS never do.
    listenerFiltersTimeout: '3s',
    continueOnListenerFiltersTimeout: true,
    filterChains: [...chains, { filterChainMatch: { transportProtocol: 'raw_buffer' }, filters: plain }],
  };
}
