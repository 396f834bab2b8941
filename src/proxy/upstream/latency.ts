import { limits } from '../limits.ts';

/** How fast one endpoint answers: rises at once with a slow answer, falls with time. Times in milliseconds. */
export class Latency {
  #estimate = 0;
  /** When `#estimate` was true; -1 before the first answer. */
  #at = -1;

  get known(): boolean {
    return this.#at >= 0;
  }

  /** The time to an answer's head. */
  answered(millis: number, now: number): void {
    const before = this.estimate(now);
    if (!this.known || millis >= before) this.#estimate = millis;
    else {
      const kept = Math.exp((this.#at - now) / limits.latencyDecayMillis);
      this.#estimate = this.#estimate * kept + millis * (1 - kept);
    }
    this.#at = now;
  }

  /** There was no answer: counts as a very slow one. */
  failed(now: number): void {
    this.answered(limits.failurePenaltyMillis, now);
  }

  /** Begins anew: what was known says nothing about now. */
  forget(): void {
    this.#estimate = 0;
    this.#at = -1;
  }

  /** What is to be expected; without new answers it falls, so that a slow endpoint is tried again after a while. */
  estimate(now: number): number {
    return this.#estimate * Math.exp((this.#at - now) / limits.latencyDecayMillis);
  }
}
