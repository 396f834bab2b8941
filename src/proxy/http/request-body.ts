import { limits } from '../limits.ts';
import type { Fields } from './message.ts';

const nothing: readonly Buffer[] = [];

/** The body of one request: what came before there was a connection, and what is kept for another try. */
export class RequestBody {
  /** Whether all of it has come. */
  complete = false;
  trailers: Fields | undefined;
  #pieces: Buffer[] | undefined;
  #bytes = 0;
  #forgotten = false;

  begin(): void {
    this.complete = false;
    this.trailers = undefined;
    this.#pieces = undefined;
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
    if (sent && this.#bytes > limits.replayBytes) {
      this.forget();
      return;
    }
    const kept = Buffer.from(piece);
    if (this.#pieces === undefined) this.#pieces = [kept];
    else this.#pieces.push(kept);
  }

  /** What came so far as one piece; undefined when there is nothing. It is kept only within the bound. */
  take(): Buffer | undefined {
    const pieces = this.#pieces ?? nothing;
    const all = pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
    if (this.#bytes > limits.replayBytes) this.forget();
    return all;
  }

  /** The request will not be sent again. */
  forget(): void {
    this.#pieces = undefined;
    this.#forgotten = this.#forgotten || this.#bytes > 0;
  }
}
