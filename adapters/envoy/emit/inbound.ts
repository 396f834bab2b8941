import type { MeshModel, Workload, WorkloadPort } from '../../../src/model/types.ts';
import { appClusterName, inboundName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { type Callers, connectionLogs, failedHandshake, inboundLogs, nearestRules } from './access-log.ts';
import { admission, inspection } from './admission.ts';
import { type Authentication, audienceMapper, emitAuthentication } from './authentication.ts';
import { b3Context } from './b3.ts';
import { callersDeadline, overdue, requestTime } from './deadline.ts';
import { earlyMutations } from './early-mutations.ts';
import type { InboundPort } from './emitted.ts';
import { faultRoutes } from './faults.ts';
import { httpConnectionManager } from './http.ts';
import { redirectedInbound } from './interception/inbound.ts';
import { jwksClusters } from './jwks.ts';
import { localReplies } from './local-replies.ts';
import { meshFields } from './mesh-fields.ts';
import { ads, any, cidr, type Message, originMetadata, socketAddress } from './message.ts';
import { peerMetadata } from './peer-metadata.ts';
import { programCluster } from './program.ts';
import { rateLimits } from './rate-limits.ts';
import { accessOfRequests, httpAccess, originsAt, policyOriginsAt, tcpAccess, tcpClients } from './rbac.ts';
import { serverLayersAt } from './server-layers.ts';
import {
  connectionStream,
  countedCallers,
  handshakeContext,
  inboundContext,
  requestStream,
  tellingConnections,
} from './telemetry.ts';
import { everybody, type PeerIdentities, serverTls, tlsInspector, trustOf } from './tls.ts';
import { tracing } from './tracing.ts';
import { udpPort } from './udp-inbound.ts';

/** Listeners for connections of other sidecars, and for each container port what they need. */
export interface EmittedInbound {
  readonly listeners: readonly Message[];
  readonly ports: readonly InboundPort[];
}

/** What takes connections of other sidecars. A workload without sidecar has nothing. */
export function inboundListeners(model: MeshModel, server: Workload, options: EnvoyOptions): EmittedInbound {
  if (server.transport === 'plain') return { listeners: [], ports: [] };
  const ports = inboundPorts(model, server, options);
  const redirected = redirectedInbound(server, ports, options);
  return { listeners: redirected === undefined ? ports.map((port) => listener(server, port)) : [redirected], ports };
}

function inboundPorts(model: MeshModel, server: Workload, options: EnvoyOptions): readonly InboundPort[] {
  const connections = server.ports.filter(({ protocol }) => protocol !== 'udp').map(({ meshPort }) => meshPort);
  return (
    server.ports
      // Streams for datagrams need a port of their own.
      .filter(({ protocol, meshPort }) => protocol !== 'udp' || !connections.includes(meshPort))
      .map((port) => emitters[port.protocol](model, server, port, options))
  );
}

const emitters = { http: httpPort, tcp: tcpPort, udp: udpPort } as const;

function httpPort(model: MeshModel, server: Workload, port: WorkloadPort, options: EnvoyOptions): InboundPort {
  const name = inboundName(server.id, port.port);
  const cluster = appClusterName(server.id, port.port);
  const policy = model.inbound[server.set];
  const layers = serverLayersAt(policy, port.port);
  const users = emitAuthentication(server.id, layers);
  const manager = (identified: boolean): Message => {
    const callers = identified ? 'identified' : 'plain';
    const limits = rateLimits(layers, identified);
    const filters = [...users.filters, ...(identified ? [httpAccess] : []), ...limits, callersDeadline];
    return httpConnectionManager(name, rds, filters, {
      ...managerOf(users, identified),
      ...tracing(options, server),
      ...earlyMutations([...b3Context(options), ...users.owned.map((remove) => ({ remove }))]),
      accessLog: [
        ...inboundLogs(options, server, port.port, policy, callers),
        ...requestStream(options, inboundContext(model, server, port.port, 'http', callers)),
      ],
    });
  };
  const rds = { rds: { routeConfigName: name, configSource: ads } };
  const filterNames = [...users.filters, ...rateLimits(layers, true)].map((filter) => String(filter.name));
  const transportSocket = serverTls(options, everybody(model), trustOf(model));
  const said = originMetadata(originsAt(policy, port.port));
  const context = inboundContext(model, server, port.port, 'http', 'identified');
  const refusals = connectionStream(options, context, failedHandshake(server, port, options));
  const action = { cluster, timeout: '0s', maxStreamDuration: requestTime(0) };
  const route = { name: cluster, match: { prefix: '/' }, ...said, route: action };
  const ofPeers = peerMetadata({
    ...nearestRules(policy, port.port),
    ...countedCallers(options, model, policy, port.port),
  });
  const routes = [...faultRoutes.map((fault) => withoutFilters(fault, filterNames)), overdue, route];
  return {
    ...{ name, port, tls: port.tls, accessLog: refusals },
    proven: [{ ...originMetadata(policyOriginsAt(policy, port.port)), filters: [manager(true)], transportSocket }],
    plain: [manager(false)],
    clusters: [programCluster(cluster, server, port, options), ...jwksClusters(server.id, layers, options)],
    routes: {
      name,
      ...meshFields,
      virtualHosts: [{ name: cluster, domains: ['*'], routes, ...ofPeers, ...accessOfRequests(policy, port.port) }],
    },
  };
}

/** What the connection manager itself does about identities. */
function managerOf({ filters }: Authentication, identified: boolean): Message {
  return {
    // The program is told who calls; what a client says of that itself is dropped.
    ...(identified ? { forwardClientCertDetails: 'SANITIZE_SET', setCurrentClientCertDetails: { uri: true } } : {}),
    ...(filters.length === 0
      ? {}
      : { localReplyConfig: { mappers: [...(localReplies.mappers as readonly Message[]), audienceMapper] } }),
  };
}

/** A request that can be read in two ways is answered before anybody asks for its user or counts it. */
function withoutFilters(route: Message, names: readonly string[]): Message {
  const off = any('envoy.config.route.v3.FilterConfig', { disabled: true });
  const others = route.typedPerFilterConfig as Message | undefined;
  return { ...route, typedPerFilterConfig: { ...others, ...Object.fromEntries(names.map((name) => [name, off])) } };
}

function tcpPort(model: MeshModel, server: Workload, port: WorkloadPort, options: EnvoyOptions): InboundPort {
  const name = inboundName(server.id, port.port);
  const cluster = appClusterName(server.id, port.port);
  const policy = model.inbound[server.set];
  const context = (callers: Callers) => inboundContext(model, server, port.port, 'tcp', callers);
  const proxy = (callers: Callers) => ({
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      statPrefix: name,
      cluster,
      ...tellingConnections(connectionStream(options, context(callers)), callers === 'identified'),
    }),
  });
  const filters = [...tcpAccess(policy, port.port), proxy('identified')];
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
    ...{ name, port, tls: port.tls, proven: [...places, elsewhere], plain: [proxy('plain')] },
    accessLog: [
      ...connectionLogs(options, server, port.port, policy),
      ...connectionStream(options, handshakeContext(context('identified')), failedHandshake(server, port, options)),
    ],
    clusters: [programCluster(cluster, server, port, options)],
  };
}

/** An address that is not known yet means all addresses. */
function listener(server: Workload, port: InboundPort): Message {
  return {
    name: port.name,
    ...originMetadata(server.origins),
    address: socketAddress(server.addresses[0] ?? '0.0.0.0', port.port.meshPort),
    trafficDirection: 'INBOUND',
    ...(port.tls === 'permissive' ? { listenerFilters: [tlsInspector], ...inspection } : {}),
    filterChains: admission(port),
    ...(port.accessLog.length === 0 ? {} : { accessLog: port.accessLog }),
  };
}
