import { DynamicTable } from './dynamic-table.ts';
import type { FieldLine } from './field-line.ts';
import { staticLines, staticNames } from './static-table.ts';

const STATIC_LINES = staticLines.length - 1;
const buckets = 256;
const recentLines = 128;
/** Longer texts are told apart by their ends only. */
const hashedEnd = 48;
/** Shorter texts are written character by character, which is cheaper than a call into the runtime. */
const shortText = 24;

let scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * Encodes header lists of one direction of a connection (RFC 7541). A line enters the dynamic table when it is seen for
 * the second time within a short while, so that values of single requests do not displace those that repeat. Strings
 * are literal octets: Huffman coding would save a fifth of the rare ones that are not indexed, and costs more time than
 * all the rest.
 *
 * Usage: `begin`, `add` for each line, then `bytes` up to `length`, which are valid until the next `begin` of any encoder.
 */
export class HpackEncoder {
  /** Octets of the block so far. */
  length = 0;
  readonly #table: DynamicTable;
  readonly #maxCapacity: number;
  /** Serial number, plus one, of the newest line in each bucket of the hash; 0 is none. */
  readonly #heads = new Float64Array(buckets);
  /** The same for the next older line in the bucket, by slot of the table. */
  readonly #older: Float64Array;
  readonly #recent = new Int32Array(recentLines);
  /** The smallest size of the table since the last block, -1 when it has not changed. */
  #shrunk = -1;

  constructor(maxCapacity: number) {
    this.#maxCapacity = maxCapacity;
    this.#table = new DynamicTable(maxCapacity);
    this.#older = new Float64Array(this.#table.mask + 1);
    // Until the peer's settings arrive its table has the initial size (RFC 9113 6.5.2).
    this.#table.resize(Math.min(maxCapacity, 4096));
  }

  get bytes(): Buffer {
    return scratch;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    const capacity = Math.min(bytes, this.#maxCapacity);
    if (capacity === this.#table.capacity) return;
    this.#shrunk = this.#shrunk < 0 ? capacity : Math.min(this.#shrunk, capacity);
    this.#table.resize(capacity);
  }

  begin(): void {
    this.length = 0;
    if (this.#shrunk < 0) return;
    // Both the least and the last size are told (RFC 7541 4.2).
    if (this.#shrunk < this.#table.capacity) this.#integer(0x20, 31, this.#shrunk);
    this.#integer(0x20, 31, this.#table.capacity);
    this.#shrunk = -1;
  }

  add(line: FieldLine): void {
    if (line.staticName < 0) findStatic(line);
    if (this.length + line.name.length + line.value.length + 32 > scratch.length) this.#grow(line.size);
    if (line.staticLine > 0) scratch[this.length++] = 0x80 | line.staticLine;
    else if (line.neverIndexed) this.#literal(0x10, 15, line);
    else this.#indexable(line);
  }

  #indexable(line: FieldLine): void {
    if (line.hash === 0) line.hash = hashOf(line);
    const { hash } = line;
    const table = this.#table;
    const serial = this.#find(line, hash);
    if (serial >= 0) {
      this.#integer(0x80, 127, STATIC_LINES + table.inserted - serial);
    } else if (this.#recent[hash & (recentLines - 1)] === hash && line.size <= table.capacity / 2) {
      this.#literal(0x40, 63, line);
      this.#insert(line, hash);
    } else {
      this.#recent[hash & (recentLines - 1)] = hash;
      this.#literal(0, 15, line);
    }
  }

  #find(line: FieldLine, hash: number): number {
    const table = this.#table;
    let serial = this.#heads[hash & (buckets - 1)]! - 1;
    while (serial >= table.oldest) {
      const found = table.at(serial)!;
      if (found === line || (found.hash === hash && found.value === line.value && found.name === line.name))
        return serial;
      serial = this.#older[serial & table.mask]! - 1;
    }
    return -1;
  }

  #insert(line: FieldLine, hash: number): void {
    const table = this.#table;
    const serial = table.inserted;
    if (!table.insert(line)) return;
    const bucket = hash & (buckets - 1);
    this.#older[serial & table.mask] = this.#heads[bucket]!;
    this.#heads[bucket] = serial + 1;
  }

  #literal(pattern: number, mask: number, line: FieldLine): void {
    this.#integer(pattern, mask, line.staticName);
    if (line.staticName === 0) this.#text(line.name);
    this.#text(line.value);
  }

  #text(text: string): void {
    const { length } = text;
    this.#integer(0, 127, length);
    let at = this.length;
    if (length > shortText) at += scratch.write(text, at, length, 'latin1');
    else for (let i = 0; i < length; i++) scratch[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** RFC 7541 5.1. */
  #integer(pattern: number, mask: number, value: number): void {
    if (value < mask) {
      scratch[this.length++] = pattern | value;
      return;
    }
    scratch[this.length++] = pattern | mask;
    let rest = value - mask;
    while (rest > 127) {
      scratch[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    scratch[this.length++] = rest;
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow((this.length + more) * 2);
    scratch.copy(larger, 0, 0, this.length);
    scratch = larger;
  }
}

function findStatic(line: FieldLine): void {
  const first = staticNames.get(line.name) ?? 0;
  line.staticName = first;
  if (first === 0) return;
  for (let index = first; staticLines[index]?.name === line.name; index++) {
    if (staticLines[index]!.value === line.value && !line.neverIndexed) line.staticLine = index;
  }
}

/** Never 0. */
function hashOf({ name, value }: FieldLine): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  const { length } = value;
  const first = length > 2 * hashedEnd ? hashedEnd : length;
  for (let i = 0; i < first; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  if (first < length) {
    hash ^= length;
    for (let i = length - hashedEnd; i < length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  }
  hash ^= hash >>> 15;
  return hash | 1;
}
