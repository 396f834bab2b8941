import { type AddressRange, takeAddressRange } from './address-range.ts';

/** A few ranges of loopback addresses, lent to one user at a time: as many cases run at once as there are ranges. */
export class AddressPool {
  readonly #ranges: AddressRange[] = [];
  readonly #free: number[] = [];
  readonly #waiting: (() => void)[] = [];

  async fill(size: number): Promise<void> {
    for (let count = 0; count < size; count += 1) {
      const range = await takeAddressRange();
      this.#ranges.push(range);
      this.#free.push(range.base);
    }
  }

  async lend<T>(use: (base: number) => Promise<T>): Promise<T> {
    while (this.#free.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const base = this.#free.pop()!;
    try {
      return await use(base);
    } finally {
      this.#free.push(base);
      this.#waiting.shift()?.();
    }
  }

  release(): void {
    for (const range of this.#ranges) range.release();
  }
}
