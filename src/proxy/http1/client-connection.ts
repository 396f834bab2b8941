import type { Socket } from 'node:net';
import { BodyReader } from '../codec/body.ts';
import { BROKEN, COMPLETE, HeadBuffer, INCOMPLETE, TOO_LARGE } from '../codec/head-buffer.ts';
import { ResponseHead } from '../codec/response-head.ts';
import { upgradeOf, WEBSOCKET } from '../codec/upgrade.ts';
import type { Fields } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import { limits } from '../limits.ts';
import { readInto } from '../socket/read-into.ts';
import type { ResponseConsumer, UpstreamStream } from '../upstream/consumer.ts';
import { endOfChunks, writeChunk, writePlain } from './chunks.ts';
import { requestText, sendsChunks } from './messages.ts';

/** Who lends the connection out. */
export interface ConnectionOwner {
  /** The connection is free for the next request. */
  released(connection: ClientConnection): void;
  closed(connection: ClientConnection): void;
}

const maxInterim = 16;
const empty = Buffer.alloc(0);

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
  #chunks = false;
  #requestComplete = false;
  #served = 0;
  #interims = 0;
  #closed = false;

  constructor(owner: ConnectionOwner, socket: Socket) {
    this.#owner = owner;
    this.#socket = socket;
    readInto(socket, (bytes) => this.#data(bytes));
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

  sendHead(request: OutgoingRequest, body: Buffer | undefined, complete: boolean): boolean {
    this.#requestComplete = complete;
    this.#chunks = sendsChunks(request, complete);
    const bytes = body ?? empty;
    const text = requestText(request, bytes.length, complete);
    if (this.#chunks) return writeChunk(this.#socket, text, bytes, 0, bytes.length, complete);
    return writePlain(this.#socket, text, bytes, 0, bytes.length);
  }

  sendBody(content: Buffer): boolean {
    if (this.#chunks) return writeChunk(this.#socket, '', content, 0, content.length, false);
    return writePlain(this.#socket, '', content, 0, content.length);
  }

  sendEnd(trailers: Fields | undefined): void {
    this.#requestComplete = true;
    if (this.#chunks) this.#socket.write(endOfChunks(trailers), 'latin1');
  }

  endInput(): void {
    this.#socket.end();
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
    const fault = head.parse(this.#headBuffer.text, this.#headBuffer.end);
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
      consumer.interim(head);
      return true;
    }
    this.#frame(consumer.method);
    const end = this.#body.read(bytes, at, bytes.length);
    if (this.#body.failed) this.#nonsense(consumer);
    else if (this.#body.done && end - at <= limits.joinedWriteBytes && this.#body.trailers === undefined) {
      this.#whole(consumer, bytes, at, end);
    } else this.#begin(consumer, bytes, at, end);
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
    if (!this.#head.framing.chunked) {
      consumer.wholeResponse(this.#head, bytes, start, end);
      return;
    }
    const content = this.#body.content(bytes, start, end) ?? empty;
    consumer.wholeResponse(this.#head, content, 0, content.length);
  }

  #begin(consumer: ResponseConsumer, bytes: Buffer, start: number, end: number): void {
    this.#inBody = true;
    consumer.responseHead(this.#head, false);
    if (this.#consumer === consumer) this.#pass(consumer, bytes, start, end);
  }

  #bodyData(consumer: ResponseConsumer, bytes: Buffer, at: number): void {
    const end = this.#body.read(bytes, at, bytes.length);
    if (this.#body.failed) this.#nonsense(consumer);
    else this.#pass(consumer, bytes, at, end);
  }

  /** Content that was read, and the end of the answer if it is there. */
  #pass(consumer: ResponseConsumer, bytes: Buffer, start: number, end: number): void {
    const content = this.#body.content(bytes, start, end);
    if (content !== undefined && !consumer.responseBody(content)) this.#socket.pause();
    if (!this.#body.done || this.#consumer !== consumer) return;
    const { trailers } = this.#body;
    this.#finish(end === bytes.length);
    consumer.responseEnd(trailers);
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
      consumer.responseEnd(undefined);
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
