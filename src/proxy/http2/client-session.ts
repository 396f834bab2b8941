import type { OutgoingRequest } from '../http/outgoing.ts';
import { limits } from '../limits.ts';
import { readInto } from '../socket/read-into.ts';
import { ClientStream, type ResponseSink } from './client-stream.ts';
import type { SessionContext } from './connection.ts';
import * as codes from './error-codes.ts';
import { maxStreamId } from './frames.ts';
import type { HeaderList } from './header-list.ts';
import { Session } from './session.ts';
import { ENABLE_PUSH } from './settings.ts';

/** What a server is taken to accept until it says (RFC 9113 6.5.2 recommends that it be no less). */
const streamsAtFirst = 100;

/** The client's side of an HTTP/2 connection. It reads the socket itself. */
export class ClientSession extends Session<ClientStream> {
  #nextStream = 1;
  #served = false;
  /** It does not answer: what it may have closed in time it would have said. */
  #silent = false;

  constructor(context: SessionContext) {
    super(context, false, [[ENABLE_PUSH, 0]]);
    readInto(context.socket, (bytes) => this.receive(bytes));
  }

  /** How many more requests may be under way. */
  get freeStreams(): number {
    if (this.draining) return 0;
    const most = this.peerSpoke ? Math.min(this.peer.concurrentStreams, limits.http2Streams) : streamsAtFirst;
    return Math.max(0, most - this.openStreams);
  }

  /** Whether the server is known to accept extended CONNECT (RFC 8441). */
  get extendedConnect(): boolean {
    return this.peer.extendedConnect;
  }

  /**
   * Sends the head of a request, which is used only during the call; only while `freeStreams` is not 0. `data` and `end` of
   * the stream follow. Of a message in HTTP/2 the lines go on as they are.
   */
  open(sink: ResponseSink, outgoing: OutgoingRequest): ClientStream {
    const id = this.#nextStream;
    this.#nextStream += 2;
    const { method } = outgoing.request;
    const { streamWindow } = this.peer;
    const received = limits.http2StreamWindowBytes;
    const stream = new ClientStream(this, id, streamWindow, received, method, sink, this.reads);
    this.streams.add(stream);
    this.guard.useful(4);
    this.heads.request(outgoing);
    this.sendHead(id, false);
    if (this.#nextStream > maxStreamId) this.draining = true;
    return stream;
  }

  /** Ends the connection once its requests are answered. */
  drain(): void {
    this.draining = true;
    if (this.openStreams === 0) this.drained();
  }

  override tick(now: number): void {
    super.tick(now);
    if (this.openStreams === 0 || this.ending) return;
    if (now - this.heard > (this.quiet ? limits.http2QuietMillis : limits.http2SilenceMillis)) this.sendPing();
  }

  protected override head(streamId: number, list: HeaderList): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) this.fail(codes.PROTOCOL_ERROR);
      else this.late(streamId, true);
    } else if (stream.remoteEnded) this.streamError(streamId, codes.STREAM_CLOSED);
    else if (!stream.receiveHead(list)) this.streamError(streamId, codes.PROTOCOL_ERROR);
    else this.#served = true;
  }

  protected override isIdle(streamId: number): boolean {
    return streamId >= this.#nextStream || streamId % 2 === 0;
  }

  protected override lost(): void {
    for (const stream of this.streams.all()) {
      const unheard = this.#served && !this.#silent && stream.readsBefore === this.reads;
      stream.abort(unheard ? 'stale' : 'lost', codes.NO_ERROR);
    }
  }

  protected override drained(): void {
    if (this.ending) return;
    this.output.goAway(0, codes.NO_ERROR);
    this.end();
  }

  protected override pinged(answered: boolean): void {
    if (answered) return;
    this.#silent = true;
    this.destroy();
  }

  protected override goneAway(lastStreamId: number): void {
    this.draining = true;
    for (const stream of this.streams.all()) {
      if (stream.id > lastStreamId) stream.abort('refused', codes.REFUSED_STREAM);
    }
    if (this.openStreams === 0) this.drained();
  }

  protected override skipPreface(): number {
    return 0;
  }
}
