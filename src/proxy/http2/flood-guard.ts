import { limits } from '../limits.ts';

/**
 * Tells a peer that makes work from one that does some. Frames that carry nothing and streams that come to nothing use up
 * allowances, which grow again with what is useful, and slowly with time (CVE-2019-9511 to 9518, CVE-2023-44487).
 */
export class FloodGuard {
  #frames: number = limits.http2IdleFrames;
  #resets: number = limits.http2Resets;
  #refilled: number;

  constructor(now: number) {
    this.#refilled = now;
  }

  /** PING, SETTINGS, WINDOW_UPDATE, PRIORITY, RST_STREAM, an unknown frame, or DATA without content; false when too many. */
  idleFrame(): boolean {
    return --this.#frames >= 0;
  }

  /** A stream was reset before its end, by the peer or because of what it sent; false when too many. */
  reset(): boolean {
    return --this.#resets >= 0;
  }

  /** Content went through; the peer rightly answers with updates of windows and measures round trips. */
  useful(frames: number): void {
    this.#frames = Math.min(this.#frames + frames, limits.http2IdleFrames);
  }

  /** A stream came to its proper end. */
  completed(): void {
    if (this.#resets < limits.http2Resets) this.#resets++;
    this.useful(8);
  }

  tick(now: number): void {
    const seconds = (now - this.#refilled) / 1_000;
    this.#refilled = now;
    this.#frames = Math.min(limits.http2IdleFrames, this.#frames + seconds * limits.http2IdleFramesPerSecond);
    this.#resets = Math.min(limits.http2Resets, this.#resets + seconds * limits.http2ResetsPerSecond);
  }
}
