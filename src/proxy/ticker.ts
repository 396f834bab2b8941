/** What wants to look at the clock now and then. */
export interface Tickable {
  tick(now: number): void;
}

/** Between two looks at the clock. */
export const tickMillis = 250;

/** One coarse timer for all deadlines of a proxy, so that a request sets none. */
export class Ticker {
  /** Milliseconds on the monotonic clock, as of the last tick. */
  now = performance.now();
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
  }

  #tick(): void {
    this.now = performance.now();
    for (const member of this.#members) member.tick(this.now);
  }
}
