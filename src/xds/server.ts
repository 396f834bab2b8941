import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { peerSpiffeId, type SpiffeId } from '../lib/spiffe.ts';
import type { XdsEvent, XdsLimits } from './contract.ts';
import { rotatingCredentials, type ServerIdentity } from './credentials.ts';
import { type NodeStream, openStream } from './stream.ts';
import type { Batch } from './subscription.ts';
import type { View } from './view.ts';
import { deltaService, type WireRequest } from './wire.ts';

const defaultLimits: XdsLimits = {
  maxStreams: 10_000,
  maxNames: 100_000,
  maxBatchBytes: 1_000_000,
  answerMillis: 30_000,
  keepaliveMillis: 10_000,
};

export interface XdsServerOptions {
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Type URLs in the order in which additions must arrive. */
  readonly typeOrder: readonly string[];
  /** `insecure` takes any client for whatever it says it is: for tests only. */
  readonly tls: ServerIdentity | 'insecure';
  /** Whether a peer may have the configuration of a node. Asked when a stream opens and at every change. */
  authorize(peer: SpiffeId | undefined, node: string): boolean;
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

/** An ADS server (delta) that knows no resource type: it compares names and versions and moves bytes. */
export interface XdsServer {
  readonly port: number;
  /** What a node is to have from now on; `undefined` ends its streams. Only what differs travels. */
  setView(node: string, view: View | undefined): void;
  /** Nodes with an open stream. */
  connectedNodes(): readonly string[];
  rotate(identity: ServerIdentity): void;
  counters(): XdsCounters;
  /** Ends all streams, then the server; after `graceMillis` by force. */
  close(graceMillis?: number): Promise<void>;
}

/** Starts serving; rejects when the address cannot be bound. */
export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const views = new Map<string, View>();
  const streams = new Set<NodeStream>();
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
  const { authorize, typeOrder } = options;
  const server = new Server({
    'grpc.keepalive_time_ms': limits.keepaliveMillis,
    'grpc.keepalive_timeout_ms': limits.keepaliveMillis,
    'grpc.max_receive_message_length': 4_000_000,
  });
  server.addService(deltaService(), {
    DeltaAggregatedResources(call: ServerDuplexStream<WireRequest, Batch>) {
      if (streams.size >= limits.maxStreams) {
        emit({ kind: 'refused', node: '', because: 'too many streams' });
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many streams' });
        return;
      }
      const peer = peerSpiffeId(call.getAuthContext().sslPeerCertificate?.subjectaltname);
      const viewOf = (node: string) => views.get(node);
      const stream = openStream(call, {
        authorize: (node) => authorize(peer, node),
        viewOf,
        typeOrder,
        limits,
        emit,
        onClosed: (closed) => streams.delete(closed),
      });
      streams.add(stream);
    },
  });
  const tls = options.tls === 'insecure' ? undefined : rotatingCredentials(options.tls);
  const port = await bind(
    server,
    options.address,
    options.port,
    tls?.credentials ?? ServerCredentials.createInsecure(),
  );
  return {
    port,
    setView(node, view) {
      if (view === undefined) views.delete(node);
      else views.set(node, view);
      for (const stream of streams) if (stream.node === node) stream.push();
    },
    connectedNodes: () => [...new Set([...streams].flatMap(({ node }) => node ?? []))],
    rotate: (identity) => tls?.rotate(identity),
    counters: () => ({ streams: streams.size, ...count }),
    close: (graceMillis = 2000) => close(server, streams, graceMillis),
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
  for (const stream of streams) stream.end(status.UNAVAILABLE, 'the control plane stops');
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
