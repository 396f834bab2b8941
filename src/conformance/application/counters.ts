/** What one pod's application has received, by who asked and what. */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(kind: 'http' | 'grpc' | 'tcp' | 'udp', line = ''): void {
    const key = line === '' ? kind : `${kind} ${line}`;
    // Whoever sends ever new targets must not fill the memory.
    if (this.#counts.has(key) || this.#counts.size < 1_000) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  clear(): void {
    this.#counts.clear();
  }

  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
