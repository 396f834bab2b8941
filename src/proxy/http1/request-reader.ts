import type { Socket } from 'node:net';
import { BodyReader } from '../codec/body.ts';
import { BROKEN, HeadBuffer, INCOMPLETE, TOO_LARGE } from '../codec/head-buffer.ts';
import { type RequestHead, requestFaultStatus } from '../codec/request-head.ts';
import type { Fields } from '../http/message.ts';
import { limits } from '../limits.ts';

/** Who gets the requests of a connection, one at a time. */
export interface RequestSink {
  /** A head began and is not complete. */
  headBegun(): void;
  /** The next request is here; `request` or `refused` follows. */
  requestBegun(): void;
  /** The head is parsed; `first` is what came of the content, `complete` that no more follows. */
  request(first: Buffer | undefined, complete: boolean): void;
  /** What came is no proper request. */
  refused(status: number): void;
  /** More content, or bytes of the tunnel. */
  requestBody(content: Buffer): void;
  /** The request is complete. */
  requestEnd(trailers: Fields | undefined): void;
  requestBodyBroken(): void;
  /** The client ended its side: between requests, or amid one. */
  inputEnded(amid: boolean): void;
}

/** Waits for a request head. */
const HEAD = 0;
/** Reads a request's body; its answer may have begun. */
const BODY = 1;
/** The request is complete, its answer is not. */
const ANSWERING = 2;
/** The last answer is written; what still comes in is thrown away. */
const DISCARDING = 3;
const CLOSED = 4;

/** Takes one client's bytes apart into requests, and reads no further than it is allowed to. */
export class RequestReader {
  /** Whether the client ended its side. */
  ended = false;
  readonly #sink: RequestSink;
  readonly #socket: Socket;
  readonly #head: RequestHead;
  readonly #headBuffer = new HeadBuffer();
  readonly #body = new BodyReader();
  #state: number = HEAD;
  /** Bytes behind the current request. */
  #held: Buffer | undefined;
  #consuming = false;
  /** The client does not read its answers: no further request is taken until it does. */
  #blocked = false;

  /** `head` is filled anew for each request. */
  constructor(sink: RequestSink, socket: Socket, head: RequestHead) {
    this.#sink = sink;
    this.#socket = socket;
    this.#head = head;
    socket.on('end', () => this.#end());
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#state === HEAD && this.#headBuffer.empty;
  }

  /** Whether the rest of a head is missing. */
  get amidHead(): boolean {
    return this.#state === HEAD && !this.#headBuffer.empty;
  }

  /** Whether the rest of a body is missing. */
  get amidBody(): boolean {
    return this.#state === BODY;
  }

  /** Whether a request is here that has no complete answer yet. */
  get busy(): boolean {
    return this.#state === BODY || this.#state === ANSWERING;
  }

  get closed(): boolean {
    return this.#state === CLOSED;
  }

  /** The current request is answered: goes on with the next one once the client takes its answers. */
  next(): void {
    this.#state = HEAD;
    if (this.#socket.writableNeedDrain) {
      this.#blocked = true;
      this.#socket.pause();
    } else if (!this.#consuming) {
      this.#proceed();
    }
  }

  /** The client took the answers that were waiting. */
  drained(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    if (this.#state === HEAD) this.#proceed();
  }

  /** No further request: what follows, and what came already, is for the other end of the tunnel as it is. */
  tunnel(): void {
    this.#state = BODY;
    this.#body.untilClose();
    const held = this.#held;
    this.#held = undefined;
    this.resume();
    if (held !== undefined) this.#sink.requestBody(held);
    if (this.ended) this.#sink.inputEnded(true);
  }

  /** No further request: reads on and throws away. */
  discard(): void {
    this.#state = DISCARDING;
    this.#held = undefined;
    this.#headBuffer.clear();
    this.resume();
  }

  close(): void {
    this.#state = CLOSED;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** What the socket received; valid during the call. */
  receive(bytes: Buffer): void {
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

  #end(): void {
    this.ended = true;
    if (this.#state === DISCARDING) this.#socket.end();
    else if (this.#state !== ANSWERING) this.#sink.inputEnded(!this.idle);
  }

  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    if (this.#held.length > limits.pipelinedBytes) this.#socket.pause();
  }

  #proceed(): void {
    this.resume();
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#consume(held);
    } else if (this.ended) {
      this.#sink.inputEnded(false);
    }
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
    if (this.ended && this.#state === HEAD) this.#sink.inputEnded(!this.#headBuffer.empty);
  }

  #request(bytes: Buffer): void {
    const fresh = this.#headBuffer.empty;
    const state = this.#headBuffer.add(bytes, 0, bytes.length);
    if (state === INCOMPLETE) {
      if (fresh) this.#sink.headBegun();
      return;
    }
    this.#sink.requestBegun();
    if (state === TOO_LARGE || state === BROKEN) {
      this.#sink.refused(state === TOO_LARGE ? 431 : 400);
      return;
    }
    const fault = this.#head.parse(this.#headBuffer.text, this.#headBuffer.end);
    this.#headBuffer.clear();
    if (fault !== undefined) this.#sink.refused(requestFaultStatus(fault));
    else this.#takeBody(bytes, this.#headBuffer.consumed);
  }

  /** Separates the body's first part from what follows. */
  #takeBody(bytes: Buffer, at: number): void {
    const { framing } = this.#head;
    const body = this.#body;
    this.#state = ANSWERING;
    if (framing.chunked) body.chunked();
    else if (framing.contentLength > 0) body.length(framing.contentLength);
    else {
      if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
      this.#sink.request(undefined, true);
      return;
    }
    const end = body.read(bytes, at, bytes.length);
    if (body.failed) {
      this.#sink.refused(400);
      return;
    }
    const first = body.content(bytes, at, end);
    if (!body.done) {
      this.#state = BODY;
      this.#sink.request(first, false);
      return;
    }
    if (end < bytes.length) this.#held = Buffer.from(bytes.subarray(end));
    const { trailers } = body;
    this.#sink.request(first, trailers === undefined);
    if (trailers !== undefined && this.#state === ANSWERING) this.#sink.requestEnd(trailers);
  }

  #bodyData(bytes: Buffer): void {
    const body = this.#body;
    const end = body.read(bytes, 0, bytes.length);
    if (body.failed) {
      this.#sink.requestBodyBroken();
      return;
    }
    const content = body.content(bytes, 0, end);
    const complete = body.done;
    if (complete) {
      this.#state = ANSWERING;
      if (end < bytes.length) this.#hold(bytes.subarray(end));
    }
    if (content !== undefined) this.#sink.requestBody(content);
    if (complete && this.#state === ANSWERING) this.#sink.requestEnd(body.trailers);
  }
}
