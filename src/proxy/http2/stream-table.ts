const smallest = 16;

/**
 * The open streams of a connection by their ids. A `Map` to which entries come and go all the time makes tables that keep one
 * another, and through them the streams of the past, from the collection of young objects.
 */
export class StreamTable<S extends { readonly id: number }> {
  size = 0;
  #slots: (S | undefined)[] = new Array<S | undefined>(smallest).fill(undefined);
  #mask = smallest - 1;

  get(id: number): S | undefined {
    for (let slot = home(id) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const found = this.#slots[slot];
      if (found === undefined || found.id === id) return found;
    }
  }

  /** The id must not be there yet. */
  add(stream: S): void {
    if (++this.size * 2 > this.#slots.length) this.#grow();
    this.#put(stream);
  }

  delete(id: number): void {
    let slot = home(id) & this.#mask;
    while (this.#slots[slot]?.id !== id) {
      if (this.#slots[slot] === undefined) return;
      slot = (slot + 1) & this.#mask;
    }
    this.size--;
    this.#close(slot);
  }

  /** Those that are there now, whatever happens to them meanwhile. */
  all(): S[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Moves up what was put behind a slot only because that was taken. */
  #close(freed: number): void {
    const slots = this.#slots;
    let hole = freed;
    for (let slot = (hole + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const stream = slots[slot];
      if (stream === undefined) break;
      const wanted = home(stream.id) & this.#mask;
      if (((slot - wanted) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      slots[hole] = stream;
      hole = slot;
    }
    slots[hole] = undefined;
  }

  #put(stream: S): void {
    let slot = home(stream.id) & this.#mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = stream;
  }

  #grow(): void {
    const streams = this.all();
    this.#slots = new Array<S | undefined>(this.#slots.length * 2).fill(undefined);
    this.#mask = this.#slots.length - 1;
    for (const stream of streams) this.#put(stream);
  }
}

/** Ids of one side differ by two. */
function home(id: number): number {
  return id >>> 1;
}
