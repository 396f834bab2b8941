import type { Socket } from 'node:net';
import { END_STREAM, frameHeaderBytes, HEADERS } from './frames.ts';

const chunkBytes = 65_536;
const pooledChunks = 64;
/** What one turn of the event loop may collect before it is written early. */
const highWater = 131_072;

interface Full {
  readonly chunk: Buffer;
  readonly length: number;
}

const empty = Buffer.alloc(0);
const pool: Buffer[] = [];
const waiting: Output[] = [];

function flushAll(): void {
  for (let i = 0; i < waiting.length; i++) waiting[i]!.flush();
  waiting.length = 0;
}

/**
 * The frames that a connection sends. All that one turn of the event loop produces, on however many streams, leaves in
 * one write. Payloads are copied.
 */
export class Output {
  /** Where `frame` made room. */
  bytes: Buffer = empty;
  readonly #socket: Socket;
  #at = 0;
  /** Where in `bytes` the last frame begins, and whose it is; -1 when it has left. */
  #lastFrame = -1;
  #lastStream = 0;
  /** Chunks before `bytes`. */
  #full: Full[] = [];
  #scheduled = false;
  #blocked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the peer reads too slowly: what can wait should. Ends with the socket's `drain`, see `drained`. */
  get blocked(): boolean {
    return this.#blocked;
  }

  drained(): void {
    this.#blocked = false;
  }

  /** Writes a frame's header and returns the position in `bytes` where its payload, of at most 16 KiB, belongs. */
  frame(length: number, type: number, flags: number, streamId: number): number {
    const at = this.#room(frameHeaderBytes + length);
    const { bytes } = this;
    bytes[at] = length >> 16;
    bytes[at + 1] = length >> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >> 24;
    bytes[at + 6] = streamId >> 16;
    bytes[at + 7] = streamId >> 8;
    bytes[at + 8] = streamId;
    this.#lastFrame = at;
    this.#lastStream = streamId;
    this.#at = at + frameHeaderBytes + length;
    return at + frameHeaderBytes;
  }

  text(text: string): void {
    const at = this.#room(text.length);
    this.#at = at + this.bytes.write(text, at, 'latin1');
  }

  /** Lets the last frame end its stream if it is HEADERS or DATA of this one and has not left; false otherwise. */
  endLast(streamId: number): boolean {
    if (this.#lastFrame < 0 || this.#lastStream !== streamId) return false;
    const flags = this.#lastFrame + 4;
    if (this.bytes[this.#lastFrame + 3]! > HEADERS) return false;
    this.bytes[flags]! |= END_STREAM;
    return true;
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#at === 0) return;
    const chunk = this.bytes;
    const length = this.#at;
    const full = this.#full;
    this.bytes = empty;
    this.#at = 0;
    this.#lastFrame = -1;
    if (!this.#socket.writable) {
      this.#full = [];
      return;
    }
    if (full.length === 0) {
      this.#write(chunk, length);
      return;
    }
    this.#full = [];
    this.#socket.cork();
    for (const { chunk: before, length: used } of full) this.#write(before, used);
    this.#write(chunk, length);
    this.#socket.uncork();
  }

  /** The chunk may be used again once the socket has written what is in it. */
  #write(chunk: Buffer, length: number): void {
    const written = () => {
      if (pool.length < pooledChunks) pool.push(chunk);
    };
    if (!this.#socket.write(chunk.subarray(0, length), written)) this.#blocked = true;
  }

  #room(length: number): number {
    if (!this.#scheduled) {
      this.#scheduled = true;
      if (waiting.push(this) === 1) setImmediate(flushAll);
    }
    if (this.#at + length <= this.bytes.length) return this.#at;
    if (this.#full.length * chunkBytes >= highWater) this.flush();
    else if (this.#at > 0) this.#full.push({ chunk: this.bytes, length: this.#at });
    this.bytes = pool.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
    this.#at = 0;
    return 0;
  }
}
