import { limits } from '../limits.ts';

/** Below this, in milliseconds, nothing is left of a penalty. */
const forgiven = 1;

/** How fast one endpoint answers: rises at once with a slow answer, falls with time. Times in milliseconds. */
export class Latency {
  #estimate = 0;
  /** When `#estimate` was true; -1 before the first answer. */
  #at = -1;
  /** When a request last went without an answer; -1 when that is forgiven. */
  #failedAt = -1;

  /** The time to an answer's head. */
  answered(millis: number, now: number): void {
    const before = this.#faded(now);
    if (this.#at < 0 || millis >= before) this.#estimate = millis;
    else {
      const kept = Math.exp((this.#at - now) / limits.latencyDecayMillis);
      this.#estimate = this.#estimate * kept + millis * (1 - kept);
    }
    this.#at = now;
  }

  /** There was no answer: for a while it counts as very slow. */
  failed(now: number): void {
    this.#failedAt = now;
  }

  /** Begins anew: what was known says nothing about now. */
  forget(): void {
    this.#estimate = 0;
    this.#at = -1;
    this.#failedAt = -1;
  }

  /**
   * What is to be expected; negative when nothing is known. Without new answers it falls, so that a slow endpoint is tried
   * again after a while.
   */
  estimate(now: number): number {
    const penalty = this.#failedAt < 0 ? 0 : this.#penalty(now);
    if (this.#at < 0) return penalty > 0 ? penalty : -1;
    return this.#faded(now) + penalty;
  }

  /** The same without what failures added. */
  usual(now: number): number {
    return this.#at < 0 ? -1 : this.#faded(now);
  }

  #faded(now: number): number {
    return this.#estimate * Math.exp((this.#at - now) / limits.latencyDecayMillis);
  }

  #penalty(now: number): number {
    const left = limits.failurePenaltyMillis * Math.exp((this.#failedAt - now) / limits.penaltyDecayMillis);
    if (left >= forgiven) return left;
    this.#failedAt = -1;
    return 0;
  }
}
