import type { HeaderEdits } from '../http/header-edits.ts';
import { characters, DIGIT } from './characters.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  dropped,
  type FieldTable,
  HOP,
  HOST_FIELD,
  sameName,
  TRANSFER_ENCODING,
  UPGRADE,
} from './fields.ts';

export type FramingFault = 'both-lengths' | 'repeated-length' | 'bad-length' | 'bad-transfer-coding' | 'bad-connection';

/** How the body of a message is delimited and whether its connection goes on (RFC 9112 6.3, 9.3). */
export class Framing {
  /** -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  /** Whether Connection says `close` or `keep-alive`. */
  close = false;
  keepAlive = false;
  /** Whether Connection names Upgrade. */
  upgrade = false;

  /** Reads the fields that concern framing; fields named by Connection become fields of this hop. */
  read(table: FieldTable, http11: boolean): FramingFault | undefined {
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    const { seen, kinds } = table;
    if ((seen & ((1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING) | (1 << CONNECTION))) === 0) return undefined;
    for (let i = 0; i < table.count; i++) {
      const kind = kinds[i];
      let fault: FramingFault | undefined;
      if (kind === CONTENT_LENGTH) fault = this.#length(table, i);
      else if (kind === TRANSFER_ENCODING) fault = this.#coding(table, i, http11);
      else if (kind === CONNECTION) fault = this.#connection(table, i);
      if (fault !== undefined) return fault;
    }
    return this.chunked && this.contentLength >= 0 ? 'both-lengths' : undefined;
  }

  #length(table: FieldTable, index: number): FramingFault | undefined {
    if (this.contentLength >= 0) return 'repeated-length';
    const start = table.spans[index * 4 + 2]!;
    const end = table.spans[index * 4 + 3]!;
    if (end === start || end - start > 15) return 'bad-length';
    let length = 0;
    for (let at = start; at < end; at++) {
      const code = table.text.charCodeAt(at);
      if ((characters[code]! & DIGIT) === 0) return 'bad-length';
      length = length * 10 + code - 48;
    }
    this.contentLength = length;
    return undefined;
  }

  #coding(table: FieldTable, index: number, http11: boolean): FramingFault | undefined {
    if (this.chunked || !http11 || table.value(index).toLowerCase() !== 'chunked') return 'bad-transfer-coding';
    this.chunked = true;
    return undefined;
  }

  #connection(table: FieldTable, index: number): FramingFault | undefined {
    const start = table.spans[index * 4 + 2]!;
    const length = table.spans[index * 4 + 3]! - start;
    if (length === 5 && sameName(table.text, start, 'close')) {
      this.close = true;
      return undefined;
    }
    if (length === 10 && sameName(table.text, start, 'keep-alive')) {
      this.keepAlive = true;
      return undefined;
    }
    for (const part of table.value(index).toLowerCase().split(',')) {
      const option = part.trim();
      if (option === 'close') this.close = true;
      else if (option === 'keep-alive') this.keepAlive = true;
      else if (option === 'upgrade') this.upgrade = true;
      else if (option !== '' && !nominate(table, option)) return 'bad-connection';
    }
    return undefined;
  }
}

/** Makes fields of this hop of those with the name; false for one that frames or addresses the message. */
function nominate(table: FieldTable, name: string): boolean {
  for (let i = 0; i < table.count; i++) {
    const start = table.spans[i * 4]!;
    if (table.spans[i * 4 + 1]! - start !== name.length || !sameName(table.text, start, name)) continue;
    const kind = table.kinds[i];
    if (kind === HOST_FIELD || kind === CONTENT_LENGTH || kind === TRANSFER_ENCODING) return false;
    if (kind !== CONNECTION && kind !== UPGRADE) {
      table.kinds[i] = HOP;
      table.seen |= 1 << HOP;
    }
  }
  return true;
}

/** The field lines that go to the next hop, each with its CR LF, as they were written but for what `edits` removes. */
export function endToEndFields(table: FieldTable, start: number, end: number, edits?: HeaderEdits): string {
  const { seen, kinds, spans, text } = table;
  const removes = edits?.removesAny === true;
  if ((seen & dropped) === 0 && !removes) return text.slice(start, end);
  let out = '';
  let runStart = start;
  for (let i = 0; i < table.count; i++) {
    if ((dropped & (1 << kinds[i]!)) === 0 && !(removes && edits.removes(table.name(i).toLowerCase()))) continue;
    const lineStart = spans[i * 4]!;
    if (lineStart > runStart) out += text.slice(runStart, lineStart);
    runStart = i + 1 < table.count ? spans[(i + 1) * 4]! : end;
  }
  return runStart < end ? out + text.slice(runStart, end) : out;
}
