import { limits } from '../limits.ts';
import type { Fields } from './message.ts';

const nothing: readonly Buffer[] = [];

/** Bytes that all bodies keep. */
let keptInAll = 0;

/** The body of one request: what came before there was a connection, and what is kept for another try. */
export class RequestBody {
  /** Whether all of it has come. */
  complete = false;
  trailers: Fields | undefined;
  #pieces: Buffer[] | undefined;
  #bytes = 0;
  /** Of `#bytes`, what is in `#pieces`. */
  #kept = 0;
  #forgotten = false;

  begin(): void {
    this.complete = false;
    this.trailers = undefined;
    this.#drop();
    this.#bytes = 0;
    this.#forgotten = false;
  }

  /** Whether everything that came so far is here, so that the request can be sent from its beginning. */
  get replayable(): boolean {
    return !this.#forgotten;
  }

  /** `sent`: it is on its way already, so that it is worth keeping only within the bound. */
  add(piece: Buffer, sent: boolean): void {
    if (this.#forgotten) return;
    this.#bytes += piece.length;
    if (sent && (this.#bytes > limits.replayBytes || keptInAll + piece.length > limits.replayBytesInAll)) {
      this.forget();
      return;
    }
    const kept = Buffer.from(piece);
    this.#kept += kept.length;
    keptInAll += kept.length;
    if (this.#pieces === undefined) this.#pieces = [kept];
    else this.#pieces.push(kept);
  }

  /** What came so far as one piece; undefined when there is nothing. It is kept only within the bound. */
  take(): Buffer | undefined {
    const pieces = this.#pieces ?? nothing;
    const all = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
    if (this.#bytes > limits.replayBytes || keptInAll > limits.replayBytesInAll) this.forget();
    return all;
  }

  /** The request will not be sent again. */
  forget(): void {
    this.#drop();
    this.#forgotten = this.#forgotten || this.#bytes > 0;
  }

  #drop(): void {
    keptInAll -= this.#kept;
    this.#kept = 0;
    this.#pieces = undefined;
  }
}
