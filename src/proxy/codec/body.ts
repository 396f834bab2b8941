import { ChunkScanner } from './chunked.ts';

const NONE = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;

/** Finds the end of a message body in a stream of buffers (RFC 9112 6.3). */
export class BodyReader {
  #mode = NONE;
  #remaining = 0;
  readonly #chunks = new ChunkScanner();

  none(): void {
    this.#mode = NONE;
  }

  length(bytes: number): void {
    this.#mode = bytes === 0 ? NONE : LENGTH;
    this.#remaining = bytes;
  }

  /** With `content`, the positions of the decoded content in each buffer are added to the list that it returns. */
  chunked(content = false): number[] | undefined {
    this.#mode = CHUNKED;
    this.#chunks.reset();
    this.#chunks.content = content ? [] : undefined;
    return this.#chunks.content;
  }

  untilClose(): void {
    this.#mode = UNTIL_CLOSE;
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
}
