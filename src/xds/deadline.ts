/**
 * Calls back when something has been waited for too long. One timer serves many waits, one after the other: when it fires
 * it looks whether the wait that it was set for is still the oldest.
 */
export class Deadline {
  readonly #millis: number;
  readonly #since: () => number | undefined;
  readonly #onLate: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `since` tells when the oldest wait began; nothing while nothing is waited for. */
  constructor(millis: number, since: () => number | undefined, onLate: () => void) {
    this.#millis = millis;
    this.#since = since;
    this.#onLate = onLate;
  }

  /** To be called when a wait may have begun. */
  watch(): void {
    if (this.#timer !== undefined) return;
    const since = this.#since();
    if (since === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const oldest = this.#since();
        if (oldest !== undefined && Date.now() - oldest >= this.#millis) this.#onLate();
        else this.watch();
      },
      Math.max(since + this.#millis - Date.now(), 1),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
