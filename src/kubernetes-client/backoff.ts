import { setTimeout as delay } from 'node:timers/promises';

export interface BackoffLimits {
  /** In milliseconds. */
  readonly base: number;
  readonly max: number;
}

/** Waits longer with every failure, with jitter, so that clients that failed together do not come back together. */
export class Backoff {
  readonly #limits: BackoffLimits;
  #failures = 0;

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Resolves after the time is over or the signal aborts; `atLeast` is what the other side asked for, in milliseconds. */
  async wait(signal: AbortSignal, atLeast = 0): Promise<void> {
    const { base, max } = this.#limits;
    const longest = Math.min(max, base * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    const millis = Math.max(atLeast, longest * (0.5 + Math.random() / 2));
    await delay(millis, undefined, { signal }).catch(() => undefined);
  }
}
