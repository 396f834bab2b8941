import { limits } from '../limits.ts';
import { characters, FIELD, TOKEN } from './characters.ts';

export type ChunkFault = 'bad-chunk' | 'bad-trailer';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER_NAME = 7;
const TRAILER_VALUE = 8;
const TRAILER_LF = 9;
const FINAL_LF = 10;

const CR = 13;
const LF = 10;

/** Trailers must not change how a message is framed, addressed or authorised (RFC 9110 6.5.1). */
export const forbiddenTrailers: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Finds content and trailers in a chunked body (RFC 9112 7.1). */
export class ChunkScanner {
  done = false;
  fault: ChunkFault | undefined;
  /** Start and end of each piece of content in the buffer that was scanned last. */
  readonly content: number[] = [];
  /** Lower-case names and values in turn. */
  readonly trailers: string[] = [];
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #count = 0;
  #name = '';
  #value = '';

  reset(): void {
    this.done = false;
    this.fault = undefined;
    this.content.length = 0;
    this.trailers.length = 0;
    this.#state = SIZE;
    this.#size = 0;
    this.#digits = 0;
    this.#count = 0;
    this.#name = '';
  }

  /** Scans from `start` to at most `end`; returns where it stopped: the end, behind the body, or at a fault. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    this.content.length = 0;
    while (at < end) {
      if (this.#state === DATA) {
        const taken = Math.min(this.#size, end - at);
        this.content.push(at, at + taken);
        at += taken;
        this.#size -= taken;
        if (this.#size === 0) this.#state = DATA_CR;
        continue;
      }
      if (!this.#step(bytes[at]!)) return at;
      at++;
      if (this.done) return at;
    }
    return at;
  }

  #step(code: number): boolean {
    switch (this.#state) {
      case SIZE:
        return this.#sizeDigit(code);
      case EXTENSION:
        if (code === CR) this.#state = SIZE_LF;
        else if ((characters[code]! & FIELD) === 0 || ++this.#count > limits.chunkExtensionBytes) return this.#bad();
        return true;
      case SIZE_LF:
        if (code !== LF) return this.#bad();
        this.#count = 0;
        this.#digits = 0;
        this.#state = this.#size === 0 ? TRAILER_START : DATA;
        return true;
      case DATA_CR:
        if (code !== CR) return this.#bad();
        this.#state = DATA_LF;
        return true;
      case DATA_LF:
        if (code !== LF) return this.#bad();
        this.#state = SIZE;
        return true;
      default:
        return this.#trailer(code);
    }
  }

  #sizeDigit(code: number): boolean {
    const digit = hexDigit(code);
    if (digit >= 0) {
      if (++this.#digits > 12) return this.#bad();
      this.#size = this.#size * 16 + digit;
      return true;
    }
    if (this.#digits === 0) return this.#bad();
    if (code === CR) this.#state = SIZE_LF;
    else if (code === 59) this.#state = EXTENSION;
    else return this.#bad();
    return true;
  }

  #trailer(code: number): boolean {
    if (++this.#count > limits.trailerBytes) return this.#bad('bad-trailer');
    switch (this.#state) {
      case TRAILER_START:
      case TRAILER_NAME:
        if ((characters[code]! & TOKEN) !== 0) {
          this.#name =
            this.#state === TRAILER_START ? String.fromCharCode(code) : this.#name + String.fromCharCode(code);
          this.#state = TRAILER_NAME;
        } else if (code === 58 && this.#state === TRAILER_NAME && !forbiddenTrailers.has(this.#name.toLowerCase())) {
          this.#state = TRAILER_VALUE;
          this.#value = '';
        } else if (code === CR && this.#state === TRAILER_START) {
          this.#state = FINAL_LF;
        } else {
          return this.#bad('bad-trailer');
        }
        return true;
      case TRAILER_VALUE:
        if (code === CR) {
          this.#state = TRAILER_LF;
          this.trailers.push(this.#name.toLowerCase(), this.#value.trim());
        } else if ((characters[code]! & FIELD) === 0) return this.#bad('bad-trailer');
        else this.#value += String.fromCharCode(code);
        return true;
      case TRAILER_LF:
        if (code !== LF) return this.#bad('bad-trailer');
        this.#state = TRAILER_START;
        return true;
      default:
        if (code !== LF) return this.#bad('bad-trailer');
        this.done = true;
        return true;
    }
  }

  #bad(fault: ChunkFault = 'bad-chunk'): false {
    this.fault = fault;
    return false;
  }
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}
