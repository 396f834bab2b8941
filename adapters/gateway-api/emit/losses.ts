import type { Loss } from '../../../src/adapter/contract.ts';
import { uniqueOrigins } from '../../../src/model/origins.ts';

/** The losses of one unit, each once however many rules it is met for. */
export class LossList {
  readonly #found = new Map<string, Loss>();

  add(loss: Loss): void {
    const key = `${loss.feature} ${loss.text}`;
    const origins = [...(this.#found.get(key)?.origins ?? []), ...loss.origins];
    this.#found.set(key, { ...loss, origins: uniqueOrigins(origins) });
  }

  [Symbol.iterator](): Iterator<Loss> {
    return this.#found.values();
  }
}
