import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import * as codes from './error-codes.ts';
import { FloodGuard } from './flood-guard.ts';
import { FlowWindows } from './flow-control.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import * as frames from './frames.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import * as settings from './settings.ts';

const noOpaque = Buffer.alloc(8);
const initialWindow = 65_535;
const never = Number.POSITIVE_INFINITY;

/** What a session is given. */
export interface SessionContext {
  readonly socket: Socket;
  readonly ticker: Pick<Ticker, 'now' | 'add' | 'remove'>;
  /** The connection has ended, and every stream has heard of it. */
  closed(): void;
  /** A stream has ended, or the peer's settings have changed: there may be room for another. */
  roomChanged?(): void;
}

/**
 * The connection below the streams (RFC 9113): settings, pings, errors, the end. It destroys the socket when it is done
 * with it; the owner only hears `closed`.
 */
export abstract class Connection implements FrameSink, Tickable {
  readonly isServer: boolean;
  readonly windows = new FlowWindows(initialWindow, limits.http2ConnectionWindowBytes);
  /** Whether no further stream is begun; the connection ends with the last one. */
  draining = false;
  protected readonly ticker: SessionContext['ticker'];
  protected readonly output: FrameWriter;
  protected readonly encoder = new HpackEncoder(limits.http2HeaderTableBytes);
  protected readonly peer = new settings.PeerSettings();
  protected readonly guard: FloodGuard;
  /** The greatest stream of the peer that was begun; what GOAWAY tells. */
  protected lastPeerStream = 0;
  /** Whether nothing that arrives is of interest any more. */
  protected ending = false;
  /** When the connection fails unless a header block that has begun is complete. */
  #blockDeadline = never;
  protected heard: number;
  /** How often something has come. */
  protected reads = 0;
  /** Whether nothing has come since the answer to a PING. */
  protected quiet = false;
  /** Whether the peer's settings have come. */
  protected peerSpoke = false;
  /** Whether the peer knows this side's settings. */
  protected settled = false;
  protected readonly context: SessionContext;
  readonly #reader = new FrameReader(this);
  #unreadReplies = 0;
  #settingsDeadline: number;
  #writeDeadline = never;
  #pingDeadline = never;
  /** When the socket is destroyed if the peer has not ended it. */
  #lingerDeadline = never;
  #closed = false;

  constructor(context: SessionContext, isServer: boolean, parameters: readonly (readonly [number, number])[]) {
    const { socket, ticker } = context;
    this.context = context;
    this.isServer = isServer;
    this.ticker = ticker;
    this.heard = ticker.now;
    this.guard = new FloodGuard(ticker.now);
    this.#settingsDeadline = ticker.now + limits.http2AnswerMillis;
    this.output = new FrameWriter(socket, !isServer);
    this.output.settings([
      [settings.INITIAL_WINDOW_SIZE, limits.http2StreamWindowBytes],
      [settings.MAX_HEADER_LIST_SIZE, limits.headBytes],
      ...parameters,
    ]);
    this.output.windowUpdate(0, limits.http2ConnectionWindowBytes - initialWindow);
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#inputEnded());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    ticker.add(this);
  }

  /** Whether the peer reads too slowly for more content. */
  get blocked(): boolean {
    return this.output.blocked;
  }

  /** What the socket received; valid during the call. */
  receive(bytes: Buffer): void {
    if (this.ending) return;
    this.heard = this.ticker.now;
    this.reads++;
    this.#reader.read(bytes, this.skipPreface(bytes));
  }

  destroy(): void {
    this.context.socket.destroy();
    this.#close();
  }

  tick(now: number): void {
    this.guard.tick(now);
    if (this.blocked && this.#writeDeadline === never) this.#writeDeadline = now + limits.stalledMillis;
    if (now >= this.#lingerDeadline || now >= this.#writeDeadline) this.destroy();
    else if (this.ending) return;
    else if (now >= this.#pingDeadline) this.#pingAnswered(false);
    else if (now >= this.#settingsDeadline) this.fail(codes.SETTINGS_TIMEOUT);
    else if (now >= this.#blockDeadline) this.fail(codes.ENHANCE_YOUR_CALM);
  }

  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean {
    this.quiet = false;
    if (!this.peerSpoke && (type !== frames.SETTINGS || (flags & frames.ACK) !== 0)) {
      this.fail(codes.PROTOCOL_ERROR);
    } else if (type > frames.HEADERS && type !== frames.CONTINUATION && !this.guard.idleFrame()) {
      this.fail(codes.ENHANCE_YOUR_CALM);
    } else {
      this.streamFrame(type, flags, streamId, bytes, start, end);
    }
    return !this.ending;
  }

  frameTooLarge(): void {
    this.fail(codes.FRAME_SIZE_ERROR);
  }

  /** Where the frames begin in the first bytes. */
  protected abstract skipPreface(bytes: Buffer): number;
  /** Any frame; those that do not belong to a stream come back by `connectionFrame`. */
  protected abstract streamFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
  /** The peer changed the window that its streams begin with. False when a window became too large. */
  protected abstract windowsChanged(delta: number): boolean;
  /** More can be sent. */
  protected abstract unblocked(): void;
  /** The peer begins no further streams and has not looked at any of this side above the last one. */
  protected abstract goneAway(lastStreamId: number): void;
  /** The peer has answered a PING, or has not in time. */
  protected abstract pinged(answered: boolean): void;
  /** Nothing more is sent or received on any stream. */
  protected abstract lost(): void;

  protected connectionFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (streamId !== 0 && type <= frames.GOAWAY) {
      this.fail(codes.PROTOCOL_ERROR);
      return;
    }
    switch (type) {
      case frames.SETTINGS:
        this.#settings(flags, bytes, start, end);
        return;
      case frames.PING:
        this.#ping(flags, bytes, start, end - start);
        return;
      case frames.GOAWAY:
        if (end - start < 8) this.fail(codes.FRAME_SIZE_ERROR);
        else this.goneAway(bytes.readUInt32BE(start) & frames.maxStreamId);
        return;
    }
  }

  /** An error of the whole connection: tells the peer why, and ends it (RFC 9113 5.4.1). */
  protected fail(code: number): void {
    if (this.ending) return;
    this.output.goAway(this.lastPeerStream, code);
    this.end();
    this.lost();
  }

  /**
   * Sends what there is to send, for a while, and the end. What still arrives is thrown away: closing with unread input would
   * reset the rest away.
   */
  protected end(): void {
    this.ending = true;
    this.draining = true;
    this.output.flush();
    this.#lingerDeadline = this.ticker.now + limits.drainMillis;
    this.context.socket.end(() => {
      this.#lingerDeadline = this.ticker.now + limits.lingerMillis;
    });
  }

  /** Whether the rest of a header block is missing, which must come within a time. */
  protected headersOpen(open: boolean): void {
    if (!open) this.#blockDeadline = never;
    else if (this.#blockDeadline === never) this.#blockDeadline = this.ticker.now + limits.headerMillis;
  }

  /** Asks the peer for a sign of life, unless it is being asked: `pinged` follows. */
  protected sendPing(): void {
    if (this.#pingDeadline !== never) return;
    this.output.ping(0, noOpaque, 0);
    this.#pingDeadline = this.ticker.now + limits.http2AnswerMillis;
  }

  /** Counts a frame that answers one of the peer's, which a peer that does not read must not cause without end. */
  protected replied(): void {
    if (!this.blocked) this.#unreadReplies = 0;
    else if (++this.#unreadReplies > limits.http2UnreadReplies) this.fail(codes.ENHANCE_YOUR_CALM);
  }

  #settings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & frames.ACK) !== 0) {
      if (end > start) this.fail(codes.FRAME_SIZE_ERROR);
      this.settled = true;
      this.#settingsDeadline = never;
      return;
    }
    if ((end - start) % settings.settingBytes !== 0) {
      this.fail(codes.FRAME_SIZE_ERROR);
      return;
    }
    const { streamWindow } = this.peer;
    for (let at = start; at < end; at += settings.settingBytes) {
      const id = bytes.readUInt16BE(at);
      const fault = this.peer.set(id, bytes.readUInt32BE(at + 2), !this.isServer);
      // Each of several sizes of the table counts (RFC 7541 4.2).
      if (id === settings.HEADER_TABLE_SIZE) this.encoder.limitTable(this.peer.headerTableBytes);
      if (fault !== codes.NO_ERROR) {
        this.fail(fault);
        return;
      }
    }
    this.peerSpoke = true;
    this.context.roomChanged?.();
    this.output.settingsAck();
    this.replied();
    const delta = this.peer.streamWindow - streamWindow;
    if (delta !== 0 && !this.windowsChanged(delta)) this.fail(codes.FLOW_CONTROL_ERROR);
  }

  #ping(flags: number, bytes: Buffer, start: number, length: number): void {
    if (length !== 8) {
      this.fail(codes.FRAME_SIZE_ERROR);
    } else if ((flags & frames.ACK) === 0) {
      this.output.ping(frames.ACK, bytes, start);
      this.replied();
    } else if (this.#pingDeadline !== never) {
      this.#pingAnswered(true);
    }
  }

  #pingAnswered(answered: boolean): void {
    this.#pingDeadline = never;
    this.quiet = answered;
    this.pinged(answered);
  }

  #drained(): void {
    this.output.drained();
    this.#unreadReplies = 0;
    this.#writeDeadline = never;
    if (!this.ending) this.unblocked();
  }

  #inputEnded(): void {
    if (this.ending) this.context.socket.destroySoon();
    else this.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.ending = true;
    this.draining = true;
    this.ticker.remove(this);
    this.lost();
    this.context.closed();
  }
}
