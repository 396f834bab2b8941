import type { Fields } from '../http/message.ts';
import { limits } from '../limits.ts';
import { characters, FIELD, TOKEN } from './characters.ts';

/** What a field means to a hop; everything else is `OTHER` and passes through. */
const OTHER = 0;
export const HOST_FIELD = 1;
export const CONTENT_LENGTH = 2;
export const TRANSFER_ENCODING = 3;
export const CONNECTION = 4;
/** Keep-Alive, TE, Proxy-Connection and what Connection names: for this hop only (RFC 9110 7.6.1). */
export const HOP = 5;
export const EXPECT = 6;
/** For this hop as well. */
export const UPGRADE = 7;
/** `x-smi-*` and `x-forwarded-client-cert`: between proxies of the mesh, each of which writes them anew. */
const MESH = 8;

/** Fields that are not passed on, as bits of `FieldTable.seen`. */
export const dropped = (1 << HOP) | (1 << CONNECTION) | (1 << UPGRADE) | (1 << MESH);
const framing = (1 << HOST_FIELD) | (1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING);

export type FieldFault =
  | 'bad-field-name'
  | 'bad-field-value'
  | 'bare-cr-or-lf'
  | 'obsolete-folding'
  | 'space-before-colon'
  | 'too-many-fields';

const CR = 13;
const LF = 10;
const SP = 32;
const HT = 9;
const COLON = 58;
const LOWER_X = 120;

/** Positions of the fields of one head in its text. One table serves a connection: it is filled anew for each head. */
export class FieldTable implements Fields {
  text = '';
  count = 0;
  /** Start of name, colon, start of value, end of value; four for each field. */
  readonly spans = new Int32Array(limits.headers * 4);
  readonly kinds = new Uint8Array(limits.headers);
  /** Whether any field is not `OTHER`, as bits `1 << kind`. */
  seen = 0;

  name(index: number): string {
    return this.text.slice(this.spans[index * 4], this.spans[index * 4 + 1]);
  }

  value(index: number): string {
    return this.text.slice(this.spans[index * 4 + 2], this.spans[index * 4 + 3]);
  }

  lookup(name: string): string | undefined {
    return this.#joined(name, dropped);
  }

  lookupMesh(name: string): string | undefined {
    return (this.seen & (1 << MESH)) === 0 ? undefined : this.#joined(name, ~(1 << MESH));
  }

  each(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.count; i++) {
      if (((dropped | framing) & (1 << this.kinds[i]!)) === 0) visit(this.name(i).toLowerCase(), this.value(i));
    }
  }

  /** `without`: kinds that do not count, as bits. */
  #joined(name: string, without: number): string | undefined {
    let found: string | undefined;
    for (let i = 0; i < this.count; i++) {
      const start = this.spans[i * 4]!;
      if (this.spans[i * 4 + 1]! - start !== name.length || !sameName(this.text, start, name)) continue;
      if ((without & (1 << this.kinds[i]!)) !== 0) continue;
      found = found === undefined ? this.value(i) : `${found},${this.value(i)}`;
    }
    return found;
  }
}

/** Compares a field name, whose characters are known to be token characters, with a lower-case name of equal length. */
export function sameName(text: string, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const code = text.charCodeAt(start + i);
    const folded = code >= 65 && code <= 90 ? code | 32 : code;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}

function kindOf(text: string, start: number, length: number): number {
  if ((text.charCodeAt(start) | 32) === LOWER_X) return isMesh(text, start, length) ? MESH : OTHER;
  switch (length) {
    case 2:
      return sameName(text, start, 'te') ? HOP : OTHER;
    case 4:
      return sameName(text, start, 'host') ? HOST_FIELD : OTHER;
    case 6:
      return sameName(text, start, 'expect') ? EXPECT : OTHER;
    case 7:
      return sameName(text, start, 'upgrade') ? UPGRADE : OTHER;
    case 10:
      return sameName(text, start, 'connection') ? CONNECTION : sameName(text, start, 'keep-alive') ? HOP : OTHER;
    case 14:
      return sameName(text, start, 'content-length') ? CONTENT_LENGTH : OTHER;
    case 16:
      return sameName(text, start, 'proxy-connection') ? HOP : OTHER;
    case 17:
      return sameName(text, start, 'transfer-encoding') ? TRANSFER_ENCODING : OTHER;
    default:
      return OTHER;
  }
}

function isMesh(text: string, start: number, length: number): boolean {
  return length === 23
    ? sameName(text, start, 'x-forwarded-client-cert') || sameName(text, start, 'x-smi-')
    : length > 6 && sameName(text, start, 'x-smi-');
}

/**
 * Reads field lines from `position` up to the empty line that ends at `end`. Strict where parsers differ (RFC 9112 5.1,
 * 5.2, 2.2): no folding, no space before the colon, every line ends with CR LF, no other control characters.
 */
export function parseFields(text: string, position: number, end: number, table: FieldTable): FieldFault | undefined {
  const { spans, kinds } = table;
  table.text = text;
  let count = 0;
  let seen = 0;
  const last = end - 2;
  let at = position;
  while (at < last) {
    if (count === limits.headers) return 'too-many-fields';
    const nameStart = at;
    let code = text.charCodeAt(at);
    while ((characters[code]! & TOKEN) !== 0) code = text.charCodeAt(++at);
    if (code !== COLON || at === nameStart) return nameFault(code, at === nameStart);
    const colon = at;
    code = text.charCodeAt(++at);
    while (code === SP || code === HT) code = text.charCodeAt(++at);
    const valueStart = at;
    while ((characters[code]! & FIELD) !== 0) code = text.charCodeAt(++at);
    if (code !== CR) return code === LF ? 'bare-cr-or-lf' : 'bad-field-value';
    if (text.charCodeAt(at + 1) !== LF) return 'bare-cr-or-lf';
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
    const kind = kindOf(text, nameStart, colon - nameStart);
    const slot = count * 4;
    spans[slot] = nameStart;
    spans[slot + 1] = colon;
    spans[slot + 2] = valueStart;
    spans[slot + 3] = valueEnd;
    kinds[count++] = kind;
    seen |= 1 << kind;
    at += 2;
  }
  table.count = count;
  table.seen = seen;
  return undefined;
}

function isBlank(code: number): boolean {
  return code === SP || code === HT;
}

function nameFault(code: number, atStart: boolean): FieldFault {
  if (code === CR || code === LF) return 'bare-cr-or-lf';
  if (code === SP || code === HT) return atStart ? 'obsolete-folding' : 'space-before-colon';
  return 'bad-field-name';
}
