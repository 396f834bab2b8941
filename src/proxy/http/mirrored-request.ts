import type { Breaker } from '../upstream/breaker.ts';
import type { ResponseConsumer, UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Fields, ResponseMessage } from './message.ts';
import type { OutgoingRequest } from './outgoing.ts';

/** How a copy ended. */
export type MirrorOutcome = 'answered' | 'failed' | 'incomplete' | 'too-large' | 'too-many' | 'unavailable';

/** A copy of a request on its way to another server. What comes back is thrown away. */
export class MirroredRequest implements ResponseConsumer {
  /** The client waits for nothing. */
  readonly expiresAt = 0;
  readonly method: string;
  readonly upgrading = false;
  readonly #request: OutgoingRequest;
  readonly #body: Buffer | undefined;
  readonly #trailers: Fields | undefined;
  readonly #endpoint: Endpoint;
  readonly #breaker: Breaker | undefined;
  readonly #ended: (request: MirroredRequest, outcome: MirrorOutcome) => void;
  #stream: UpstreamStream | undefined;
  #sentAt = 0;
  #open = true;

  /** `breaker`: of which the copy holds a place. */
  constructor(
    request: OutgoingRequest,
    body: { readonly bytes: Buffer | undefined; readonly trailers: Fields | undefined },
    to: { readonly endpoint: Endpoint; readonly breaker: Breaker | undefined },
    ended: (request: MirroredRequest, outcome: MirrorOutcome) => void,
  ) {
    this.method = request.request.method;
    this.#request = request;
    this.#body = body.bytes;
    this.#trailers = body.trailers;
    this.#endpoint = to.endpoint;
    this.#breaker = to.breaker;
    this.#ended = ended;
  }

  send(): void {
    this.#endpoint.pool.outstanding++;
    this.#endpoint.pool.acquire(this, false);
  }

  /** It took too long. */
  giveUp(): void {
    if (!this.#open) return;
    if (this.#stream === undefined) this.#endpoint.pool.cancel(this);
    else this.#stream.abandon();
    this.#fail();
  }

  upstreamReady(stream: UpstreamStream): void {
    this.#stream = stream;
    this.#sentAt = performance.now();
    const trailers = this.#trailers;
    stream.sendHead(this.#request, this.#body, trailers === undefined);
    if (trailers !== undefined) stream.sendEnd(trailers);
  }

  upstreamFailed(failure: UpstreamFailure): void {
    if (failure === 'overload' || failure === 'limit') this.#end('unavailable');
    else this.#fail();
  }

  wholeResponse(head: ResponseMessage): void {
    this.#answered(head.status);
    this.#end('answered');
  }

  responseHead(head: ResponseMessage): void {
    this.#answered(head.status);
  }

  responseEnd(): void {
    this.#end('answered');
  }

  responseBroken(): void {
    this.#end('failed');
  }

  responseBody(): boolean {
    return true;
  }

  interim(): void {}

  requestDrained(): void {}

  #answered(status: number): void {
    const now = performance.now();
    this.#endpoint.answered(status, now - this.#sentAt, now);
  }

  #fail(): void {
    this.#endpoint.failed(performance.now());
    this.#end('failed');
  }

  #end(outcome: MirrorOutcome): void {
    if (!this.#open) return;
    this.#open = false;
    this.#endpoint.pool.outstanding--;
    this.#breaker?.release('requests');
    this.#ended(this, outcome);
  }
}
