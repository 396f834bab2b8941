import { idempotentMethods } from '../../lib/http-methods.ts';
import type { Exchange } from '../routing/exchange.ts';
import type { UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import type { Fields } from './message.ts';
import { RequestBody } from './request-body.ts';
import { stampDeadline } from './stamp-deadline.ts';

const resendable: ReadonlySet<string> = new Set(idempotentMethods);

/** The way of a transaction's current request to its server: waiting for a stream, then using it. */
export class Forwarding {
  readonly body = new RequestBody();
  readonly #exchange: Exchange;
  #stream: UpstreamStream | undefined;
  #waiting = false;
  #resent = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Whether a pool was asked for a stream and has not given one yet. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Whether a stream carries the request. */
  get started(): boolean {
    return this.#stream !== undefined;
  }

  /** For the next request. */
  begin(): void {
    this.body.begin();
    this.#waiting = false;
    this.#resent = false;
  }

  /** A pool is about to be asked. */
  wait(): void {
    this.#waiting = true;
  }

  /** Sends the head and what is there of the body; false when the rest shall wait. The exchange's clock is set. */
  start(stream: UpstreamStream): boolean {
    const { body } = this;
    const exchange = this.#exchange;
    const { complete } = body;
    const first = body.take();
    this.#stream = stream;
    this.#waiting = false;
    exchange.sentAt = complete ? exchange.now : 0;
    const wholly = complete && body.trailers === undefined;
    if (exchange.deadline !== 0) stampDeadline(exchange);
    const more = stream.sendHead(exchange, first, wholly);
    if (complete && !wholly) stream.sendEnd(body.trailers);
    return more;
  }

  /** More of the body, which is kept too within its bound; false when the rest shall wait. */
  content(piece: Buffer): boolean {
    this.body.add(piece, this.#stream !== undefined);
    return this.#stream?.sendBody(piece) !== false;
  }

  /** Bytes of a tunnel. */
  bytes(piece: Buffer): boolean {
    return this.#stream?.sendBody(piece) !== false;
  }

  /** The body is complete. */
  end(trailers: Fields | undefined): void {
    const exchange = this.#exchange;
    this.body.complete = true;
    this.body.trailers = trailers;
    if (this.#stream === undefined) return;
    exchange.now = performance.now();
    exchange.sentAt = exchange.now;
    this.#stream.sendEnd(trailers);
  }

  /** The client ended its side of a tunnel. */
  endInput(): void {
    this.#stream?.endInput();
  }

  resumeResponse(): void {
    this.#stream?.resumeResponse();
  }

  /** The stream, or the pool, is done with the request. */
  done(): void {
    this.#stream = undefined;
    this.#waiting = false;
  }

  /**
   * The stream failed. True when the request goes out once more to the same endpoint: the server closed an idle connection
   * before it read anything, nothing of the request is lost, and its method is idempotent (RFC 9110 9.2.2).
   */
  resend(failure: UpstreamFailure): boolean {
    const { endpoint, series, method, transaction } = this.#exchange;
    this.done();
    if (failure !== 'stale' || endpoint === undefined || this.#resent) return false;
    if (!this.body.replayable || !this.body.complete || !resendable.has(method)) return false;
    this.#resent = true;
    series?.retried('stale-connection');
    this.#waiting = true;
    endpoint.pool.acquire(transaction, true);
    return true;
  }

  /** Gives the request up, wherever it is. */
  abandon(): void {
    const stream = this.#stream;
    const waiting = this.#waiting;
    this.done();
    if (stream !== undefined) stream.abandon();
    else if (waiting) this.#exchange.endpoint?.pool.cancel(this.#exchange.transaction);
  }
}
