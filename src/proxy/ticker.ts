import { TimerWheel } from './timer-wheel.ts';

/** What wants to look at the clock now and then. */
export interface Tickable {
  tick(now: number): void;
}

/** Between two looks at the clock. */
export const tickMillis = 250;

/** One coarse timer for what may be late by a quarter of a second, so that a request sets none; and the precise ones. */
export class Ticker {
  /** Milliseconds on the monotonic clock, as of the last tick. */
  now = performance.now();
  /** For deadlines that are configured. */
  readonly wheel = new TimerWheel();
  readonly #members = new Set<Tickable>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), tickMillis);
    this.#timer.unref();
  }

  add(member: Tickable): void {
    this.#members.add(member);
  }

  remove(member: Tickable): void {
    this.#members.delete(member);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#members.clear();
    this.wheel.stop();
  }

  #tick(): void {
    this.now = performance.now();
    for (const member of this.#members) member.tick(this.now);
  }
}
