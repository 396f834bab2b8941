import { limits } from '../limits.ts';
import { latin1 } from './latin1.ts';

export const INCOMPLETE = 0;
export const COMPLETE = 1;
export const TOO_LARGE = 2;
/** A lone CR or LF, or a NUL: certainly no head, however it goes on. */
export const BROKEN = 3;

/** Collects the bytes of a head until its empty line. In the common case the head is in one buffer and nothing is copied. */
export class HeadBuffer {
  /** The head's text, valid after `COMPLETE` up to `end`. */
  text = '';
  end = 0;
  /** Position in the last buffer just behind the head. */
  consumed = 0;

  get empty(): boolean {
    return this.text === '';
  }

  clear(): void {
    this.text = '';
  }

  add(bytes: Buffer, start: number, stop: number): number {
    const before = this.text.length;
    const taken = Math.min(stop, start + limits.headBytes + 4 - before);
    const piece = latin1(bytes, start, taken);
    this.text = before === 0 ? piece : this.text + piece;
    const found = this.text.indexOf('\r\n\r\n', before > 3 ? before - 3 : 0);
    if (found < 0) {
      if (broken(this.text, before)) return BROKEN;
      return this.text.length > limits.headBytes ? TOO_LARGE : INCOMPLETE;
    }
    this.end = found + 4;
    this.consumed = start + this.end - before;
    return this.end > limits.headBytes ? TOO_LARGE : COMPLETE;
  }
}

function broken(text: string, from: number): boolean {
  for (let at = Math.max(0, from - 1); at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 13) continue;
    if (code === 0) return true;
    if (code === 10 && text.charCodeAt(at - 1) !== 13) return true;
    if (code === 13 && at + 1 < text.length && text.charCodeAt(at + 1) !== 10) return true;
  }
  return false;
}
