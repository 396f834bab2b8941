import type { Socket } from 'node:net';
import type { ResponseHead } from '../codec/response-head.ts';
import { WEBSOCKET } from '../codec/upgrade.ts';
import { limits } from '../limits.ts';
import type { Peer } from '../listeners/peer.ts';
import { ANSWER, type CompiledPhases, runRequest } from '../phases/phase.ts';
import { Exchange } from '../routing/exchange.ts';
import type { TunnelBytes } from '../telemetry/requests.ts';
import type { Tickable } from '../ticker.ts';
import type { ResponseConsumer, UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import type { ConnectionHost } from './connection-host.ts';
import { Forwarding } from './forwarding.ts';
import { RequestReader, type RequestSink } from './request-reader.ts';
import { ResponseWriter } from './response-writer.ts';

/** One HTTP/1.1 connection of a client: its requests in turn, each through the listener's phases. */
export class ServerConnection implements RequestSink, ResponseConsumer, Tickable {
  readonly #host: ConnectionHost<ServerConnection>;
  readonly #socket: Socket;
  readonly #exchange: Exchange;
  readonly #reader: RequestReader;
  readonly #forwarding: Forwarding;
  readonly #writer: ResponseWriter;
  #phases: CompiledPhases;
  #deadline: number;
  #responseBegun = false;
  /** Once the connection has become a tunnel. */
  #tunnel: TunnelBytes | undefined;

  constructor(host: ConnectionHost<ServerConnection>, socket: Socket, peer: Peer) {
    this.#host = host;
    this.#socket = socket;
    this.#phases = host.phases;
    this.#exchange = new Exchange(this);
    this.#exchange.peer = peer.identity;
    this.#exchange.peerAddress = peer.address;
    this.#writer = new ResponseWriter(socket);
    this.#reader = new RequestReader(this, socket, this.#exchange.head);
    this.#forwarding = new Forwarding(this.#exchange, this.#reader);
    this.#deadline = host.ticker.now + limits.idleMillis;
    socket.on('drain', () => {
      this.#forwarding.resumeResponse();
      this.#reader.drained();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    host.ticker.add(this);
  }

  get method(): string {
    return this.#exchange.head.method;
  }

  get upgrading(): boolean {
    return this.#exchange.head.upgrade === WEBSOCKET;
  }

  destroy(): void {
    this.#socket.destroy();
    this.#close();
  }

  tick(now: number): void {
    if (now < this.#deadline) return;
    if (this.#reader.amidHead) {
      this.#exchange.begin(performance.now());
      this.refused(408);
    } else if (this.#reader.busy && !this.#responseBegun) {
      // A client that does not send its body is no fault of the server.
      if (!this.#reader.amidBody) this.#exchange.unanswered();
      this.#answerInstead(504);
    } else this.destroy();
  }

  /** Idle connections get this much time for one more request, which is answered with `connection: close`. */
  drain(deadline: number): void {
    if (this.#reader.idle) this.#deadline = Math.min(this.#deadline, deadline);
  }

  // --- from the client

  headBegun(): void {
    this.#deadline = this.#host.ticker.now + limits.headerMillis;
  }

  requestBegun(): void {
    this.#phases = this.#host.phases;
    this.#exchange.begin(performance.now());
    this.#forwarding.begin();
    this.#responseBegun = false;
    this.#deadline = this.#host.ticker.now + limits.stalledMillis;
  }

  request(): void {
    const { head } = this.#exchange;
    this.#writer.begin(head.http11, !head.persistent || this.#host.draining);
    const step = runRequest(this.#phases, this.#exchange);
    if (step === ANSWER) this.#answer(this.#exchange.status);
    else if (this.#reader.amidBody && !this.#forwarding.started) this.#reader.pause();
  }

  /** What is no proper request ends the connection: nobody knows where the next one would begin. */
  refused(status: number): void {
    this.#writer.begin(true, true);
    this.#exchange.status = status;
    this.#writer.local(status, '');
    this.#finish();
  }

  requestBody(piece: Buffer, complete: boolean): void {
    this.#deadline = this.#host.ticker.now + limits.stalledMillis;
    if (this.#tunnel !== undefined) this.#tunnel.toServer.value += piece.length;
    this.#forwarding.body(piece, complete);
  }

  requestBodyBroken(): void {
    if (this.#responseBegun) this.destroy();
    else this.#answerInstead(400);
  }

  inputEnded(amid: boolean): void {
    if (this.#tunnel !== undefined) this.#forwarding.endInput();
    else if (amid) this.destroy();
    else this.#closeGently();
  }

  // --- towards the server

  awaitUpstream(): void {
    this.#forwarding.wait();
  }

  upstreamReady(stream: UpstreamStream): void {
    this.#forwarding.start(stream);
  }

  requestDrained(): void {
    if (this.#reader.amidBody) this.#reader.resume();
  }

  upstreamFailed(failure: UpstreamFailure): void {
    if (this.#forwarding.resend(failure)) return;
    this.#exchange.unanswered();
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
    if (head.status !== 101) {
      this.#writer.head(head);
      return;
    }
    this.#writer.switching(head);
    this.#tunnel = this.#exchange.series!.tunnel();
    this.#reader.tunnel();
  }

  responseBody(bytes: Buffer): boolean {
    this.#deadline = this.#host.ticker.now + limits.stalledMillis;
    if (this.#tunnel !== undefined) this.#tunnel.toClient.value += bytes.length;
    return this.#writer.body(bytes);
  }

  responseEnd(): void {
    this.#forwarding.end();
    this.#finish();
  }

  responseBroken(): void {
    this.#forwarding.end();
    this.#exchange.failed();
    this.destroy();
  }

  #beginResponse(head: ResponseHead, untilClose: boolean): void {
    this.#exchange.status = head.status;
    this.#responseBegun = true;
    if (untilClose || this.#reader.amidBody || this.#host.draining) this.#writer.last = true;
    for (const phase of this.#phases.response) phase(this.#exchange);
  }

  /** An answer of the proxy's own; a request whose body is not all here ends the connection. */
  #answer(status: number): void {
    if (this.#reader.amidBody || this.#host.draining) this.#writer.last = true;
    this.#exchange.status = status;
    this.#responseBegun = true;
    this.#writer.local(status, this.method);
    this.#finish();
  }

  #answerInstead(status: number): void {
    this.#forwarding.abandon();
    this.#writer.last = true;
    this.#exchange.failed();
    this.#answer(status);
  }

  #finish(): void {
    for (const phase of this.#phases.end) phase(this.#exchange);
    this.#reader.first = undefined;
    if (this.#reader.closed) return;
    if (this.#writer.last || this.#reader.amidBody) {
      this.#closeGently();
      return;
    }
    this.#deadline = this.#host.ticker.now + limits.idleMillis;
    this.#reader.next();
  }

  #close(): void {
    if (this.#reader.closed) return;
    const { busy } = this.#reader;
    this.#reader.close();
    this.#host.ticker.remove(this);
    this.#host.closed(this);
    if (!busy) return;
    this.#forwarding.abandon();
    if (this.#exchange.status === 0) this.#exchange.status = 499;
    if (this.#tunnel === undefined) this.#exchange.failed();
    for (const phase of this.#phases.end) phase(this.#exchange);
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
