import type { Fields } from '../http/message.ts';
import { limits } from '../limits.ts';
import { Connection, type SessionContext } from './connection.ts';
import * as codes from './error-codes.ts';
import * as frames from './frames.ts';
import type { HeaderList } from './header-list.ts';
import { HeaderReader } from './header-reader.ts';
import { HeadEncoder } from './heads.ts';
import type { Stream, StreamHost } from './stream.ts';
import { causeOf } from './stream-sink.ts';
import { StreamTable } from './stream-table.ts';

/** The streams of a connection: what both sides of it have in common (RFC 9113 5, 6). */
export abstract class Session<S extends Stream> extends Connection implements StreamHost {
  /** When the last stream ended, on the ticker's clock. */
  idleSince: number;
  protected readonly streams = new StreamTable<S>();
  protected readonly heads = new HeadEncoder(this.encoder);
  readonly #reader = new HeaderReader();
  readonly #waiting = new Set<Stream>();
  /** Streams that this side reset: frames that the peer sent before it knew are no fault. */
  readonly #resetStreams: number[] = [];
  #nextReset = 0;
  #dataFrames = 0;

  constructor(context: SessionContext, isServer: boolean, parameters: readonly (readonly [number, number])[]) {
    super(context, isServer, parameters);
    this.idleSince = this.ticker.now;
  }

  get openStreams(): number {
    return this.streams.size;
  }

  // --- for streams

  sendData(streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#dataFrames++;
    this.guard.useful(8);
    this.output.data(streamId, bytes, start, end);
  }

  sendEnd(streamId: number, trailers: Fields | undefined): void {
    if (trailers === undefined) {
      this.output.endStream(streamId);
      return;
    }
    this.heads.trailers(trailers);
    this.sendHead(streamId, true);
  }

  sendReset(streamId: number, code: number): void {
    if (this.ending) return;
    this.output.resetStream(streamId, code);
    this.#resetStreams[this.#nextReset] = streamId;
    this.#nextReset = (this.#nextReset + 1) % limits.http2ResetStreamsRemembered;
  }

  sendStreamWindow(streamId: number, increment: number): void {
    this.output.windowUpdate(streamId, increment);
  }

  taken(octets: number): void {
    const increment = this.windows.take(octets);
    if (increment > 0 && !this.ending) this.output.windowUpdate(0, increment);
  }

  waits(stream: Stream): void {
    this.#waiting.add(stream);
  }

  ended(stream: Stream, properly: boolean): void {
    this.streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (properly) this.guard.completed();
    this.context.roomChanged?.();
    if (this.streams.size > 0) return;
    this.idleSince = this.ticker.now;
    if (this.draining) this.drained();
  }

  // --- for the two sides

  /** A header block is complete. */
  protected abstract head(streamId: number, list: HeaderList): void;
  /** Whether a stream has never been begun. */
  protected abstract isIdle(streamId: number): boolean;
  /** The last stream of a draining session has ended. */
  protected abstract drained(): void;

  /** Sends the header block that `heads` has just encoded. */
  protected sendHead(streamId: number, endStream: boolean): void {
    this.output.head(streamId, this.encoder.bytes, this.encoder.length, endStream);
  }

  /** An error of one stream (RFC 9113 5.4.2); a peer that causes too many is sent away. */
  protected streamError(streamId: number, code: number): void {
    if (this.isServer && !this.guard.reset()) {
      this.fail(codes.ENHANCE_YOUR_CALM);
      return;
    }
    const stream = this.streams.get(streamId);
    this.sendReset(streamId, code);
    this.replied();
    stream?.abort('malformed', code);
  }

  /**
   * HEADERS or DATA on a stream that has ended. A server may be told of any number of cancellations before it hears of the
   * first; a client has no more of its streams reset than may be open.
   */
  protected late(streamId: number, headers: boolean): void {
    if (!this.isServer) {
      if (!this.guard.idleFrame()) this.fail(codes.ENHANCE_YOUR_CALM);
    } else if (!this.#resetStreams.includes(streamId)) {
      if (headers) this.fail(codes.STREAM_CLOSED);
      else this.streamError(streamId, codes.STREAM_CLOSED);
    }
  }

  protected override streamFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#reader.open !== (type === frames.CONTINUATION)) {
      this.fail(codes.PROTOCOL_ERROR);
      return;
    }
    switch (type) {
      case frames.DATA:
        this.#data(flags, streamId, bytes, start, end);
        return;
      case frames.HEADERS:
        this.#headers(streamId, this.#reader.headers(flags, streamId, bytes, start, end));
        return;
      case frames.CONTINUATION:
        this.#headers(streamId, this.#reader.continuation(flags, streamId, bytes, start, end));
        return;
      case frames.PRIORITY:
        this.#priority(streamId, bytes, start, end - start);
        return;
      case frames.RST_STREAM:
        this.#resetByPeer(streamId, bytes, start, end - start);
        return;
      case frames.WINDOW_UPDATE:
        this.#windowUpdate(streamId, bytes, start, end - start);
        return;
      case frames.PUSH_PROMISE:
        this.fail(codes.PROTOCOL_ERROR);
        return;
      default:
        this.connectionFrame(type, flags, streamId, bytes, start, end);
    }
  }

  protected override windowsChanged(delta: number): boolean {
    for (const stream of this.streams.all()) if (!stream.allow(delta)) return false;
    if (delta > 0) this.unblocked();
    return true;
  }

  /** Sends what waits, a frame of each stream in turn. */
  protected override unblocked(): void {
    while (this.#waiting.size > 0) {
      const before = this.#dataFrames;
      for (const stream of this.#waiting) {
        if (this.blocked) return;
        if (stream.ready && !stream.sendWaiting()) this.#waiting.delete(stream);
      }
      if (this.#dataFrames === before) return;
    }
  }

  protected override lost(): void {
    for (const stream of this.streams.all()) stream.abort('lost', codes.NO_ERROR);
  }

  // --- frames of the peer

  #data(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const contentStart = (flags & frames.PADDED) === 0 ? start : start + 1;
    const contentEnd = (flags & frames.PADDED) === 0 ? end : end - (bytes[start] ?? 0);
    if (streamId === 0 || contentEnd < contentStart || this.isIdle(streamId)) {
      this.fail(codes.PROTOCOL_ERROR);
      return;
    }
    if (!this.windows.receive(length)) {
      this.fail(codes.FLOW_CONTROL_ERROR);
      return;
    }
    const stream = this.streams.get(streamId);
    const last = (flags & frames.END_STREAM) !== 0;
    const octets = contentEnd - contentStart;
    if (octets > 0) this.guard.useful(1);
    else if (!last && !this.guard.idleFrame()) {
      this.fail(codes.ENHANCE_YOUR_CALM);
      return;
    }
    if (stream === undefined || stream.remoteEnded) {
      this.taken(length);
      this.late(streamId, false);
      return;
    }
    // Padding is taken at once, content as its consumer takes it.
    if (length > octets) stream.pad(length - octets);
    if (!stream.receive(length)) this.#refuse(streamId, octets, codes.FLOW_CONTROL_ERROR);
    else if (!stream.receiveData(bytes, contentStart, contentEnd, last)) {
      this.#refuse(streamId, octets, codes.PROTOCOL_ERROR);
    }
  }

  #refuse(streamId: number, octets: number, code: number): void {
    this.taken(octets);
    this.streamError(streamId, code);
  }

  /** A frame of a header block was taken. */
  #headers(streamId: number, fault: number): void {
    const { list, selfDependent, open } = this.#reader;
    if (fault !== codes.NO_ERROR) {
      this.fail(fault);
      return;
    }
    this.headersOpen(open);
    if (open || list === undefined) return;
    if (selfDependent) this.#dependsOnItself(streamId);
    else this.head(streamId, list);
  }

  /** RFC 7540 5.3.1. A stream that has not begun cannot be reset. */
  #dependsOnItself(streamId: number): void {
    if (this.isIdle(streamId)) this.fail(codes.PROTOCOL_ERROR);
    else this.streamError(streamId, codes.PROTOCOL_ERROR);
  }

  #priority(streamId: number, bytes: Buffer, start: number, length: number): void {
    if (streamId === 0) this.fail(codes.PROTOCOL_ERROR);
    else if (length !== 5) {
      if (this.isIdle(streamId)) this.fail(codes.FRAME_SIZE_ERROR);
      else this.streamError(streamId, codes.FRAME_SIZE_ERROR);
    } else if ((bytes.readUInt32BE(start) & frames.maxStreamId) === streamId) this.#dependsOnItself(streamId);
  }

  #resetByPeer(streamId: number, bytes: Buffer, start: number, length: number): void {
    if (length !== 4) this.fail(codes.FRAME_SIZE_ERROR);
    else if (streamId === 0 || this.isIdle(streamId)) this.fail(codes.PROTOCOL_ERROR);
    else {
      const stream = this.streams.get(streamId);
      if (stream === undefined) return;
      const code = bytes.readUInt32BE(start);
      stream.abort(causeOf(code), code);
      if (this.isServer && !this.guard.reset()) this.fail(codes.ENHANCE_YOUR_CALM);
    }
  }

  #windowUpdate(streamId: number, bytes: Buffer, start: number, length: number): void {
    if (length !== 4) {
      this.fail(codes.FRAME_SIZE_ERROR);
      return;
    }
    const increment = bytes.readUInt32BE(start) & frames.maxWindow;
    if (streamId === 0) {
      if (increment === 0) this.fail(codes.PROTOCOL_ERROR);
      else if (!this.windows.allow(increment)) this.fail(codes.FLOW_CONTROL_ERROR);
      else this.unblocked();
      return;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.isIdle(streamId)) this.fail(codes.PROTOCOL_ERROR);
    } else if (increment === 0) this.streamError(streamId, codes.PROTOCOL_ERROR);
    else if (!stream.allow(increment)) this.streamError(streamId, codes.FLOW_CONTROL_ERROR);
    else if (stream.ready) this.unblocked();
  }
}
