const chunkBytes = 4_096;

interface Chunk {
  readonly bytes: Buffer;
  length: number;
}

/** Octets that wait, copied from pieces of any size; small pieces share a chunk. */
export class PieceQueue {
  octets = 0;
  readonly #chunks: Chunk[] = [];
  /** What of the first chunk is gone. */
  #gone = 0;

  add(bytes: Buffer, start: number, end: number): void {
    const octets = end - start;
    this.octets += octets;
    let last = this.#chunks.at(-1);
    if (last === undefined || last.bytes.length - last.length < octets) {
      last = { bytes: Buffer.allocUnsafe(Math.max(octets, chunkBytes)), length: 0 };
      this.#chunks.push(last);
    }
    bytes.copy(last.bytes, last.length, start, end);
    last.length += octets;
  }

  /** The octets of the first chunk; undefined when there is none. */
  get first(): Buffer | undefined {
    const first = this.#chunks[0];
    return first?.bytes.subarray(this.#gone, first.length);
  }

  /** Removes the first octets, no more than `first` has. */
  remove(octets: number): void {
    const first = this.#chunks[0];
    if (first === undefined) return;
    this.octets -= octets;
    this.#gone += octets;
    if (this.#gone < first.length) return;
    this.#chunks.shift();
    this.#gone = 0;
  }
}
