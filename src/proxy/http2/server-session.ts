import { FieldList } from '../http/field-list.ts';
import type { HeaderEdits } from '../http/header-edits.ts';
import type { ResponseMessage } from '../http/message.ts';
import { limits } from '../limits.ts';
import type { SessionContext } from './connection.ts';
import * as codes from './error-codes.ts';
import { maxStreamId, preface } from './frames.ts';
import type { HeaderList } from './header-list.ts';
import { ServerStream } from './server-stream.ts';
import { Session } from './session.ts';
import { ENABLE_CONNECT_PROTOCOL, MAX_CONCURRENT_STREAMS } from './settings.ts';
import type { StreamSink } from './stream-sink.ts';

/** Who answers the requests of a client. */
export interface ServerSessionContext extends SessionContext {
  /** Whether extended CONNECT (RFC 8441) is offered. */
  readonly extendedConnect: boolean;
  /**
   * A well-formed request. The stream may be answered at once or later; the sink gets the body, or hears that the client
   * gave up. `head.protocol` is not empty for an extended CONNECT.
   */
  request(stream: ServerStream, head: HeaderList): StreamSink;
}

const refusal = (status: number): ResponseMessage => ({ status, fields: new FieldList([]), contentLength: 0 });
const headTooLarge = refusal(431);
const targetTooLong = refusal(414);

/** The server's side of an HTTP/2 connection. Its owner reads the socket and calls `receive`. */
export class ServerSession extends Session<ServerStream> {
  readonly #context: ServerSessionContext;
  #prefaceRead = 0;
  /** Whether the client knows which of its streams is the last one. */
  #refusing = false;

  constructor(context: ServerSessionContext) {
    super(context, true, [
      [MAX_CONCURRENT_STREAMS, limits.http2Streams],
      ...(context.extendedConnect ? [[ENABLE_CONNECT_PROTOCOL, 1] as const] : []),
    ]);
    this.#context = context;
  }

  /**
   * Ends the connection once its requests are answered. Requests that were sent before the client knew are served as well
   * (RFC 9113 6.8).
   */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    this.output.goAway(maxStreamId, codes.NO_ERROR);
    this.sendPing();
  }

  override tick(now: number): void {
    super.tick(now);
    if (this.openStreams === 0 && now - this.idleSince > limits.idleMillis) this.drain();
  }

  sendResponse(streamId: number, message: ResponseMessage, edits: HeaderEdits | undefined): void {
    this.heads.response(message, edits);
    this.sendHead(streamId, false);
  }

  protected override head(streamId: number, list: HeaderList): void {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      if (stream.remoteEnded) this.streamError(streamId, codes.STREAM_CLOSED);
      else if (list.tooLarge || !stream.receiveTrailers(list)) this.streamError(streamId, codes.PROTOCOL_ERROR);
    } else if (streamId % 2 === 0) this.fail(codes.PROTOCOL_ERROR);
    else if (streamId <= this.lastPeerStream) this.late(streamId, true);
    else this.#begin(streamId, list);
  }

  protected override isIdle(streamId: number): boolean {
    return streamId > this.lastPeerStream || streamId % 2 === 0;
  }

  protected override drained(): void {
    if (this.#refusing && !this.ending) this.end();
  }

  protected override pinged(): void {
    if (!this.draining || this.#refusing) return;
    this.output.goAway(this.lastPeerStream, codes.NO_ERROR);
    this.#refuse();
  }

  protected override goneAway(): void {
    this.draining = true;
    this.#refuse();
  }

  protected override skipPreface(bytes: Buffer): number {
    let at = 0;
    while (this.#prefaceRead < preface.length && at < bytes.length) {
      if (bytes[at++] === preface.charCodeAt(this.#prefaceRead++)) continue;
      this.fail(codes.PROTOCOL_ERROR);
      return bytes.length;
    }
    return at;
  }

  #refuse(): void {
    this.#refusing = true;
    if (this.openStreams === 0) this.end();
  }

  #begin(streamId: number, list: HeaderList): void {
    this.lastPeerStream = streamId;
    if (this.#refusing || this.openStreams >= limits.http2Streams) {
      // Before the client knows the limit it is no fault to exceed it.
      if (this.settled) this.streamError(streamId, codes.REFUSED_STREAM);
      else this.sendReset(streamId, codes.REFUSED_STREAM);
      return;
    }
    if (!list.tooLarge && !list.isRequest(this.#context.extendedConnect)) {
      this.streamError(streamId, codes.PROTOCOL_ERROR);
      return;
    }
    const stream = new ServerStream(this, streamId, this.peer.streamWindow, limits.http2StreamWindowBytes);
    this.streams.add(stream);
    stream.begin(list);
    const tooLong = list.target.length > limits.uriBytes;
    if (!list.tooLarge && !tooLong) {
      stream.serve(this.#context.request(stream, list));
      return;
    }
    stream.head(tooLong ? targetTooLong : headTooLarge, undefined);
    stream.end(undefined);
  }
}
