import type { Socket } from 'node:net';
import { BodyReader } from '../codec/body.ts';
import { BROKEN, HeadBuffer, INCOMPLETE, TOO_LARGE } from '../codec/head-buffer.ts';
import { requestFaultStatus } from '../codec/request-head.ts';
import type { ResponseHead } from '../codec/response-head.ts';
import { limits } from '../limits.ts';
import type { Peer } from '../listeners/peer.ts';
import { ANSWER, type CompiledPhases, NEXT } from '../phases/phase.ts';
import { Exchange } from '../routing/exchange.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { ResponseConsumer, UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import { forwardedRequest } from './messages.ts';
import { ResponseWriter } from './response-writer.ts';

/** What a connection needs of its listener. */
export interface ConnectionHost {
  readonly ticker: Ticker;
  /** The phases of requests that begin now. */
  readonly phases: CompiledPhases;
  readonly draining: boolean;
  closed(connection: ServerConnection): void;
}

/** Waits for a request head. */
const HEAD = 0;
/** Reads a request's body; its answer may have begun. */
const BODY = 1;
/** The request is complete, its answer is not. */
const ANSWERING = 2;
/** The last answer is written; what still comes in is thrown away. */
const CLOSING = 3;
const CLOSED = 4;

const resendable = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** One HTTP/1.1 connection of a client: its requests in turn, each through the listener's phases. */
export class ServerConnection implements ResponseConsumer, Tickable {
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #exchange: Exchange;
  readonly #writer: ResponseWriter;
  readonly #headBuffer = new HeadBuffer();
  readonly #body = new BodyReader();
  #phases: CompiledPhases;
  #state: number = HEAD;
  #deadline: number;
  /** Bytes behind the current request. */
  #held: Buffer | undefined;
  /** The part of the body that came with the head; kept for one resend while `#replayable`. */
  #first: Buffer | undefined;
  /** Whether `#first` is all there is of the body. */
  #replayable = false;
  #stream: UpstreamStream | undefined;
  #waiting = false;
  #retried = false;
  #responseBegun = false;
  #inputEnded = false;
  #consuming = false;
  /** The client does not read its answers: no further request is taken until it does. */
  #blocked = false;

  constructor(host: ConnectionHost, socket: Socket, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.#phases = host.phases;
    this.#exchange = new Exchange(this);
    this.#writer = new ResponseWriter(socket);
    this.#exchange.peer = peer.identity;
    this.#exchange.peerAddress = peer.address;
    this.#deadline = host.ticker.now + limits.idleMillis;
    socket.on('data', (bytes: Buffer) => this.#data(bytes));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    host.ticker.add(this);
  }

  get method(): string {
    return this.#exchange.head.method;
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#state === HEAD && this.#headBuffer.empty;
  }

  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  tick(now: number): void {
    if (now < this.#deadline) return;
    if (this.#state === HEAD && !this.#headBuffer.empty) {
      this.#exchange.begin(performance.now());
      this.#refuse(408);
    } else if ((this.#state === BODY || this.#state === ANSWERING) && !this.#responseBegun) this.#answerInstead(504);
    else this.destroy();
  }

  /** Idle connections get this much time for one more request, which is answered with `connection: close`. */
  drain(deadline: number): void {
    if (this.idle) this.#deadline = Math.min(this.#deadline, deadline);
  }

  // --- from the client

  #data(bytes: Buffer): void {
    switch (this.#state) {
      case HEAD:
        if (this.#blocked) this.#hold(bytes);
        else this.#consume(bytes);
        return;
      case BODY:
        this.#bodyData(bytes);
        return;
      case ANSWERING:
        this.#hold(bytes);
        return;
    }
  }

  #drained(): void {
    this.#stream?.resumeResponse();
    if (!this.#blocked) return;
    this.#blocked = false;
    if (this.#state === HEAD) this.#proceed();
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#held.length > limits.pipelinedBytes) this.#socket.pause();
  }

  /** Takes requests from the bytes as long as they are answered at once. */
  #consume(bytes: Buffer): void {
    let next: Buffer | undefined = bytes;
    this.#consuming = true;
    while (next !== undefined) {
      this.#request(next);
      if (this.#state !== HEAD || this.#blocked) break;
      next = this.#held;
      this.#held = undefined;
    }
    this.#consuming = false;
    if (this.#inputEnded && this.#state === HEAD) this.#headBuffer.empty ? this.#closeGently() : this.destroy();
  }

  #request(bytes: Buffer): void {
    const { ticker } = this.#host;
    const fresh = this.#headBuffer.empty;
    const state = this.#headBuffer.add(bytes, 0, bytes.length);
    if (state === INCOMPLETE) {
      if (fresh) this.#deadline = ticker.now + limits.headerMillis;
      return;
    }
    const { head } = this.#exchange;
    this.#phases = this.#host.phases;
    this.#exchange.begin(performance.now());
    this.#retried = false;
    this.#responseBegun = false;
    this.#deadline = ticker.now + limits.stalledMillis;
    if (state === TOO_LARGE) {
      this.#refuse(431);
      return;
    }
    if (state === BROKEN) {
      this.#refuse(400);
      return;
    }
    const fault = head.parse(this.#headBuffer.text, this.#headBuffer.end);
    this.#headBuffer.clear();
    if (fault !== undefined) {
      this.#refuse(requestFaultStatus(fault));
      return;
    }
    this.#writer.begin(head.http11, !head.persistent || this.#host.draining);
    if (this.#takeBody(bytes, this.#headBuffer.consumed)) this.#run();
  }

  /** Separates the body's first part from what follows; false when it was malformed. */
  #takeBody(bytes: Buffer, at: number): boolean {
    const { framing } = this.#exchange.head;
    this.#first = undefined;
    this.#replayable = true;
    this.#state = ANSWERING;
    if (framing.chunked) this.#body.chunked();
    else if (framing.contentLength > 0) this.#body.length(framing.contentLength);
    else {
      if (at < bytes.length) this.#held = bytes.subarray(at);
      return true;
    }
    const end = this.#body.read(bytes, at, bytes.length);
    if (this.#body.failed) {
      this.#refuse(400);
      return false;
    }
    if (end > at) this.#first = bytes.subarray(at, end);
    this.#replayable = this.#body.done && end - at <= limits.resendBodyBytes;
    if (!this.#body.done) this.#state = BODY;
    else if (end < bytes.length) this.#held = bytes.subarray(end);
    return true;
  }

  #run(): void {
    for (const phase of this.#phases.request) {
      const step = phase(this.#exchange);
      if (step === NEXT) continue;
      if (step === ANSWER) this.#answer(this.#exchange.status);
      else if (this.#state === BODY && this.#stream === undefined) this.#socket.pause();
      return;
    }
    throw new Error('no phase answered the request');
  }

  #bodyData(bytes: Buffer): void {
    const end = this.#body.read(bytes, 0, bytes.length);
    if (this.#body.failed) {
      if (this.#responseBegun) this.destroy();
      else this.#answerInstead(400);
      return;
    }
    const complete = this.#body.done;
    const piece = end === bytes.length ? bytes : bytes.subarray(0, end);
    this.#deadline = this.#host.ticker.now + limits.stalledMillis;
    if (complete) {
      this.#state = ANSWERING;
      if (end < bytes.length) this.#hold(bytes.subarray(end));
    }
    if (this.#stream === undefined) return;
    if (!this.#stream.sendBody(piece, complete) && !complete) this.#socket.pause();
  }

  #end(): void {
    this.#inputEnded = true;
    if (this.#state === HEAD && this.#headBuffer.empty) this.#closeGently();
    else if (this.#state === CLOSING) this.#socket.end();
    else if (this.#state !== ANSWERING) this.destroy();
  }

  #close(): void {
    if (this.#state === CLOSED) return;
    const busy = this.#state === BODY || this.#state === ANSWERING;
    this.#state = CLOSED;
    this.#host.ticker.remove(this);
    this.#host.closed(this);
    if (!busy) return;
    this.#letGo();
    if (this.#exchange.status === 0) this.#exchange.status = 499;
    this.#exchange.failed();
    this.#endExchange();
  }

  // --- towards the server

  upstreamReady(stream: UpstreamStream): void {
    const { head, path, query } = this.#exchange;
    const complete = this.#state === ANSWERING;
    const first = this.#first;
    this.#stream = stream;
    this.#waiting = false;
    if (!this.#replayable) this.#first = undefined;
    const more = stream.sendHead(forwardedRequest(head, path, query), first, complete);
    if (!complete && more) this.#socket.resume();
  }

  /** To be told by the phase that has asked a pool for a connection. */
  awaitUpstream(): void {
    this.#waiting = true;
  }

  requestDrained(): void {
    if (this.#state === BODY) this.#socket.resume();
  }

  upstreamFailed(failure: UpstreamFailure): void {
    const { pool } = this.#exchange;
    this.#stream = undefined;
    this.#waiting = false;
    if (
      failure === 'stale' &&
      pool !== undefined &&
      !this.#retried &&
      this.#replayable &&
      resendable.has(this.method)
    ) {
      this.#retried = true;
      this.#waiting = true;
      pool.acquire(this, true);
      return;
    }
    this.#exchange.failed();
    this.#answer(failure === 'broken' || failure === 'stale' ? 502 : 503);
  }

  // --- back to the client

  interim(text: string): void {
    this.#writer.interim(text);
  }

  wholeResponse(head: ResponseHead, bytes: Buffer, start: number, end: number): void {
    if (this.#writer.mustDechunk(head)) {
      this.responseHead(head, false);
      if (end > start) this.responseBody(bytes.subarray(start, end));
    } else {
      this.#beginResponse(head, false);
      this.#writer.whole(head, bytes, start, end);
    }
    this.responseEnd();
  }

  responseHead(head: ResponseHead, untilClose: boolean): void {
    this.#beginResponse(head, untilClose || this.#writer.mustDechunk(head));
    this.#writer.head(head);
  }

  responseBody(bytes: Buffer): boolean {
    this.#deadline = this.#host.ticker.now + limits.stalledMillis;
    return this.#writer.body(bytes);
  }

  responseEnd(): void {
    this.#stream = undefined;
    this.#finish();
  }

  responseBroken(): void {
    this.#stream = undefined;
    this.#exchange.failed();
    this.destroy();
  }

  #beginResponse(head: ResponseHead, untilClose: boolean): void {
    this.#exchange.status = head.status;
    this.#responseBegun = true;
    if (untilClose || this.#state === BODY) this.#writer.last = true;
    if (this.#host.draining) this.#writer.last = true;
    for (const phase of this.#phases.response) phase(this.#exchange);
  }

  /** An answer of the proxy's own; a request whose body is not all here ends the connection. */
  #answer(status: number): void {
    if (this.#state === BODY || this.#host.draining) this.#writer.last = true;
    this.#exchange.status = status;
    this.#responseBegun = true;
    this.#writer.local(status, this.method);
    this.#finish();
  }

  #answerInstead(status: number): void {
    this.#letGo();
    this.#writer.last = true;
    this.#exchange.failed();
    this.#answer(status);
  }

  /** What is no proper request ends the connection: nobody knows where the next one would begin. */
  #refuse(status: number): void {
    this.#writer.begin(true, true);
    this.#exchange.status = status;
    this.#writer.local(status, '');
    this.#finish();
  }

  #letGo(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) stream.abandon();
    else if (this.#waiting) this.#exchange.pool?.cancel(this);
    this.#waiting = false;
  }

  #endExchange(): void {
    for (const phase of this.#phases.end) phase(this.#exchange);
  }

  #finish(): void {
    this.#endExchange();
    this.#first = undefined;
    if (this.#state === CLOSED) return;
    if (this.#state === BODY) this.#writer.last = true;
    if (this.#writer.last) {
      this.#closeGently();
      return;
    }
    this.#state = HEAD;
    this.#deadline = this.#host.ticker.now + limits.idleMillis;
    if (this.#socket.writableNeedDrain) {
      this.#blocked = true;
      this.#socket.pause();
    } else if (!this.#consuming) {
      this.#proceed();
    }
  }

  #proceed(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#consume(held);
    } else if (this.#inputEnded) {
      this.#closeGently();
    }
  }

  /** Ends our side and reads on for a while: closing with unread input would reset the answer away. */
  #closeGently(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSING;
    this.#held = undefined;
    this.#headBuffer.clear();
    this.#deadline = this.#host.ticker.now + limits.lingerMillis;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#socket.end();
    if (this.#inputEnded) this.#socket.destroySoon();
  }
}
