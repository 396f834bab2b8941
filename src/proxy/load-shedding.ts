import { limits } from './limits.ts';
import { type Tickable, tickMillis } from './ticker.ts';

/** Late ticks in a row before anything is refused: one long pause (a collection of garbage, a big configuration) is none. */
const patience = 3;
const steps = 10;

/**
 * How much of the new work the process refuses because it cannot keep up: the event loop comes late to its timers, so
 * that everything waits. The share rises with every late tick and falls with every one in time; some is always let in.
 */
export class LoadShedding implements Tickable {
  #step = 0;
  #last: number | undefined;
  #late = 0;

  /** Of new requests, from 0 to below 1. */
  get share(): number {
    return this.#step / steps;
  }

  tick(now: number): void {
    const delay = now - (this.#last ?? now - tickMillis) - tickMillis;
    this.#last = now;
    if (delay <= limits.loopDelayMillis) {
      this.#late = 0;
      this.#step = Math.max(0, this.#step - 1);
      return;
    }
    this.#late++;
    if (this.#late > patience) this.#step = Math.min(steps - 1, this.#step + 1);
  }
}
