import type { FieldLine } from './field-line.ts';

const entryOverhead = 32;

/**
 * The dynamic table of one direction of a connection (RFC 7541 2.3.2, 4). Each line has a serial number that never
 * changes; an index counts back from the newest.
 */
export class DynamicTable {
  /** How many lines were ever inserted: the serial number of the next one. */
  inserted = 0;
  /** Serial number of the oldest line that is still there. */
  oldest = 0;
  capacity: number;
  size = 0;
  readonly mask: number;
  readonly #lines: (FieldLine | undefined)[];

  /** `maxCapacity` bytes are the most that `resize` may be asked for. */
  constructor(maxCapacity: number) {
    this.capacity = maxCapacity;
    const lines = 2 ** Math.ceil(Math.log2(Math.max(1, maxCapacity / entryOverhead)));
    this.mask = lines - 1;
    this.#lines = new Array<FieldLine | undefined>(lines).fill(undefined);
  }

  /** Whether a line fits; one that does not leaves the table empty (RFC 7541 4.4). */
  insert(line: FieldLine): boolean {
    const { size } = line;
    this.#evict(this.capacity - size);
    if (size > this.capacity) return false;
    this.#lines[this.inserted++ & this.mask] = line;
    this.size += size;
    return true;
  }

  at(serial: number): FieldLine | undefined {
    return serial >= this.oldest && serial < this.inserted ? this.#lines[serial & this.mask] : undefined;
  }

  resize(capacity: number): void {
    this.capacity = capacity;
    this.#evict(capacity);
  }

  #evict(most: number): void {
    while (this.size > most && this.oldest < this.inserted) {
      const slot = this.oldest++ & this.mask;
      this.size -= this.#lines[slot]!.size;
      this.#lines[slot] = undefined;
    }
  }
}
