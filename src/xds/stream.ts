import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { SpiffeId } from '../lib/spiffe.ts';
import type { NodeInfo, ProxyState, XdsEvent, XdsLimits } from './contract.ts';
import { StreamState } from './stream-state.ts';
import type { Batch } from './subscription.ts';
import type { View } from './view.ts';
import type { WireRequest } from './wire.ts';

export interface StreamContext {
  readonly peer: SpiffeId | undefined;
  /** Whether the peer of this stream may have a node's configuration. */
  authorize(node: string): boolean;
  viewOf(node: NodeInfo, typeUrl: string): View | undefined;
  /** The order of types that holds this one. */
  typeOrder(typeUrl: string): readonly string[] | undefined;
  readonly limits: XdsLimits;
  emit(event: XdsEvent): void;
  /** The view of this stream has changed: `push` is to be called soon. */
  onChanged(stream: NodeStream): void;
  /** The node is known and may have its view; called once, before `connected` is told. */
  onConnected(stream: NodeStream, node: string): void;
  /** The stream is over; called once, before its end is told. */
  onClosed(stream: NodeStream, node: string | undefined): void;
}

/** One client's stream. */
export interface NodeStream {
  /** Nothing before the first request. */
  state(): ProxyState | undefined;
  /** Sends what the client lacks of its view, as far as it may travel now. */
  push(): void;
  /** The node is no longer served. */
  revoke(): void;
  end(code: status, details: string): void;
}

export function openStream(call: ServerDuplexStream<WireRequest, Batch>, context: StreamContext): NodeStream {
  return new DeltaStream(call, context);
}

/** What a stream serves, known from its first request for a type that the server has. */
interface Session {
  readonly node: NodeInfo;
  readonly view: View;
  readonly state: StreamState;
  readonly connectedSince: number;
  unwatch(): void;
}

const notYours = 'this identity may not have the configuration of this node';

class DeltaStream implements NodeStream {
  readonly #call: ServerDuplexStream<WireRequest, Batch>;
  readonly #context: StreamContext;
  #node: NodeInfo | undefined;
  #session: Session | undefined;
  #timer: NodeJS.Timeout | undefined;
  #open = true;

  constructor(call: ServerDuplexStream<WireRequest, Batch>, context: StreamContext) {
    this.#call = call;
    this.#context = context;
    const closed = () => this.#close();
    call.on('data', (request: WireRequest) => this.#receive(request));
    call.on('end', () => {
      call.end();
      closed();
    });
    call.on('cancelled', closed);
    call.on('error', closed);
    call.on('close', closed);
    this.#watch();
  }

  state(): ProxyState | undefined {
    if (this.#session === undefined) return undefined;
    const { node, connectedSince, state } = this.#session;
    return { node, peer: this.#context.peer, variant: 'delta', connectedSince, types: state.types() };
  }

  push(): void {
    if (this.#session === undefined || !this.#open) return;
    const { node, view, state } = this.#session;
    if (!this.#context.authorize(node.id)) {
      this.#refuse(status.PERMISSION_DENIED, notYours);
      return;
    }
    for (let batch = state.next(view); batch !== undefined; batch = state.next(view)) {
      this.#call.write(batch);
      this.#context.emit({
        kind: 'sent',
        node: node.id,
        typeUrl: batch.typeUrl,
        resources: batch.resources.map(({ name }) => name),
        removed: batch.removed,
      });
    }
    this.#watch();
  }

  revoke(): void {
    this.#refuse(status.PERMISSION_DENIED, notYours);
  }

  end(code: status, details: string): void {
    if (this.#open) this.#call.emit('error', { code, details });
  }

  #receive(request: WireRequest): void {
    if (!this.#open) return;
    const session = this.#session ?? this.#greet(request);
    // A type that is not served here: it has no resources, and never will.
    if (session?.state.knows(request.typeUrl) !== true) return;
    const answer = session.state.request(request);
    if (request.subscribe.length > 0 && session.state.size > this.#context.limits.maxNames) {
      this.#refuse(status.RESOURCE_EXHAUSTED, 'too many resource names');
      return;
    }
    const { typeUrl } = request;
    const node = session.node.id;
    if (answer !== undefined) this.#rewatch();
    if (answer?.kind === 'ack') this.#context.emit({ kind: 'ack', node, typeUrl });
    if (answer?.kind === 'nack') {
      const { blamed: names, certain } = answer;
      this.#context.emit({ kind: 'nack', node, typeUrl, names, certain, detail: request.error ?? '' });
    }
    this.push();
  }

  /** The first request says whose configuration is asked for, and in which types. */
  #greet({ node: named, typeUrl }: WireRequest): Session | undefined {
    const node = this.#node ?? named;
    if (node === undefined || node.id === '') {
      this.#refuse(status.INVALID_ARGUMENT, 'the first request must name the node');
      return undefined;
    }
    this.#node = node;
    const order = this.#context.typeOrder(typeUrl);
    if (order === undefined) return undefined;
    const view = this.#context.authorize(node.id) ? this.#context.viewOf(node, typeUrl) : undefined;
    if (view === undefined) {
      this.#refuse(status.PERMISSION_DENIED, notYours, node.id);
      return undefined;
    }
    const state = new StreamState(order, this.#context.limits.maxBatchBytes);
    const unwatch = view.watch((changes) => {
      state.changed(changes);
      this.#context.onChanged(this);
    });
    const session = { node, view, state, connectedSince: Date.now(), unwatch };
    this.#session = session;
    this.#rewatch();
    this.#context.onConnected(this, node.id);
    this.#context.emit({ kind: 'connected', node: node.id });
    return session;
  }

  #refuse(code: status, because: string, node = this.#session?.node.id ?? ''): void {
    this.#context.emit({ kind: 'refused', node, because });
    this.end(code, because);
  }

  #rewatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watch();
  }

  /** A client that owes an answer, or its first request, gets a limited time for it. */
  #watch(): void {
    const waits = this.#session === undefined || this.#session.state.hasInFlight;
    if (this.#timer !== undefined || !this.#open || !waits) return;
    this.#timer = setTimeout(
      () => this.#refuse(status.DEADLINE_EXCEEDED, 'no answer from the client'),
      this.#context.limits.answerMillis,
    );
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#session?.unwatch();
    const node = this.#session?.node.id;
    this.#context.onClosed(this, node);
    if (node !== undefined) this.#context.emit({ kind: 'disconnected', node });
  }
}
