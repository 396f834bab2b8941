import { FieldList } from '../http/field-list.ts';
import type { Fields } from '../http/message.ts';
import { ChunkScanner } from './chunked.ts';

const NONE = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;

/** Finds the end of a message body in a stream of buffers (RFC 9112 6.3). */
export class BodyReader {
  #mode = NONE;
  #remaining = 0;
  #chunked = false;
  readonly #chunks = new ChunkScanner();

  none(): void {
    this.#mode = NONE;
    this.#chunked = false;
  }

  length(bytes: number): void {
    this.#mode = bytes === 0 ? NONE : LENGTH;
    this.#chunked = false;
    this.#remaining = bytes;
  }

  chunked(): void {
    this.#mode = CHUNKED;
    this.#chunked = true;
    this.#chunks.reset();
  }

  untilClose(): void {
    this.#mode = UNTIL_CLOSE;
    this.#chunked = false;
  }

  get done(): boolean {
    return this.#mode === NONE;
  }

  get failed(): boolean {
    return this.#mode === CHUNKED && this.#chunks.fault !== undefined;
  }

  /** Whether the end of the connection ends the body properly. */
  get endsWithConnection(): boolean {
    return this.#mode === UNTIL_CLOSE || this.#mode === NONE;
  }

  /** The position behind what belongs to the body; afterwards `done` and `failed` tell where it stands. */
  read(bytes: Uint8Array, start: number, end: number): number {
    switch (this.#mode) {
      case LENGTH: {
        const taken = Math.min(this.#remaining, end - start);
        this.#remaining -= taken;
        if (this.#remaining === 0) this.#mode = NONE;
        return start + taken;
      }
      case CHUNKED: {
        const stop = this.#chunks.scan(bytes, start, end);
        if (this.#chunks.done) this.#mode = NONE;
        return stop;
      }
      case UNTIL_CLOSE:
        return end;
      default:
        return start;
    }
  }

  /** The content of what `read` took last, between `start` and the position that it returned; undefined when there is none. */
  content(bytes: Buffer, start: number, stop: number): Buffer | undefined {
    if (!this.#chunked) return stop === start ? undefined : pieceOf(bytes, start, stop);
    const { content } = this.#chunks;
    if (content.length === 0) return undefined;
    if (content.length === 2) return pieceOf(bytes, content[0]!, content[1]!);
    const pieces: Buffer[] = [];
    for (let i = 0; i < content.length; i += 2) pieces.push(bytes.subarray(content[i], content[i + 1]));
    return Buffer.concat(pieces);
  }

  /** The trailers of a chunked body that is done. */
  get trailers(): Fields | undefined {
    return this.#chunked && this.#chunks.trailers.length > 0 ? new FieldList([...this.#chunks.trailers]) : undefined;
  }
}

function pieceOf(bytes: Buffer, start: number, stop: number): Buffer {
  return start === 0 && stop === bytes.length ? bytes : bytes.subarray(start, stop);
}
