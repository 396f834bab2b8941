import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { peerSpiffeId, type SpiffeId } from '../lib/spiffe.ts';
import { clientStatusHandlers } from './client-status-service.ts';
import type { NodeInfo, ProxyState, XdsEvent, XdsLimits } from './contract.ts';
import { rotatingCredentials, type ServerIdentity } from './credentials.ts';
import { bindLocal, type LocalSocket } from './local-socket.ts';
import { delta, type Protocol, sotw } from './protocol.ts';
import { clientStatusService, discoveryService } from './services.ts';
import { type Call, type NodeStream, openStream, type WireRequest } from './stream.ts';
import { Streams } from './streams.ts';
import type { View } from './view.ts';

const defaultLimits: XdsLimits = {
  maxStreams: 10_000,
  maxNames: 100_000,
  maxNameLength: 4096,
  maxRequestBytes: 8_000_000,
  maxRequestsPerSecond: 100,
  maxBatchBytes: 1_000_000,
  answerMillis: 30_000,
  keepaliveMillis: 10_000,
  nackDelayMillis: 1000,
  nackRetryMillis: 15_000,
};

export interface XdsServerOptions {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /**
   * Type URLs in the order in which additions must arrive, one list for each kind of client: a stream follows the list
   * that holds the first type that it asks for.
   */
  readonly typeOrders: readonly (readonly string[])[];
  /** `insecure` takes any client for whatever it says it is: for tests only. */
  readonly tls: ServerIdentity | 'insecure';
  /** Whether a peer may have the configuration of a node. Asked when a stream opens and before every push. */
  authorize(peer: SpiffeId | undefined, node: string): boolean;
  /**
   * What a client is to have; asked at its first request, when it is authorized. Nothing refuses it, and so does a defect of
   * whoever makes it, in other words. Several may share a view; what changes in it travels by itself.
   */
  viewOf(node: NodeInfo, typeUrl: string): View | 'defect' | undefined;
  readonly local?: LocalSocket;
  /**
   * Whether a peer may ask the client status discovery service (CSDS) what every node holds; without it the service does not
   * exist. A peer without a certificate (`insecure`, `local`) is undefined.
   */
  mayInspect?(peer: SpiffeId | undefined): boolean;
  readonly limits?: Partial<XdsLimits>;
  onEvent?(event: XdsEvent): void;
}

export interface XdsCounters {
  readonly streams: number;
  readonly responses: number;
  readonly resources: number;
  readonly removals: number;
  readonly acks: number;
  readonly nacks: number;
  readonly refusedStreams: number;
}

/** An ADS server that knows no resource type: it compares names and versions and moves bytes. */
export interface XdsServer {
  readonly port: number;
  /** The clients that are connected, one for each stream. */
  proxies(): readonly ProxyState[];
  proxiesOf(node: string): readonly ProxyState[];
  isConnected(node: string): boolean;
  /** Whether a node has answered everything and lacks nothing of its view that it has not refused. */
  isSettled(node: string): boolean;
  /** Ends the streams of a node that is no longer served. */
  revoke(node: string): void;
  rotate(identity: ServerIdentity): void;
  counters(): XdsCounters;
  /** Ends all streams, then the server; after `graceMillis` by force. */
  close(graceMillis?: number): Promise<void>;
}

/** Starts serving; rejects when the address cannot be bound. */
export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const streams = new Streams();
  const count = { responses: 0, resources: 0, removals: 0, acks: 0, nacks: 0, refusedStreams: 0 };
  const emit = (event: XdsEvent) => {
    if (event.kind === 'ack') count.acks += 1;
    if (event.kind === 'nack') count.nacks += 1;
    if (event.kind === 'refused') count.refusedStreams += 1;
    if (event.kind === 'sent') {
      count.responses += 1;
      count.resources += event.resources.length;
      count.removals += event.removed.length;
    }
    options.onEvent?.(event);
  };
  const { authorize, typeOrders } = options;
  const tls = options.tls === 'insecure' ? undefined : rotatingCredentials(options.tls);
  const server = new Server({
    'grpc.keepalive_time_ms': limits.keepaliveMillis,
    'grpc.keepalive_timeout_ms': limits.keepaliveMillis,
    'grpc.max_receive_message_length': limits.maxRequestBytes,
  });
  const open = <Request extends WireRequest>(call: Call, protocol: Protocol<Request>) => {
    if (streams.all.size >= limits.maxStreams) {
      emit({ kind: 'refused', node: '', because: 'too many streams' });
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many streams' });
      return;
    }
    const { transportSecurityType, sslPeerCertificate } = call.getAuthContext();
    const peer = peerSpiffeId(sslPeerCertificate?.subjectaltname);
    const local = tls !== undefined && transportSecurityType !== 'ssl' ? options.local : undefined;
    const stream = openStream(call, protocol, {
      peer,
      authorize: (node) => (local === undefined ? authorize(peer, node) : local.authorize(node)),
      viewOf: (node, typeUrl) => (local ?? options).viewOf(node, typeUrl),
      typeOrder: (typeUrl) => typeOrders.find((order) => order.includes(typeUrl)),
      limits,
      emit,
      onChanged: (changed) => streams.pushSoon(changed),
      onConnected: (connected, node) => streams.name(connected, node),
      onClosed: (closed, node) => streams.delete(closed, node),
    });
    streams.all.add(stream);
  };
  server.addService(discoveryService, {
    StreamAggregatedResources: (call: Call) => open(call, sotw),
    DeltaAggregatedResources: (call: Call) => open(call, delta),
  });
  const proxies = () => [...streams.all].flatMap((stream) => stream.state() ?? []);
  const { mayInspect } = options;
  if (mayInspect !== undefined) {
    server.addService(clientStatusService, clientStatusHandlers(mayInspect, proxies, limits));
  }
  const port = await bind(
    server,
    options.address,
    options.port,
    tls?.credentials ?? ServerCredentials.createInsecure(),
  );
  if (options.local !== undefined) await bindLocal(server, options.local);
  return {
    port,
    proxies,
    proxiesOf: (node) => [...streams.of(node)].flatMap((stream) => stream.state() ?? []),
    isConnected: (node) => streams.of(node).size > 0,
    isSettled: (node) => streams.isSettled(node),
    revoke(node) {
      for (const stream of [...streams.of(node)]) stream.revoke();
    },
    rotate: (identity) => tls?.rotate(identity),
    counters: () => ({ streams: streams.all.size, ...count }),
    close: (graceMillis = 2000) => close(server, streams.all, graceMillis),
  };
}

function bind(server: Server, address: string, port: number, credentials: ServerCredentials): Promise<number> {
  const host = address.includes(':') ? `[${address}]` : address;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

async function close(server: Server, streams: ReadonlySet<NodeStream>, graceMillis: number): Promise<void> {
  for (const stream of [...streams]) stream.end(status.UNAVAILABLE, 'the control plane stops');
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMillis);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
