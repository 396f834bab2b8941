/** Who wants to hear of changes; several of one turn of the event loop are told together. */
export class Watchers {
  readonly #watchers = new Set<() => void>();
  #told = false;

  /** Until the returned function is called. */
  add(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  changed(): void {
    if (this.#told || this.#watchers.size === 0) return;
    this.#told = true;
    setImmediate(() => {
      this.#told = false;
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  clear(): void {
    this.#watchers.clear();
  }
}
