import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { XdsEvent, XdsLimits } from './contract.ts';
import { StreamState } from './stream-state.ts';
import type { Batch } from './subscription.ts';
import type { View } from './view.ts';
import type { WireRequest } from './wire.ts';

export interface StreamContext {
  /** Whether the peer of this stream may have a node's configuration. */
  authorize(node: string): boolean;
  viewOf(node: string): View | undefined;
  readonly typeOrder: readonly string[];
  readonly limits: XdsLimits;
  emit(event: XdsEvent): void;
  /** The stream is over; called once, before its end is told. */
  onClosed(stream: NodeStream): void;
}

/** One client's stream. */
export interface NodeStream {
  /** Known after the first request. */
  readonly node: string | undefined;
  /** Sends what the client lacks of the node's view, as far as it may travel now. */
  push(): void;
  end(code: status, details: string): void;
}

export function openStream(call: ServerDuplexStream<WireRequest, Batch>, context: StreamContext): NodeStream {
  return new DeltaStream(call, context);
}

class DeltaStream implements NodeStream {
  node: string | undefined;
  readonly #call: ServerDuplexStream<WireRequest, Batch>;
  readonly #context: StreamContext;
  readonly #state: StreamState;
  #timer: NodeJS.Timeout | undefined;
  #open = true;

  constructor(call: ServerDuplexStream<WireRequest, Batch>, context: StreamContext) {
    this.#call = call;
    this.#context = context;
    this.#state = new StreamState(context.typeOrder, context.limits.maxBatchBytes);
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

  push(): void {
    const { node } = this;
    if (node === undefined || !this.#open) return;
    const view = this.#context.viewOf(node);
    if (view === undefined || !this.#context.authorize(node)) {
      this.#refuse(status.PERMISSION_DENIED, 'this identity may not have the configuration of this node');
      return;
    }
    for (let batch = this.#state.next(view); batch !== undefined; batch = this.#state.next(view)) {
      this.#call.write(batch);
      this.#context.emit({
        kind: 'sent',
        node,
        typeUrl: batch.typeUrl,
        resources: batch.resources.map(({ name }) => name),
        removed: batch.removed,
      });
    }
    this.#watch();
  }

  end(code: status, details: string): void {
    if (this.#open) this.#call.emit('error', { code, details });
  }

  #receive(request: WireRequest): void {
    if (!this.#open) return;
    if (this.node === undefined && !this.#greet(request)) return;
    // A type that this server does not have: it has no resources, and never will.
    if (!this.#state.knows(request.typeUrl)) return;
    const answer = this.#state.request(request);
    if (this.#state.size > this.#context.limits.maxNames) {
      this.#refuse(status.RESOURCE_EXHAUSTED, 'too many resource names');
      return;
    }
    const { node = '' } = this;
    if (answer !== undefined) this.#rewatch();
    if (answer?.kind === 'ack') this.#context.emit({ kind: 'ack', node, typeUrl: request.typeUrl });
    if (answer?.kind === 'nack') {
      const { blamed: names, certain } = answer;
      this.#context.emit({ kind: 'nack', node, typeUrl: request.typeUrl, names, certain, detail: request.error ?? '' });
    }
    this.push();
  }

  /** The first request says whose configuration is asked for. */
  #greet(request: WireRequest): boolean {
    if (request.node === '') {
      this.#refuse(status.INVALID_ARGUMENT, 'the first request must name the node');
      return false;
    }
    if (this.#context.viewOf(request.node) === undefined || !this.#context.authorize(request.node)) {
      this.#refuse(status.PERMISSION_DENIED, 'this identity may not have the configuration of this node', request.node);
      return false;
    }
    this.node = request.node;
    this.#rewatch();
    this.#context.emit({ kind: 'connected', node: request.node });
    return true;
  }

  #refuse(code: status, because: string, node = this.node ?? ''): void {
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
    if (this.#timer !== undefined || !this.#open || (this.node !== undefined && !this.#state.hasInFlight)) return;
    this.#timer = setTimeout(
      () => this.#refuse(status.DEADLINE_EXCEEDED, 'no answer from the client'),
      this.#context.limits.answerMillis,
    );
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#context.onClosed(this);
    if (this.node !== undefined) this.#context.emit({ kind: 'disconnected', node: this.node });
  }
}
