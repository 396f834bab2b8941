/** A source of requests that can be made to wait. */
interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/** So many seconds' worth may come at once. */
const burstSeconds = 10;

/** Reads a client's requests only as fast as it may send them; what it sends faster waits on its side of the connection. */
export class RequestBudget {
  readonly #source: Pausable;
  readonly #perSecond: number;
  #left: number;
  #at = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Pausable, perSecond: number) {
    this.#source = source;
    this.#perSecond = perSecond;
    this.#left = perSecond * burstSeconds;
  }

  /** Counts a request; the source waits when it was the last for now, and otherwise goes on. */
  spend(): void {
    const now = performance.now();
    const earned = ((now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#left + earned, this.#perSecond * burstSeconds) - 1;
    this.#at = now;
    if (this.#timer !== undefined) return;
    if (this.#left >= 1) {
      this.#source.resume();
      return;
    }
    this.#source.pause();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#source.resume();
      },
      ((1 - this.#left) / this.#perSecond) * 1000,
    );
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
