const buckets = 10;

/**
 * How many retries the requests of one service port may cause, over a sliding window of ten steps. It counts all requests
 * that went out and all retries; each policy brings its own share, so that services keep one count whatever their policies
 * differ in. Times are of the monotonic clock.
 */
export class RetryBudget {
  readonly #stepMillis: number;
  readonly #requests = new Float64Array(buckets);
  readonly #retries = new Float64Array(buckets);
  #totalRequests = 0;
  #totalRetries = 0;
  /** The current step, counted from the beginning of time. */
  #step = 0;
  #stepEnd = 0;
  #second = 0;
  #retriesInSecond = 0;

  constructor(windowMillis: number) {
    this.#stepMillis = Math.max(1, windowMillis / buckets);
  }

  /** A request went out for the first time. */
  request(now: number): void {
    if (now >= this.#stepEnd) this.#advance(now);
    this.#requests[this.#step % buckets]! += 1;
    this.#totalRequests++;
  }

  /**
   * Takes one retry, if so many are left: the retries of the window stay within `percent` of its requests, or those of the
   * current second within `minPerSecond`.
   */
  take(percent: number, minPerSecond: number, now: number): boolean {
    if (now >= this.#stepEnd) this.#advance(now);
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#retriesInSecond = 0;
    }
    const within = (this.#totalRetries + 1) * 100 <= percent * this.#totalRequests;
    if (!within && this.#retriesInSecond >= minPerSecond) return false;
    this.#retriesInSecond++;
    this.#retries[this.#step % buckets]! += 1;
    this.#totalRetries++;
    return true;
  }

  /** Forgets the steps that left the window. */
  #advance(now: number): void {
    const step = Math.floor(now / this.#stepMillis);
    for (let next = Math.max(this.#step + 1, step - buckets + 1); next <= step; next++) {
      const slot = next % buckets;
      this.#totalRequests -= this.#requests[slot]!;
      this.#totalRetries -= this.#retries[slot]!;
      this.#requests[slot] = 0;
      this.#retries[slot] = 0;
    }
    this.#step = step;
    this.#stepEnd = (step + 1) * this.#stepMillis;
  }
}
