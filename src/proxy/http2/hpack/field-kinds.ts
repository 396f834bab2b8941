import { characters, DIGIT, FIELD, HOST, TOKEN } from '../../codec/characters.ts';

/** What a field line means to a hop. Everything above `LAST_PSEUDO` is a regular field. */
export const METHOD = 0;
export const SCHEME = 1;
export const AUTHORITY = 2;
export const PATH = 3;
export const PROTOCOL = 4;
export const STATUS = 5;
export const LAST_PSEUDO = 5;
export const REGULAR = 6;
export const HOST_FIELD = 7;
export const CONTENT_LENGTH = 8;
export const COOKIE = 9;
/** For this hop only; `trailers` is its one value (RFC 9113 8.2.2). */
export const TE = 10;
/** `x-smi-*` and `x-forwarded-client-cert`: between proxies of the mesh, each of which writes them anew. */
export const MESH = 11;
/** A name or value that no message may have, or a field that only HTTP/1.1 connections have. */
export const MALFORMED = 12;

const COLON = 58;
const SP = 32;
const HT = 9;

/** The kind of a line; whatever RFC 9113 8.2 and 8.3 forbid for a single line makes it `MALFORMED`. */
export function kindOf(name: string, value: string): number {
  if (name.charCodeAt(0) === COLON) return pseudoKind(name, value);
  if (!isFieldName(name) || !isFieldValue(value)) return MALFORMED;
  return regularKind(name, value);
}

/** The kind of a line whose name is that of a line of this kind. */
export function kindLike(kind: number, name: string, value: string): number {
  return kind === REGULAR ? (isFieldValue(value) ? REGULAR : MALFORMED) : kindOf(name, value);
}

function pseudoKind(name: string, value: string): number {
  switch (name) {
    case ':method':
      return isOf(value, TOKEN) ? METHOD : MALFORMED;
    case ':scheme':
      return isOf(value, TOKEN) ? SCHEME : MALFORMED;
    case ':authority':
      return value === '' || isOf(value, HOST) ? AUTHORITY : MALFORMED;
    case ':path':
      return isTarget(value) ? PATH : MALFORMED;
    case ':protocol':
      return isOf(value, TOKEN) ? PROTOCOL : MALFORMED;
    case ':status':
      return value.length === 3 && isOf(value, DIGIT) && value >= '100' ? STATUS : MALFORMED;
    default:
      return MALFORMED;
  }
}

function regularKind(name: string, value: string): number {
  switch (name) {
    case 'te':
      return value === 'trailers' ? TE : MALFORMED;
    case 'host':
      return isOf(value, HOST) ? HOST_FIELD : MALFORMED;
    case 'cookie':
      return COOKIE;
    case 'content-length':
      return value.length <= 15 && isOf(value, DIGIT) ? CONTENT_LENGTH : MALFORMED;
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      return MALFORMED;
    case 'x-forwarded-client-cert':
      return MESH;
    default:
      return name.startsWith('x-smi-') ? MESH : REGULAR;
  }
}

function isOf(value: string, bit: number): boolean {
  for (let i = 0; i < value.length; i++) if ((characters[value.charCodeAt(i)]! & bit) === 0) return false;
  return value !== '';
}

function isFieldName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if ((characters[code]! & TOKEN) === 0 || (code >= 65 && code <= 90)) return false;
  }
  return name !== '';
}

/** RFC 9113 8.2.1, and no other control characters either: the next hop may be an HTTP/1.1 one. */
function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) if ((characters[value.charCodeAt(i)]! & FIELD) === 0) return false;
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === SP || code === HT;
}

function isTarget(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= SP || code === 127) return false;
  }
  return value.charCodeAt(0) === 47 || value === '*';
}
