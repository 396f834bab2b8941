import { latin1 } from '../../codec/latin1.ts';
import { HeaderList } from '../header-list.ts';
import { BlockCache } from './block-cache.ts';
import { DynamicTable } from './dynamic-table.ts';
import { FieldLine, lineLike } from './field-line.ts';
import { decodeHuffman } from './huffman.ts';
import { staticLines } from './static-table.ts';

const STATIC_LINES = staticLines.length - 1;

export interface DecoderBounds {
  /** What SETTINGS_HEADER_TABLE_SIZE tells the peer. */
  readonly tableBytes: number;
  /** Of a list, as RFC 9113 6.5.2 counts; a larger list decodes to one that is `tooLarge` and incomplete. */
  readonly listBytes: number;
  readonly lines: number;
}

/** Decodes the header blocks of one direction of a connection (RFC 7541). */
export class HpackDecoder {
  readonly #bounds: DecoderBounds;
  readonly #table: DynamicTable;
  readonly #cache = new BlockCache();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  /** Of the block being decoded: whether it refers to the dynamic table or resizes it, and what it puts there. */
  #refers = false;
  #resized = false;
  #inserts: FieldLine[] = [];

  constructor(bounds: DecoderBounds) {
    this.#bounds = bounds;
    this.#table = new DynamicTable(bounds.tableBytes);
  }

  /**
   * The list of a block; undefined when the block is malformed, after which the connection cannot go on. The same bytes
   * give the same list as long as the dynamic table does not change.
   */
  decode(bytes: Buffer, start: number, end: number, endStream: boolean): HeaderList | undefined {
    const known = this.#cache.find(bytes, start, end, endStream, this.#table.inserted);
    if (known !== undefined) {
      for (const line of known.inserts) this.#insert(line);
      return known.list;
    }
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#refers = false;
    this.#resized = false;
    this.#inserts = [];
    const list = this.#list(endStream);
    const inserts = this.#inserts;
    if (list !== undefined && !this.#resized && (!this.#refers || inserts.length === 0)) {
      this.#cache.offer(bytes, start, end, { list, inserts, tableState: this.#refers ? this.#table.inserted : -1 });
    }
    return list;
  }

  #list(endStream: boolean): HeaderList | undefined {
    if (!this.#resizes()) return undefined;
    const { listBytes, lines: maxLines } = this.#bounds;
    const lines: FieldLine[] = [];
    let size = 0;
    let tooLarge = false;
    while (this.#at < this.#end) {
      const line = this.#line();
      if (line === undefined) return undefined;
      size += line.size;
      if (size > listBytes || lines.length === maxLines) tooLarge = true;
      else lines.push(line);
    }
    return new HeaderList(lines, endStream, tooLarge);
  }

  /** Changes of the table's size, which only the beginning of a block may have (RFC 7541 4.2). */
  #resizes(): boolean {
    while (this.#at < this.#end && (this.#bytes[this.#at]! & 0xe0) === 0x20) {
      const capacity = this.#integer(31);
      if (capacity < 0 || capacity > this.#bounds.tableBytes) return false;
      this.#table.resize(capacity);
      this.#resized = true;
      this.#cache.clear();
    }
    return true;
  }

  #line(): FieldLine | undefined {
    const first = this.#bytes[this.#at]!;
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(127));
    if ((first & 0x40) !== 0) {
      const line = this.#literal(63, false);
      if (line === undefined) return undefined;
      this.#inserts.push(line);
      this.#insert(line);
      return line;
    }
    // A change of the table's size is none of the representations of a line.
    return (first & 0x20) !== 0 ? undefined : this.#literal(15, (first & 0x10) !== 0);
  }

  #insert(line: FieldLine): void {
    // A line that is larger than the table empties it, which its serial numbers do not show.
    if (!this.#table.insert(line)) this.#cache.clear();
  }

  #indexed(index: number): FieldLine | undefined {
    if (index <= 0) return undefined;
    if (index <= STATIC_LINES) return staticLines[index];
    this.#refers = true;
    return this.#table.at(this.#table.inserted + STATIC_LINES - index);
  }

  #literal(mask: number, neverIndexed: boolean): FieldLine | undefined {
    const index = this.#integer(mask);
    if (index !== 0) {
      const named = this.#indexed(index);
      const value = named === undefined ? undefined : this.#text();
      return value === undefined ? undefined : lineLike(named!, value, neverIndexed);
    }
    const name = this.#text();
    const value = name === undefined ? undefined : this.#text();
    if (value === undefined) return undefined;
    return neverIndexed ? new FieldLine(name!, value, undefined, true) : new FieldLine(name!, value);
  }

  #text(): string | undefined {
    if (this.#at >= this.#end) return undefined;
    const coded = (this.#bytes[this.#at]! & 0x80) !== 0;
    const length = this.#integer(127);
    const start = this.#at;
    if (length < 0 || length > this.#end - start) return undefined;
    this.#at = start + length;
    return coded ? decodeHuffman(this.#bytes, start, this.#at) : latin1(this.#bytes, start, this.#at);
  }

  /** RFC 7541 5.1; -1 when it is incomplete or beyond 28 bits. */
  #integer(mask: number): number {
    let value = this.#bytes[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21 && this.#at < this.#end; shift += 7) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return -1;
  }
}
