import { performance } from 'node:perf_hooks';
import { limits } from './limits.ts';
import { type Tickable, tickMillis } from './ticker.ts';

/** Late ticks in a row before anything is refused: one long pause (a collection of garbage, a big configuration) is none. */
const patience = 3;
const steps = 10;

/** The share of the time since it was asked last in which the event loop had something to do, the processor or not. */
export type LoopUse = () => number;

/**
 * How much of the new work the process refuses because it cannot keep up: the event loop never rests, and comes late to its
 * timers, so that everything waits. Late because others have the processor is another matter: refusing would not
 * help. The share rises with every late tick and falls with every other; some is always let in.
 */
export class LoadShedding implements Tickable {
  #step = 0;
  #last: number | undefined;
  #late = 0;
  readonly #use: LoopUse;

  constructor(use: LoopUse = loopUse()) {
    this.#use = use;
  }

  /** Of new requests, from 0 to below 1. */
  get share(): number {
    return this.#step / steps;
  }

  tick(now: number): void {
    const delay = now - (this.#last ?? now - tickMillis) - tickMillis;
    this.#last = now;
    if (this.#use() < limits.loopBusyShare || delay <= limits.loopDelayMillis) {
      this.#late = 0;
      this.#step = Math.max(0, this.#step - 1);
      return;
    }
    this.#late++;
    if (this.#late > patience) this.#step = Math.min(steps - 1, this.#step + 1);
  }
}

function loopUse(): LoopUse {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
