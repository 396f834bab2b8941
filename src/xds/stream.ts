import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { SpiffeId } from '../lib/spiffe.ts';
import type { NodeInfo, ProxyState, XdsEvent, XdsLimits } from './contract.ts';
import { Deadline } from './deadline.ts';
import type { Protocol } from './protocol.ts';
import { RequestBudget } from './request-budget.ts';
import { StreamState } from './stream-state.ts';
import type { View } from './view.ts';
import type { FromNode } from './wire.ts';

export interface StreamContext {
  readonly peer: SpiffeId | undefined;
  /** Whether the peer of this stream may have a node's configuration. */
  authorize(node: string): boolean;
  viewOf(node: NodeInfo, typeUrl: string): View | 'defect' | undefined;
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
  /** As of the last push. */
  readonly isSettled: boolean;
  /** Sends what the client lacks of its view, as far as it may travel now. */
  push(): void;
  /** The node is no longer served. */
  revoke(): void;
  end(code: status, details: string): void;
}

export type Call = ServerDuplexStream<Buffer, Buffer>;

export function openStream<Request extends WireRequest>(
  call: Call,
  protocol: Protocol<Request>,
  context: StreamContext,
): NodeStream {
  return new Stream(call, protocol, context);
}

export interface WireRequest {
  readonly typeUrl: string;
  readonly error?: string;
}

/** What a stream serves, known from its first request for a type that the server has. */
interface Session<Request extends WireRequest> {
  readonly node: NodeInfo;
  readonly view: View;
  readonly state: StreamState<Request>;
  readonly connectedSince: number;
  unwatch(): void;
}

const notYours = 'this identity may not have the configuration of this node';
const notMade = 'the configuration of this node cannot be made: a defect of the control plane, whose log has SMI6003';

class Stream<Request extends WireRequest> implements NodeStream {
  readonly #call: Call;
  readonly #protocol: Protocol<Request>;
  readonly #context: StreamContext;
  readonly #budget: RequestBudget;
  #node: NodeInfo | undefined;
  #session: Session<Request> | undefined;
  /** The client has not taken the latest response off the connection: nothing queues behind it. */
  #writing = false;
  /** For what a client owes: an answer, or its first request. */
  readonly #deadline: Deadline;
  #resume: NodeJS.Timeout | undefined;
  #resumeDue = 0;
  #open = true;

  constructor(call: Call, protocol: Protocol<Request>, context: StreamContext) {
    this.#call = call;
    this.#protocol = protocol;
    this.#context = context;
    this.#budget = new RequestBudget(call, context.limits.maxRequestsPerSecond);
    const closed = () => this.#close();
    call.on('data', (bytes: Buffer) => this.#receive(bytes));
    call.on('end', () => {
      call.end();
      closed();
    });
    call.on('cancelled', closed);
    call.on('error', closed);
    call.on('close', closed);
    const openedAt = Date.now();
    this.#deadline = new Deadline(
      context.limits.answerMillis,
      () => (this.#session === undefined ? openedAt : this.#session.state.oldestInFlight),
      () => this.#refuse(status.DEADLINE_EXCEEDED, 'no answer from the client'),
    );
    this.#deadline.watch();
  }

  state(): ProxyState | undefined {
    if (this.#session === undefined) return undefined;
    const { node, connectedSince, state } = this.#session;
    const { variant } = this.#protocol;
    return { node, peer: this.#context.peer, variant, connectedSince, view: this.#session.view, types: state.types() };
  }

  get isSettled(): boolean {
    return !this.#writing && this.#session !== undefined && this.#session.state.oldestInFlight === undefined;
  }

  push(): void {
    const session = this.#session;
    if (session === undefined || !this.#open) return;
    if (!this.#context.authorize(session.node.id)) {
      this.#refuse(status.PERMISSION_DENIED, notYours);
      return;
    }
    while (!this.#writing) {
      const batch = session.state.next();
      if (batch === undefined) break;
      this.#write(this.#protocol.write(batch));
      const { typeUrl, changed, removed } = batch;
      const resources = changed.map(({ name }) => name);
      this.#context.emit({ kind: 'sent', node: session.node.id, typeUrl, resources, removed });
    }
    this.#deadline.watch();
    this.#resumeLater(session.state.resumeAt);
    if (this.isSettled) this.#context.emit({ kind: 'settled', node: session.node.id });
  }

  revoke(): void {
    this.#refuse(status.PERMISSION_DENIED, notYours);
  }

  end(code: status, details: string): void {
    if (this.#open) this.#call.emit('error', { code, details });
  }

  #write(bytes: Buffer): void {
    this.#writing = true;
    let isSynchronous = true;
    this.#call.write(bytes, () => {
      this.#writing = false;
      if (!isSynchronous) this.push();
    });
    isSynchronous = false;
  }

  #receive(bytes: Buffer): void {
    if (!this.#open) return;
    this.#budget.spend();
    let request: FromNode<Request>;
    try {
      request = this.#protocol.read(bytes);
    } catch {
      this.#refuse(status.INVALID_ARGUMENT, 'the request cannot be read');
      return;
    }
    const session = this.#session ?? this.#greet(request);
    if (session === undefined || this.#isAmiss(request, session)) return;
    const { typeUrl } = request;
    // A type that is not served here: it has no resources, and never will.
    if (!session.state.knows(typeUrl)) return;
    const answer = session.state.request(request);
    if (session.state.size > this.#context.limits.maxNames) {
      this.#refuse(status.RESOURCE_EXHAUSTED, 'too many resource names');
      return;
    }
    const node = session.node.id;
    if (answer?.kind === 'ack') this.#context.emit({ kind: 'ack', node, typeUrl });
    if (answer?.kind === 'nack') {
      this.#context.emit({ ...answer, node, typeUrl, detail: request.error ?? '' });
    }
    this.push();
  }

  /** The first request says whose configuration is asked for, and in which types. */
  #greet({ node: named, typeUrl }: FromNode<Request>): Session<Request> | undefined {
    const node = this.#node ?? named;
    if (node === undefined || node.id === '') {
      this.#refuse(status.INVALID_ARGUMENT, 'the first request must name the node');
      return undefined;
    }
    this.#node = node;
    const typeOrder = this.#context.typeOrder(typeUrl);
    if (typeOrder === undefined) return undefined;
    const view = this.#context.authorize(node.id) ? this.#context.viewOf(node, typeUrl) : undefined;
    if (view === 'defect') {
      this.#refuse(status.INTERNAL, notMade, node.id);
      return undefined;
    }
    if (view === undefined) {
      this.#refuse(status.PERMISSION_DENIED, notYours, node.id);
      return undefined;
    }
    const state = new StreamState(this.#protocol, { ...this.#context.limits, typeOrder, view });
    const unwatch = view.watch((changes) => {
      state.changed(changes);
      this.#context.onChanged(this);
    });
    const session = { node, view, state, connectedSince: Date.now(), unwatch };
    this.#session = session;
    this.#context.onConnected(this, node.id);
    this.#context.emit({ kind: 'connected', node: node.id });
    return session;
  }

  /** A later request that says what none may say. */
  #isAmiss(request: FromNode<Request>, session: Session<Request>): boolean {
    const { maxNames, maxNameLength } = this.#context.limits;
    const names = this.#protocol.names(request);
    const { node } = request;
    if (node !== undefined && node.id !== '' && node.id !== session.node.id) {
      this.#refuse(status.INVALID_ARGUMENT, 'a stream is for one node');
    } else if (names.length > maxNames) this.#refuse(status.RESOURCE_EXHAUSTED, 'too many resource names');
    else if (names.some(({ length }) => length > maxNameLength)) {
      this.#refuse(status.INVALID_ARGUMENT, 'a resource name is too long');
    } else return false;
    return true;
  }

  /** What is held back because the client refuses everything is tried when its pause is over. */
  #resumeLater(at: number | undefined): void {
    if (at === undefined || (this.#resume !== undefined && this.#resumeDue <= at)) return;
    clearTimeout(this.#resume);
    this.#resumeDue = at;
    this.#resume = setTimeout(() => {
      this.#resume = undefined;
      this.push();
    }, at - Date.now());
  }

  #refuse(code: status, because: string, node = this.#session?.node.id ?? ''): void {
    if (!this.#open) return;
    this.#context.emit({ kind: 'refused', node, because });
    this.end(code, because);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#deadline.stop();
    clearTimeout(this.#resume);
    this.#budget.close();
    this.#session?.unwatch();
    const node = this.#session?.node.id;
    this.#context.onClosed(this, node);
    if (node !== undefined) this.#context.emit({ kind: 'disconnected', node });
  }
}
