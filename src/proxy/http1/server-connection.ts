import type { Socket } from 'node:net';
import { RequestHead } from '../codec/request-head.ts';
import type { ConnectionHost } from '../http/connection-host.ts';
import type { Downstream } from '../http/downstream.ts';
import type { HeaderEdits } from '../http/header-edits.ts';
import type { Fields, ResponseMessage } from '../http/message.ts';
import { Transaction } from '../http/transaction.ts';
import { limits } from '../limits.ts';
import { type Peer, retireAt } from '../listeners/peer.ts';
import type { Tickable } from '../ticker.ts';
import { RequestReader, type RequestSink } from './request-reader.ts';
import { ResponseWriter } from './response-writer.ts';

/** One HTTP/1.1 connection of a client: its requests in turn, each through the listener's phases. */
export class ServerConnection implements RequestSink, Downstream, Tickable {
  readonly #host: ConnectionHost<ServerConnection>;
  readonly #socket: Socket;
  readonly #head = new RequestHead();
  readonly #reader: RequestReader;
  readonly #writer: ResponseWriter;
  readonly #transaction: Transaction;
  /** For what happens between requests. */
  #deadline: number;
  /** From then on the next answer is the last. */
  readonly #retireAt: number;

  constructor(host: ConnectionHost<ServerConnection>, socket: Socket, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.#transaction = new Transaction(this, peer, host.ticker);
    this.#writer = new ResponseWriter(socket);
    this.#reader = new RequestReader(this, socket, this.#head);
    this.#deadline = host.ticker.now + limits.idleMillis;
    this.#retireAt = retireAt(peer, host.ticker);
    socket.on('drain', () => {
      this.#transaction.clientDrained();
      this.#reader.drained();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    host.ticker.add(this);
  }

  /** What the socket received; valid during the call. */
  receive(bytes: Buffer): void {
    this.#reader.receive(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  tick(now: number): void {
    if (this.#transaction.busy) this.#transaction.tick(now);
    else if (now < this.#deadline) return;
    else if (this.#reader.amidHead) {
      this.requestBegun();
      this.refused(408);
    } else this.destroy();
  }

  /** Idle connections get this much time for one more request, which is answered with `connection: close`. */
  drain(deadline: number): void {
    if (this.#reader.idle) this.#deadline = Math.min(this.#deadline, deadline);
  }

  get #leaving(): boolean {
    return this.#host.draining || this.#host.ticker.now >= this.#retireAt;
  }

  // --- from the client

  headBegun(): void {
    this.#deadline = this.#host.ticker.now + limits.headerMillis;
  }

  requestBegun(): void {
    this.#head.method = '';
    this.#transaction.begin(this.#host.phases, this.#head);
  }

  request(first: Buffer | undefined, complete: boolean): void {
    const { http11, persistent, method } = this.#head;
    this.#writer.begin(http11, !persistent || this.#leaving, method);
    this.#transaction.start(first, complete);
  }

  /** What is no proper request ends the connection: nobody knows where the next one would begin. */
  refused(status: number): void {
    this.#writer.begin(true, true, '');
    this.#transaction.refuse(status);
  }

  requestBody(content: Buffer): void {
    this.#transaction.content(content);
  }

  requestEnd(trailers: Fields | undefined): void {
    this.#transaction.requestEnd(trailers);
  }

  requestBodyBroken(): void {
    this.#transaction.requestBroken();
  }

  inputEnded(amid: boolean): void {
    if (this.#transaction.tunnelling) this.#transaction.endInput();
    else if (amid) this.destroy();
    else this.#closeGently();
  }

  // --- back to the client

  pauseRequest(): void {
    this.#reader.pause();
  }

  resumeRequest(): void {
    if (this.#reader.amidBody) this.#reader.resume();
  }

  interim(head: ResponseMessage): void {
    this.#writer.interim(head);
  }

  whole(head: ResponseMessage, edits: HeaderEdits | undefined, bytes: Buffer, start: number, end: number): void {
    this.#beginResponse();
    this.#writer.whole(head, edits, bytes, start, end);
  }

  head(head: ResponseMessage, edits: HeaderEdits | undefined, bodiless: boolean): void {
    this.#beginResponse();
    this.#writer.head(head, edits, bodiless);
  }

  switching(head: ResponseMessage): void {
    this.#writer.last = true;
    this.#writer.switching(head);
    this.#reader.tunnel();
  }

  body(content: Buffer): boolean {
    return this.#writer.body(content);
  }

  ended(trailers: Fields | undefined): void {
    this.#writer.end(trailers);
  }

  local(status: number, method: string, edits: HeaderEdits | undefined): void {
    this.#beginResponse();
    this.#writer.local(status, method, edits);
  }

  breakOff(): void {
    this.destroy();
  }

  finished(): void {
    if (this.#reader.closed) return;
    if (this.#writer.last || this.#reader.amidBody) {
      this.#closeGently();
      return;
    }
    this.#deadline = this.#host.ticker.now + limits.keepAliveMillis;
    this.#reader.next();
  }

  /** A request whose body is not all here, or a connection that drains, ends with the answer. */
  #beginResponse(): void {
    if (this.#reader.amidBody || this.#leaving) this.#writer.last = true;
  }

  #close(): void {
    if (this.#reader.closed) return;
    this.#reader.close();
    this.#host.ticker.remove(this);
    this.#host.closed(this);
    this.#transaction.clientGone();
  }

  /** Ends our side and reads on for a while: closing with unread input would reset the answer away. */
  #closeGently(): void {
    if (this.#reader.closed) return;
    this.#deadline = this.#host.ticker.now + limits.lingerMillis;
    this.#reader.discard();
    this.#socket.end();
    if (this.#reader.ended) this.#socket.destroySoon();
  }
}
