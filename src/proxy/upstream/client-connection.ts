import type { Socket } from 'node:net';
import { BodyReader } from '../codec/body.ts';
import { BROKEN, COMPLETE, HeadBuffer, INCOMPLETE, TOO_LARGE } from '../codec/head-buffer.ts';
import { latin1 } from '../codec/latin1.ts';
import { ResponseHead } from '../codec/response-head.ts';
import { upgradeOf, WEBSOCKET } from '../codec/upgrade.ts';
import { limits } from '../limits.ts';
import type { ResponseConsumer, UpstreamStream } from './consumer.ts';

/** Who lends the connection out. */
export interface ConnectionOwner {
  /** The connection is free for the next request. */
  released(connection: ClientConnection): void;
  closed(connection: ClientConnection): void;
}

const maxInterim = 16;

/** One HTTP/1.1 connection to a server: one request at a time, kept open between them. */
export class ClientConnection implements UpstreamStream {
  /** On the ticker's clock; for the owner. */
  idleSince = 0;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  #consumer: ResponseConsumer | undefined;
  readonly #headBuffer = new HeadBuffer();
  readonly #head = new ResponseHead();
  readonly #body = new BodyReader();
  #inBody = false;
  #requestComplete = false;
  #served = 0;
  #interims = 0;
  #closed = false;

  constructor(owner: ConnectionOwner, socket: Socket) {
    this.#owner = owner;
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#data(bytes));
    socket.on('drain', () => this.#consumer?.requestDrained());
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#close());
  }

  get reused(): boolean {
    return this.#served > 0;
  }

  /** Hands the connection to a request. */
  serve(consumer: ResponseConsumer): void {
    this.#consumer = consumer;
    this.#requestComplete = false;
    this.#interims = 0;
    this.#inBody = false;
    consumer.upstreamReady(this);
  }

  sendHead(head: string, body: Buffer | undefined, complete: boolean): boolean {
    this.#requestComplete = complete;
    if (body === undefined) return this.#socket.write(head, 'latin1');
    if (body.length <= limits.joinedWriteBytes) {
      return this.#socket.write(head + latin1(body, 0, body.length), 'latin1');
    }
    this.#socket.write(head, 'latin1');
    return this.#socket.write(body);
  }

  sendBody(bytes: Buffer, complete: boolean): boolean {
    this.#requestComplete = complete;
    return this.#socket.write(bytes);
  }

  endInput(): void {
    this.#socket.end();
  }

  pauseResponse(): void {
    this.#socket.pause();
  }

  resumeResponse(): void {
    this.#socket.resume();
  }

  abandon(): void {
    this.#consumer = undefined;
    this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  #data(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const consumer = this.#consumer;
      if (consumer === undefined) {
        this.destroy();
        return;
      }
      if (this.#inBody) {
        this.#bodyData(consumer, bytes, at);
        return;
      }
      const state = this.#headBuffer.add(bytes, at, bytes.length);
      if (state === INCOMPLETE) return;
      if (state === TOO_LARGE || state === BROKEN) {
        this.#nonsense(consumer);
        return;
      }
      at = this.#headBuffer.consumed;
      if (state === COMPLETE && !this.#headComplete(consumer, bytes, at)) return;
    }
  }

  /** True when it was an interim answer and another head follows. */
  #headComplete(consumer: ResponseConsumer, bytes: Buffer, at: number): boolean {
    const head = this.#head;
    const text = this.#headBuffer.text;
    const fault = head.parse(text, this.#headBuffer.end);
    this.#headBuffer.clear();
    if (fault !== undefined || (head.status === 101 && !this.#switches(consumer))) {
      this.#nonsense(consumer);
      return false;
    }
    if (head.status === 101) {
      this.#body.untilClose();
      this.#begin(consumer, bytes, at, bytes.length);
      return false;
    }
    if (head.status < 200) {
      if (++this.#interims > maxInterim) {
        this.#nonsense(consumer);
        return false;
      }
      consumer.interim(text.slice(0, this.#headBuffer.end));
      return true;
    }
    this.#frame(consumer.method);
    const end = this.#body.read(bytes, at, bytes.length);
    if (this.#body.failed) this.#nonsense(consumer);
    else if (this.#body.done && end - at <= limits.joinedWriteBytes) this.#whole(consumer, bytes, at, end);
    else this.#begin(consumer, bytes, at, end);
    return false;
  }

  /** Whether a 101 is what was asked for, and of a server that has all of the request. */
  #switches(consumer: ResponseConsumer): boolean {
    const { framing, fields, http11 } = this.#head;
    return consumer.upgrading && this.#requestComplete && http11 && upgradeOf(framing, fields) === WEBSOCKET;
  }

  /** RFC 9112 6.3. */
  #frame(method: string): void {
    const { status, framing } = this.#head;
    if (method === 'HEAD' || status === 204 || status === 304) this.#body.none();
    else if (framing.chunked) this.#body.chunked();
    else if (framing.contentLength >= 0) this.#body.length(framing.contentLength);
    else this.#body.untilClose();
  }

  #whole(consumer: ResponseConsumer, bytes: Buffer, start: number, end: number): void {
    this.#finish(end === bytes.length);
    consumer.wholeResponse(this.#head, bytes, start, end);
  }

  #begin(consumer: ResponseConsumer, bytes: Buffer, start: number, end: number): void {
    this.#inBody = true;
    consumer.responseHead(this.#head, !this.#body.done && this.#body.endsWithConnection);
    if (this.#consumer !== consumer) return;
    if (end > start && !consumer.responseBody(bytes.subarray(start, end))) this.#socket.pause();
    if (this.#body.done && this.#consumer === consumer) {
      this.#finish(end === bytes.length);
      consumer.responseEnd();
    }
  }

  #bodyData(consumer: ResponseConsumer, bytes: Buffer, at: number): void {
    const end = this.#body.read(bytes, at, bytes.length);
    if (this.#body.failed) {
      this.#nonsense(consumer);
      return;
    }
    const piece = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
    if (piece.length > 0 && !consumer.responseBody(piece)) this.#socket.pause();
    if (!this.#body.done || this.#consumer !== consumer) return;
    this.#finish(end === bytes.length);
    consumer.responseEnd();
  }

  /** Gives the connection back before the consumer hears of the end, so that its next request can have it. */
  #finish(clean: boolean): void {
    this.#consumer = undefined;
    this.#inBody = false;
    this.#served++;
    if (clean && this.#requestComplete && this.#head.persistent && !this.#closed && this.#socket.writable) {
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#owner.released(this);
    } else {
      this.destroy();
    }
  }

  #nonsense(consumer: ResponseConsumer): void {
    const begun = this.#inBody;
    this.#consumer = undefined;
    this.destroy();
    if (begun) consumer.responseBroken();
    else consumer.upstreamFailed('broken');
  }

  #end(): void {
    const consumer = this.#consumer;
    if (consumer !== undefined && this.#inBody && this.#body.endsWithConnection) {
      this.#consumer = undefined;
      this.destroy();
      consumer.responseEnd();
      return;
    }
    this.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#owner.closed(this);
    if (consumer === undefined) return;
    if (this.#inBody) consumer.responseBroken();
    else consumer.upstreamFailed(this.reused && this.#headBuffer.empty && this.#interims === 0 ? 'stale' : 'broken');
  }
}
