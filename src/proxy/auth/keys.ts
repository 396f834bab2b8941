import { limits } from '../limits.ts';
import type { Tickable } from '../ticker.ts';
import { type KeySet, parseKeySet } from './key-set.ts';
import type { LoadKeys } from './load-keys.ts';

/** The keys of one issuer as they change. A set of keys keeps its object identity until it says something else. */
export interface Keys {
  /** Undefined when there are none, or none that are young enough. */
  current(): KeySet | undefined;
  /** Settles when they have been asked for once more, if that is allowed again by now. */
  refresh(): Promise<void>;
}

/** Keys that configuration brings. */
export function fixedKeys(keys: KeySet): Keys {
  return { current: () => keys, refresh: () => Promise.resolve() };
}

export interface LoadedKeysOptions {
  readonly load: LoadKeys;
  /** When they are loaded anew, in the background. */
  readonly cacheMillis: number;
  /** Milliseconds on the monotonic clock. */
  readonly now: () => number;
  /** For people; `undefined` when loading works (again). */
  readonly report: (failure: string | undefined) => void;
}

/**
 * Keys of a file or a URL: loaded when first ticked, anew when their time is over, and early when somebody asks, at most once in
 * `jwksRefreshMillis`. When loading fails the last ones stay for `jwksStaleMillis`, and the next try waits longer each time.
 */
export class LoadedKeys implements Keys, Tickable {
  readonly #options: LoadedKeysOptions;
  #text: string | undefined;
  #keys: KeySet | undefined;
  #loadedAt = 0;
  #loading: Promise<void> | undefined;
  #failures = 0;
  #nextTry = 0;

  constructor(options: LoadedKeysOptions) {
    this.#options = options;
  }

  current(): KeySet | undefined {
    return this.#options.now() - this.#loadedAt > limits.jwksStaleMillis ? undefined : this.#keys;
  }

  refresh(): Promise<void> {
    if (this.#loading !== undefined) return this.#loading;
    if (this.#options.now() < this.#nextTry) return Promise.resolve();
    this.#loading = this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  tick(now: number): void {
    if (this.#keys === undefined || now - this.#loadedAt >= this.#options.cacheMillis) void this.refresh();
  }

  async #load(): Promise<void> {
    const { load, now, report } = this.#options;
    const text = await load();
    const keys = text.ok ? (text.value === this.#text ? undefined : parseKeySet(text.value)) : text;
    if (keys?.ok === false) {
      const wait = Math.min(limits.jwksRetryMillis * 2 ** this.#failures, limits.jwksMaxRetryMillis);
      this.#failures++;
      this.#nextTry = now() + wait;
      report(keys.error);
      return;
    }
    if (keys !== undefined) this.#keys = keys.value;
    if (text.ok) this.#text = text.value;
    if (this.#failures > 0) report(undefined);
    this.#failures = 0;
    this.#loadedAt = now();
    this.#nextTry = this.#loadedAt + limits.jwksRefreshMillis;
  }
}
