import type { HeaderList } from '../header-list.ts';
import type { FieldLine } from './field-line.ts';

const slots = 32;
const maxBytes = 512;

/** What a block came to. */
export interface KnownBlock {
  readonly list: HeaderList;
  /** The lines that it puts into the dynamic table. */
  readonly inserts: readonly FieldLine[];
  /** How many lines had been inserted into the dynamic table, or -1 when the block does not refer to it. */
  readonly tableState: number;
}

interface Slot extends KnownBlock {
  readonly bytes: Uint8Array;
}

/** Lists of whole header blocks that came before: most requests of a client differ in little from one another. */
export class BlockCache {
  #slots: (Slot | undefined)[] | undefined;
  /** The hash of the block that was seen last for each slot: only what repeats is kept. */
  #seen: Int32Array | undefined;
  #hash = 0;

  find(bytes: Uint8Array, start: number, end: number, endStream: boolean, inserted: number): KnownBlock | undefined {
    if (end - start > maxBytes) return undefined;
    this.#hash = hashOf(bytes, start, end, endStream ? 1 : 2);
    const slot = this.#slots?.[this.#hash & (slots - 1)];
    if (slot === undefined || slot.list.endStream !== endStream) return undefined;
    if (slot.tableState !== inserted && slot.tableState !== -1) return undefined;
    return sameBytes(slot.bytes, bytes, start, end) ? slot : undefined;
  }

  /** For a block that `find` has just not found. */
  offer(bytes: Uint8Array, start: number, end: number, block: KnownBlock): void {
    if (end - start > maxBytes) return;
    this.#seen ??= new Int32Array(slots);
    const index = this.#hash & (slots - 1);
    if (this.#seen[index] === this.#hash) {
      this.#slots ??= new Array<Slot | undefined>(slots).fill(undefined);
      this.#slots[index] = { bytes: new Uint8Array(bytes.subarray(start, end)), ...block };
    }
    this.#seen[index] = this.#hash;
  }

  /** Indexes may mean other lines from now on. */
  clear(): void {
    this.#slots = undefined;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function sameBytes(kept: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (kept.length !== length) return false;
  for (let i = 0; i < length; i++) if (kept[i] !== bytes[start + i]) return false;
  return true;
}
