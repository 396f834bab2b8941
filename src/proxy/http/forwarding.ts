import type { Exchange } from '../routing/exchange.ts';
import type { UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import { forwardedRequest } from './messages.ts';
import type { RequestReader } from './request-reader.ts';

const resendable = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** The way of a connection's current request to its server: waiting for a connection, then using it. */
export class Forwarding {
  readonly #exchange: Exchange;
  readonly #reader: RequestReader;
  #stream: UpstreamStream | undefined;
  #waiting = false;
  #resent = false;

  constructor(exchange: Exchange, reader: RequestReader) {
    this.#exchange = exchange;
    this.#reader = reader;
  }

  /** Whether a connection carries the request. */
  get started(): boolean {
    return this.#stream !== undefined;
  }

  /** For the next request. */
  begin(): void {
    this.#resent = false;
  }

  /** A pool is about to be asked. */
  wait(): void {
    this.#waiting = true;
  }

  /** Sends the head and what is there of the body. */
  start(stream: UpstreamStream): void {
    const reader = this.#reader;
    const { head, path, query } = this.#exchange;
    const complete = !reader.amidBody;
    const { first } = reader;
    this.#stream = stream;
    this.#waiting = false;
    this.#exchange.sentAt = complete ? performance.now() : 0;
    if (!reader.replayable) reader.first = undefined;
    const more = stream.sendHead(forwardedRequest(head, path, query), first, complete);
    if (!complete && more) reader.resume();
  }

  /** Until there is a connection the reader is paused; pieces that come nevertheless are of a request given up. */
  body(piece: Buffer, complete: boolean): void {
    if (this.#stream === undefined) return;
    if (complete) this.#exchange.sentAt = performance.now();
    if (!this.#stream.sendBody(piece, complete) && !complete) this.#reader.pause();
  }

  /** The client ended its side of a tunnel. */
  endInput(): void {
    this.#stream?.endInput();
  }

  resumeResponse(): void {
    this.#stream?.resumeResponse();
  }

  /** The server's connection is done with the request. */
  end(): void {
    this.#stream = undefined;
  }

  /**
   * The connection failed. True when the request goes out once more: the server closed an idle connection before it read
   * anything, nothing of the request is lost, and its method is idempotent (RFC 9110 9.2.2).
   */
  resend(failure: UpstreamFailure): boolean {
    const { consumer, method, pool, series } = this.#exchange;
    this.#stream = undefined;
    this.#waiting = false;
    if (failure !== 'stale' || pool === undefined || this.#resent) return false;
    if (!this.#reader.replayable || !resendable.has(method)) return false;
    this.#resent = true;
    series?.resentAfterStale();
    this.#waiting = true;
    pool.acquire(consumer, true);
    return true;
  }

  /** Gives the request up, wherever it is. */
  abandon(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) stream.abandon();
    else if (this.#waiting) this.#exchange.pool?.cancel(this.#exchange.consumer);
    this.#waiting = false;
  }
}
