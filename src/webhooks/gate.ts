export type Leave = () => void;

/** Lets so many callers in at once; a bounded number of others wait their turn for a bounded time. */
export class Gate {
  #free: number;
  readonly #waiting: ((leave: Leave) => void)[] = [];
  readonly #most: number;
  readonly #patience: number;

  /** `patience` in milliseconds. */
  constructor(concurrency: number, mostWaiting: number, patience: number) {
    this.#free = concurrency;
    this.#most = mostWaiting;
    this.#patience = patience;
  }

  /** Resolves to what is to be called at the end, once, or to nothing when too many wait or it took too long. */
  enter(): Promise<Leave | undefined> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(this.#leave);
    }
    if (this.#waiting.length >= this.#most) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const admit = (leave: Leave): void => {
        clearTimeout(timer);
        resolve(leave);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(admit), 1);
        resolve(undefined);
      }, this.#patience);
      this.#waiting.push(admit);
    });
  }

  readonly #leave = (): void => {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next(this.#leave);
  };
}
