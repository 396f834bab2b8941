/**
 * The generic cell rate algorithm (ITU-T I.371) for one kind of key: `requests` in each `periodMillis`, spread evenly, and up
 * to `burst` more at once. It keeps one number for each of the `maxKeys` keys used last; who is forgotten starts afresh.
 */
export class RateLimiter {
  readonly #interval: number;
  readonly #tolerance: number;
  readonly #maxKeys: number;
  /** Key -> when it will have paid for everything that it was allowed, in the order of use. */
  readonly #paidAt = new Map<string, number>();

  constructor(requests: number, periodMillis: number, burst: number, maxKeys: number) {
    this.#interval = periodMillis / requests;
    // A fresh key may send a whole period's requests and the burst at once.
    this.#tolerance = (requests + burst - 1) * this.#interval;
    this.#maxKeys = maxKeys;
  }

  get keys(): number {
    return this.#paidAt.size;
  }

  /** 0 when a request may pass, else the milliseconds after which it might. */
  wait(key: string, now: number): number {
    const wait = Math.max(this.#paidAt.get(key) ?? 0, now) - this.#tolerance - now;
    // Sums of fractions: a billionth of an interval is no reason to refuse.
    return wait > this.#interval * 1e-9 ? wait : 0;
  }

  /** Counts a request that passes. */
  take(key: string, now: number): void {
    const paidAt = Math.max(this.#paidAt.get(key) ?? 0, now);
    this.#paidAt.delete(key);
    this.#paidAt.set(key, paidAt + this.#interval);
    if (this.#paidAt.size > this.#maxKeys) this.#forget();
  }

  /** The one that was used longest ago goes; it is most likely one that has paid. */
  #forget(): void {
    const [oldest] = this.#paidAt.keys();
    if (oldest !== undefined) this.#paidAt.delete(oldest);
  }
}
