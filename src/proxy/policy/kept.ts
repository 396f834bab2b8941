/** State by key that outlives changes of configuration as long as each of them asks for it. */
export class Kept<T> {
  #kept = new Map<string, T>();
  #asked = new Map<string, T>();

  get(key: string, create: () => T): T {
    let found = this.#asked.get(key) ?? this.#kept.get(key);
    found ??= create();
    this.#asked.set(key, found);
    return found;
  }

  /** All that the last complete configuration asked for. */
  get values(): readonly T[] {
    return [...this.#kept.values()];
  }

  /** A configuration is complete: what nobody asked for since the last one is forgotten. */
  commit(): void {
    this.#kept = this.#asked;
    this.#asked = new Map();
  }
}
