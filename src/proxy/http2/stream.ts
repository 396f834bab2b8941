import type { Fields } from '../http/message.ts';
import { CANCEL, NO_ERROR } from './error-codes.ts';
import { FlowWindows } from './flow-control.ts';
import { defaultFrameBytes } from './frames.ts';
import type { HeaderList } from './header-list.ts';
import { PieceQueue } from './piece-queue.ts';
import type { ResetCause, StreamSink } from './stream-sink.ts';

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly windows: FlowWindows;
  /** Whether the peer reads too slowly for more content. */
  readonly blocked: boolean;
  readonly isServer: boolean;
  sendData(streamId: number, bytes: Buffer, start: number, end: number): void;
  sendEnd(streamId: number, trailers: Fields | undefined): void;
  sendReset(streamId: number, code: number): void;
  sendStreamWindow(streamId: number, increment: number): void;
  /** Octets that the consumer took, for the connection's window. */
  taken(octets: number): void;
  /** The stream has content that cannot be sent yet. */
  waits(stream: Stream): void;
  /** Both directions have ended; `properly` when neither was cut short. */
  ended(stream: Stream, properly: boolean): void;
}

/** One stream: first the methods of its owner, then those that the connection calls. */
export abstract class Stream extends FlowWindows {
  readonly id: number;
  /** A CONNECT: either direction may end without the other. */
  tunnel = false;
  /** Whether the peer has ended its direction, and whether this side has. */
  remoteEnded = false;
  localEnded = false;
  protected sink!: StreamSink;
  readonly #host: StreamHost;
  #over = false;
  /** Whether the head of the peer's message has come. */
  #begun = false;
  /** Octets of content that must come yet; -1 when unknown. */
  #expected = -1;
  /** Content that could not be sent yet. */
  #outgoing: PieceQueue | undefined;
  /** Whether the end belongs behind `#outgoing`, and with what trailers. */
  #endFollows = false;
  #trailers: Fields | undefined;
  #paused = false;
  /** Content that came while paused. */
  #incoming: PieceQueue | undefined;
  #incomingTrailers: HeaderList | undefined;
  /** Octets with the consumer that it has not taken. */
  #held = 0;
  /** Whether nobody is interested any more in what has arrived and is not delivered. */
  #dropped = false;

  constructor(host: StreamHost, id: number, sendWindow: number, receiveWindow: number) {
    super(sendWindow, receiveWindow);
    this.#host = host;
    this.id = id;
  }

  /**
   * Sends content, which may change after the call. False when some had to be held back: the sink hears `drained` when more
   * is welcome. On a stream that is over it does nothing.
   */
  data(bytes: Buffer, start: number, end: number): boolean {
    if (this.localEnded || start === end) return true;
    const at = this.#outgoing === undefined ? this.#send(bytes, start, end, Number.POSITIVE_INFINITY) : start;
    if (at === end) return true;
    this.#outgoing ??= new PieceQueue();
    this.#outgoing.add(bytes, at, end);
    this.#host.waits(this);
    return false;
  }

  /** Ends this direction, behind all content. */
  end(trailers: Fields | undefined): void {
    if (this.localEnded) return;
    if (this.#outgoing !== undefined) {
      this.#endFollows = true;
      this.#trailers = trailers;
      return;
    }
    this.#host.sendEnd(this.id, trailers);
    this.endLocal();
  }

  /** Gives the stream up. The sink hears nothing more. */
  reset(code: number): void {
    const before = this.#over;
    this.#drop();
    if (before) return;
    this.#host.sendReset(this.id, code);
    this.#finish(false);
  }

  /** The consumer that returned false wants more. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#take(this.#held);
    this.#held = 0;
    while (!this.#paused && this.#incoming !== undefined) {
      const first = this.#incoming.first;
      if (first === undefined) this.#incoming = undefined;
      else {
        this.#incoming.remove(first.length);
        this.#deliver(first, 0, first.length);
      }
    }
    if (this.remoteEnded) this.#deliverEnd(this.#incomingTrailers);
  }

  // --- for the connection

  /** The head of the peer's message has come. `expected`: octets of content, -1 when unknown. */
  protected begins(endStream: boolean, expected: number): void {
    this.#begun = true;
    this.#expected = expected;
    if (endStream) this.#endRemote();
  }

  /** False when the content comes before a head or disagrees with Content-Length (RFC 9113 8.1.1). */
  receiveData(bytes: Buffer, start: number, end: number, last: boolean): boolean {
    if (!this.#begun) return false;
    if (this.#expected >= 0) {
      this.#expected -= end - start;
      if (this.#expected < 0 || (last && this.#expected > 0)) return false;
    }
    if (last) this.remoteEnded = true;
    if (end > start) {
      if (this.#paused) {
        this.#incoming ??= new PieceQueue();
        this.#incoming.add(bytes, start, end);
      } else this.#deliver(bytes, start, end);
    }
    if (last) this.#receiveEnd(undefined);
    return true;
  }

  receiveTrailers(trailers: HeaderList): boolean {
    if (this.#expected > 0 || !trailers.isTrailers) return false;
    this.#receiveEnd(trailers);
    return true;
  }

  /** Padding has come, which needs no consumer. */
  pad(octets: number): void {
    this.#take(octets);
  }

  /** The stream is over because of the peer or the connection. */
  abort(cause: ResetCause, code: number): void {
    if (this.#over) return;
    this.#drop();
    this.#finish(false);
    this.sink.reset(cause, code);
  }

  /** Whether content waits that the stream's own window lets through. */
  get ready(): boolean {
    return this.sendLeft > 0 && this.#outgoing !== undefined;
  }

  /** Sends one frame of what waits; false when nothing waits any more. */
  sendWaiting(): boolean {
    const queue = this.#outgoing;
    const first = queue?.first;
    if (queue === undefined || first === undefined) return false;
    queue.remove(this.#send(first, 0, first.length, 1));
    if (queue.octets > 0) return true;
    this.#outgoing = undefined;
    if (this.#endFollows) this.end(this.#trailers);
    else this.sink.drained();
    return this.#outgoing !== undefined;
  }

  /** This direction has ended. */
  endLocal(): void {
    this.localEnded = true;
    if (this.#over) return;
    const answered = this.#host.isServer && !this.tunnel;
    // The answer is complete; what is left of the request is of no use (RFC 9113 8.1).
    if (answered && !this.remoteEnded) this.#host.sendReset(this.id, NO_ERROR);
    if (answered) this.#drop();
    if (answered || this.remoteEnded) this.#finish(true);
  }

  /** Sends what windows and the peer's reading allow, in at most so many frames; returns the position behind it. */
  #send(bytes: Buffer, start: number, end: number, frames: number): number {
    const host = this.#host;
    let at = start;
    for (let left = frames; at < end && left > 0 && !host.blocked; left--) {
      const octets = Math.min(end - at, defaultFrameBytes, this.sendLeft, host.windows.sendLeft);
      if (octets <= 0) break;
      this.sendLeft -= octets;
      host.windows.sendLeft -= octets;
      host.sendData(this.id, bytes, at, at + octets);
      at += octets;
    }
    return at;
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    if (this.sink.data(bytes, start, end) || this.#dropped) {
      this.#take(end - start);
      return;
    }
    this.#paused = true;
    this.#held += end - start;
  }

  #receiveEnd(trailers: HeaderList | undefined): void {
    this.remoteEnded = true;
    this.#incomingTrailers = trailers;
    this.#deliverEnd(trailers);
    this.#endRemote();
  }

  #deliverEnd(trailers: HeaderList | undefined): void {
    if (this.#dropped || this.#incoming !== undefined) return;
    // The consumer has everything, and need not ask for more.
    this.#drop();
    this.sink.end(trailers);
  }

  #take(octets: number): void {
    if (octets === 0) return;
    this.#host.taken(octets);
    if (this.remoteEnded || this.#over) return;
    const increment = this.take(octets);
    if (increment > 0) this.#host.sendStreamWindow(this.id, increment);
  }

  #endRemote(): void {
    this.remoteEnded = true;
    if (this.#over) return;
    const answered = !this.#host.isServer && !this.tunnel;
    if (answered && !this.localEnded) this.#host.sendReset(this.id, CANCEL);
    if (answered || this.localEnded) this.#finish(true);
  }

  #finish(properly: boolean): void {
    this.#over = true;
    this.localEnded = true;
    this.#outgoing = undefined;
    this.#trailers = undefined;
    this.#host.ended(this, properly);
  }

  /** Forgets what has not been delivered. */
  #drop(): void {
    const octets = this.#held + (this.#incoming?.octets ?? 0);
    this.#incoming = undefined;
    this.#held = 0;
    this.#paused = false;
    this.#dropped = true;
    if (octets > 0) this.#host.taken(octets);
  }
}
