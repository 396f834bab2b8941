import { kindLike, kindOf } from './field-kinds.ts';

/** Names whose values must not be guessed by trying what compresses well (RFC 7541 7.1.3). */
const sensitive = new Set(['authorization', 'proxy-authorization', 'set-cookie']);
/** A shorter cookie can be guessed. */
const guessableCookie = 20;

/**
 * One line of a header list. Lines are immutable and shared: a line of a dynamic table is the same object in every list
 * that refers to it, so what is found out about it once serves all of them.
 */
export class FieldLine {
  /** In lower case; one character for each octet, as in `value`. */
  readonly name: string;
  readonly value: string;
  /** See field-kinds.ts. */
  readonly kind: number;
  /** Travels as a never-indexed literal on every hop (RFC 7541 6.2.3). */
  readonly neverIndexed: boolean;
  /** For encoders: a hash of name and value, 0 when not known yet. */
  hash = 0;
  /** For encoders: index of the name in the static table, 0 when it has none, -1 when not known yet. */
  staticName = -1;
  /** For encoders: index of the line in the static table, 0 when it is not there. */
  staticLine = 0;

  constructor(name: string, value: string, kind = kindOf(name, value), neverIndexed = isSensitive(name, value)) {
    this.name = name;
    this.value = value;
    this.kind = kind;
    this.neverIndexed = neverIndexed;
  }

  /** RFC 7541 4.1. */
  get size(): number {
    return this.name.length + this.value.length + 32;
  }
}

/** A line with the name of another. */
export function lineLike(line: FieldLine, value: string, neverIndexed: boolean): FieldLine {
  const { name } = line;
  return new FieldLine(name, value, kindLike(line.kind, name, value), neverIndexed || isSensitive(name, value));
}

function isSensitive(name: string, value: string): boolean {
  return sensitive.has(name) || (name === 'cookie' && value.length < guessableCookie);
}
