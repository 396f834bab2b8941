import { hashText } from './hash.ts';

/** The key of a request that carries nothing to hash. */
export const NO_KEY = -1;

/** What a key can be read from. */
export interface KeySource {
  /** The value of a lower-case header name. */
  header(name: string): string | undefined;
  /** The address that the client's connection comes from. */
  readonly peerAddress: string;
}

export type HashOn = { readonly header: string } | { readonly cookie: string } | { readonly source: true };

/** Reads a request's key, 32 bits unsigned, or `NO_KEY`. */
export type KeyOf = (request: KeySource) => number;

export function compileKey(on: HashOn): KeyOf {
  if ('header' in on) return (request) => keyOf(request.header(on.header));
  if ('cookie' in on) return (request) => keyOf(cookieValue(request.header('cookie'), on.cookie));
  return (request) => keyOf(request.peerAddress);
}

function keyOf(text: string | undefined): number {
  return text === undefined || text === '' ? NO_KEY : hashText(text);
}

/** RFC 6265 4.2.1. Neither names nor values hold `;` or `,`, so that fields joined by a comma read as one. */
function cookieValue(field: string | undefined, name: string): string | undefined {
  if (field === undefined) return undefined;
  for (let at = field.indexOf(name); at >= 0; at = field.indexOf(name, at + 1)) {
    const end = at + name.length;
    if (field[end] === '=' && (at === 0 || ' ;,'.includes(field[at - 1]!))) return valueAt(field, end + 1);
  }
  return undefined;
}

function valueAt(field: string, start: number): string {
  let end = start;
  while (end < field.length && field[end] !== ';' && field[end] !== ',') end++;
  return field.slice(start, end).trim();
}
