/** What is open and looks at the clock now and then. */
export interface OpenRequest {
  /** Where it stands in the list; -1 when it is in none. */
  place: number;
  tick(now: number): void;
}

/**
 * The requests that a connection has under way. Not a Set: one that lives long holds what has left it until it is filled
 * up, so that every finished request would outlive the young generation of the heap.
 */
export class OpenRequests {
  readonly #list: OpenRequest[] = [];

  add(request: OpenRequest): void {
    request.place = this.#list.length;
    this.#list.push(request);
  }

  remove(request: OpenRequest): void {
    const { place } = request;
    if (place < 0) return;
    const last = this.#list.pop()!;
    if (last !== request) {
      this.#list[place] = last;
      last.place = place;
    }
    request.place = -1;
  }

  /** Requests may end meanwhile. */
  tick(now: number): void {
    for (let i = this.#list.length - 1; i >= 0; i--) this.#list[i]?.tick(now);
  }
}
