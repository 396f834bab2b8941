import { shared } from '../../../src/adapter/tracking.ts';
import {
  type AccessRule,
  type ConnectionWay,
  type InboundAccess,
  type TrafficContext,
  telemetryCluster,
  trafficTags,
  writeCaller,
  writeContext,
} from '../../../src/lib/traffic-context.ts';
import { ownerOf, ownersByIdentity } from '../../../src/model/owners.ts';
import type { InboundPolicy, MeshModel, SpiffeId, Workload } from '../../../src/model/types.ts';
import type { EnvoyOptions } from '../options.ts';
import type { Callers } from './access-log.ts';
import { any, type Message } from './message.ts';
import { cel, type SaidOfPeers, saidOfPeer } from './peer-metadata.ts';
import { grantsAt } from './rbac.ts';
import { serverLayersAt } from './server-layers.ts';

/** What waits for a reader that is not there is bounded by the buffer; beyond it Envoy drops entries. */
const buffer = { bufferFlushInterval: '0.200s', bufferSizeBytes: 262_144 } as const;
const loggers = 'envoy.extensions.access_loggers.grpc.v3';

/** Tells whoever counts beside this Envoy of each request that is over. Empty where nobody does. */
export function requestStream(options: EnvoyOptions, context: TrafficContext): readonly Message[] {
  if (options.telemetry === undefined) return [];
  return [
    {
      name: 'envoy.access_loggers.http_grpc',
      typedConfig: any(`${loggers}.HttpGrpcAccessLogConfig`, {
        commonConfig: { ...commonConfig(context), ...tagsOfRequests(context) },
        additionalRequestHeadersToLog: ['content-type', 'traceparent'],
        additionalResponseHeadersToLog: ['grpc-status'],
        additionalResponseTrailersToLog: ['grpc-status'],
      }),
    },
  ];
}

/** The same of connections. `filter`: of which. */
export function connectionStream(options: EnvoyOptions, context: TrafficContext, filter?: Message): readonly Message[] {
  if (options.telemetry === undefined) return [];
  return [
    {
      name: 'envoy.access_loggers.tcp_grpc',
      ...(filter === undefined ? {} : { filter }),
      typedConfig: any(`${loggers}.TcpGrpcAccessLogConfig`, {
        commonConfig: {
          ...commonConfig(context),
          ...(context.direction === 'outbound' ? { customTags: [peerTag] } : {}),
        },
      }),
    },
  ];
}

/** What a TCP proxy says to tell of connections that are open, too. `proven`: the client proves who it is, and is to be known by then. */
export function tellingConnections(logs: readonly Message[], proven = false): Message {
  if (logs.length === 0) return {};
  return {
    accessLog: logs,
    accessLogOptions: { flushAccessLogOnConnected: true },
    ...(proven ? { upstreamConnectMode: 'ON_DOWNSTREAM_TLS_HANDSHAKE', maxEarlyDataBytes: earlyBytes } : {}),
  };
}

/** Of what a client sends, so much is kept until its server can have it. */
const earlyBytes = 65_536;

export function outboundContext(client: Workload, way?: ConnectionWay): TrafficContext {
  return { direction: 'outbound', ...counting(client), ...(way === undefined ? {} : { way }) };
}

export function inboundContext(
  model: MeshModel,
  server: Workload,
  port: number,
  transport: 'http' | 'tcp',
  callers: Callers,
): TrafficContext {
  return { direction: 'inbound', ...counting(server), access: accessOf(model, server, port, transport, callers) };
}

/** Of handshakes that fail: whose they are Envoy does not say. */
export function handshakeContext(context: TrafficContext): TrafficContext {
  return context.access === undefined ? context : { ...context, access: { ...context.access, owners: {} } };
}

/** Of connections that are closed, for a reason. */
export function refusalContext(
  workload: Workload,
  direction: TrafficContext['direction'],
  refused: string,
): TrafficContext {
  return { direction, ...counting(workload), refused };
}

function counting(workload: Workload) {
  const { id, identity, addresses } = workload;
  return { workload: id, owner: ownerOf(workload), identity, addresses };
}

/** What names a caller at a port for requests would change listeners with every grant: there routes say it. */
function accessOf(
  model: MeshModel,
  { set }: Workload,
  port: number,
  transport: 'http' | 'tcp',
  callers: Callers,
): InboundAccess {
  const policy: InboundPolicy | undefined = model.inbound[set];
  const rules = transport === 'http' ? [] : rulesAt(policy, port, transport);
  const owners = identitiesOf(rules).flatMap((identity) => {
    const owner = knownOwner(model, identity);
    return owner === undefined ? [] : [[identity, owner] as const];
  });
  const limits = serverLayersAt(policy, port).flatMap(({ name, layer }) =>
    layer.fields.rateLimit === undefined ? [] : [name],
  );
  return { mode: policy?.mode ?? 'deny', callers, rules, owners: Object.fromEntries(owners), limits };
}

/** What whoever counts is told of callers at a port for requests. */
export function countedCallers(
  options: EnvoyOptions,
  model: MeshModel,
  policy: InboundPolicy | undefined,
  port: number,
): SaidOfPeers {
  if (options.telemetry === undefined) return {};
  const rules = rulesAt(policy, port, 'http');
  const named = identitiesOf(rules).map((identity) => {
    const own = rules.filter(({ identities }) => identities.includes(identity));
    return [identity, writeCaller({ owner: knownOwner(model, identity) ?? '', rules: own })] as const;
  });
  const others = writeCaller({ owner: '', rules: rules.slice(0, 1) });
  return { [trafficTags.caller]: Object.fromEntries([...named, ['', others]]) };
}

interface PortRule extends AccessRule {
  readonly identities: readonly SpiffeId[];
}

function rulesAt(policy: InboundPolicy | undefined, port: number, transport: 'http' | 'tcp'): readonly PortRule[] {
  const grants = grantsAt(policy, port, (to) => to.transport === 'tcp' && (transport === 'http' || to.http === 'any'));
  return grants.map(({ grant: { rule, from, origins } }) => ({
    rule,
    object: origins[0]?.object ?? '',
    path: origins[0]?.path ?? '',
    identities: [...new Set(from.map(({ spiffe }) => spiffe))],
  }));
}

function identitiesOf(rules: readonly PortRule[]): readonly SpiffeId[] {
  return [...new Set(rules.flatMap(({ identities }) => identities))];
}

function knownOwner(model: MeshModel, identity: SpiffeId): string | undefined {
  return shared(model, `owner of ${identity}`, (whole) => ({
    owner: shared(whole, 'owners by identity', ownersByIdentity)[identity],
  })).owner;
}

function commonConfig(context: TrafficContext): Message {
  return {
    logName: writeContext(context),
    transportApiVersion: 'V3',
    grpcService: { envoyGrpc: { clusterName: telemetryCluster } },
    ...buffer,
  };
}

function tagsOfRequests({ direction, access }: TrafficContext): Message {
  if (direction === 'outbound') return { customTags: [peerTag, splitTag] };
  return access?.callers === 'identified' ? { customTags: [callerTag] } : {};
}

/** Repeats what metadata of the chosen endpoint or route says. */
function tag(name: string, kind: 'host' | 'route'): Message {
  return { tag: name, metadata: { kind: { [kind]: {} }, metadataKey: { key: 'smi-mesh', path: [{ key: name }] } } };
}

const peerTag = tag(trafficTags.peer, 'host');
const splitTag = tag(trafficTags.split, 'route');
const callerTag: Message = { tag: trafficTags.caller, value: cel(saidOfPeer(trafficTags.caller)) };
