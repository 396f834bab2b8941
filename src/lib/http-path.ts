import { err, ok, type Result } from './result.ts';

/** Why a request target has no normal form; such a request is answered 400. */
export type PathFault =
  | 'not-origin-form'
  | 'bad-octet'
  | 'bad-percent'
  | 'escaped-slash'
  | 'escaped-nul'
  | 'fragment'
  | 'dot-parameter'
  | 'only-slashes';

export interface NormalPath {
  /** Starts with `/`; used for matching and for forwarding. */
  readonly path: string;
  /** With its `?`, or empty; untouched. */
  readonly query: string;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const QUESTION = 0x3f;

/** What an octet of a path means to the scan. */
const PLAIN = 0;
const SPECIAL = 1;
/** Allowed by RFC 3986 in no path, yet sent by browsers; written as percent escapes in the normal form. */
const ESCAPED = 2;
const FORBIDDEN = 3;

const classOf = octetTable((octet) => {
  if (octet <= 0x20 || octet >= 0x7f || octet === 0x23) return FORBIDDEN;
  const text = String.fromCharCode(octet);
  if ('/\\%?'.includes(text)) return SPECIAL;
  return '"<>^`{|}'.includes(text) ? ESCAPED : PLAIN;
});

/** Escapes that a normal path may contain: not those of unreserved octets, of a slash, a backslash or NUL. */
const mayStayEscaped = octetTable((octet) =>
  octet === 0 || octet === SLASH || octet === 0x5c || /[A-Za-z0-9._~-]/.test(String.fromCharCode(octet)) ? 0 : 1,
);

function octetTable(entryOf: (octet: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => entryOf(octet));
}

/**
 * The one normal form of a request path: unreserved octets decoded, dot segments and repeated slashes resolved, backslash
 * a slash. Equal to what Envoy does with `normalize_path`, `merge_slashes` and rejected escaped slashes, and with the
 * routes of the Envoy adapter that refuse what Envoy lets through. The target is in origin form (RFC 9112 section
 * 3.2.1), each octet one UTF-16 code unit. A plain target costs one scan and no copy of its path.
 */
export function normalizePath(target: string): Result<NormalPath, PathFault> {
  const plainEnd = normalEnd(target);
  if (plainEnd === target.length) return ok({ path: target, query: '' });
  if (plainEnd >= 0) return ok({ path: target.slice(0, plainEnd), query: target.slice(plainEnd) });
  const octets = checkOctets(target);
  if (octets !== undefined) return err(octets);
  if (target.charCodeAt(0) !== SLASH) return err('not-origin-form');
  const question = target.indexOf('?');
  const end = question < 0 ? target.length : question;
  const raw = target.slice(0, end);
  if (/%(?:2f|5c)/i.test(raw)) return err('escaped-slash');
  if (raw.includes('%00')) return err('escaped-nul');
  const path = resolveSegments(raw.slice(1).split(/[/\\]/));
  const fault = checkNormal(path);
  return fault === undefined ? ok({ path, query: target.slice(end) }) : err(fault);
}

/** Where the path of a target in plain normal form ends, or -1. */
function normalEnd(target: string): number {
  if (target.charCodeAt(0) !== SLASH) return -1;
  let afterSlash = true;
  for (let index = 1; index < target.length; index++) {
    const octet = target.charCodeAt(index);
    const kind = octet > 0xff ? FORBIDDEN : classOf[octet];
    if (kind === PLAIN) {
      if (afterSlash && octet === DOT && !isNameCharacter(target.charCodeAt(index + 1))) return -1;
      afterSlash = false;
    } else if (octet === SLASH) {
      if (afterSlash) return -1;
      afterSlash = true;
    } else if (octet === QUESTION) {
      return isCleanQuery(target, index + 1) ? index : -1;
    } else if (octet === PERCENT && staysEscaped(target, index)) {
      afterSlash = false;
      index += 2;
    } else {
      return -1;
    }
  }
  return target.length;
}

/** Letters, digits and a few more: after a leading dot they make the segment an ordinary one (`.well-known`). */
function isNameCharacter(octet: number): boolean {
  return octet <= 0xff && classOf[octet] === PLAIN && octet !== DOT && octet !== 0x3b;
}

function isCleanQuery(target: string, start: number): boolean {
  for (let index = start; index < target.length; index++) {
    const octet = target.charCodeAt(index);
    if (octet > 0xff || classOf[octet] === FORBIDDEN) return false;
  }
  return true;
}

function staysEscaped(path: string, percent: number): boolean {
  const octet = escapedOctet(path, percent);
  return octet >= 0 && mayStayEscaped[octet] === 1;
}

/** The octet that the escape at `percent` stands for, or -1 when two hexadecimal digits do not follow. */
function escapedOctet(path: string, percent: number): number {
  const high = hexDigit(path.charCodeAt(percent + 1));
  const low = hexDigit(path.charCodeAt(percent + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Octets that are refused anywhere in a target, query included. */
function checkOctets(target: string): PathFault | undefined {
  for (let index = 0; index < target.length; index++) {
    const octet = target.charCodeAt(index);
    if (octet === 0x23) return 'fragment';
    if (octet > 0xff || classOf[octet] === FORBIDDEN) return 'bad-octet';
  }
  return undefined;
}

/** Dot segments are resolved while empty segments still count (RFC 3986 section 5.2.4), then slashes are merged. */
function resolveSegments(segments: readonly string[]): string {
  const kept: string[] = [];
  let open = false;
  for (const segment of segments) {
    const text = decodeSegment(segment);
    open = text === '.' || text === '..';
    if (text === '..') kept.pop();
    else if (text !== '.') kept.push(text);
  }
  if (open) kept.push('');
  const full = kept.filter((segment) => segment !== '');
  if (full.length === 0) return kept.length > 1 ? '//' : '/';
  return `/${full.join('/')}${kept.at(-1) === '' ? '/' : ''}`;
}

function decodeSegment(segment: string): string {
  let text = '';
  let literals = false;
  for (let index = 0; index < segment.length; index++) {
    const octet = segment.charCodeAt(index);
    if (octet === PERCENT) {
      const escaped = escapedOctet(segment, index);
      if (escaped < 0) {
        text += literalPercent;
        literals = true;
      } else {
        text += mayStayEscaped[escaped] === 1 ? segment.slice(index, index + 3) : String.fromCharCode(escaped);
        index += 2;
      }
    } else {
      text += classOf[octet] === ESCAPED ? `%${octet.toString(16).toUpperCase()}` : segment.charAt(index);
    }
  }
  return literals ? keepLiteral(text) : text;
}

/** Stands for a percent sign that begins no escape; NUL is in no target. */
const literalPercent = '\0';

/** Decoding makes no new escapes: what would become one after a literal percent sign (`%%34%31`) is escaped once more. */
function keepLiteral(text: string): string {
  return text.replace(/\0([0-9A-Fa-f]{2})/g, '%25$1').replaceAll(literalPercent, '%');
}

/** What is refused in the resolved path: it could be read differently by what receives it. */
function checkNormal(path: string): PathFault | undefined {
  if (path === '//') return 'only-slashes';
  if (/\/\.\.?;/.test(path)) return 'dot-parameter';
  for (let index = path.indexOf('%'); index >= 0; index = path.indexOf('%', index + 1)) {
    if (!staysEscaped(path, index)) return 'bad-percent';
  }
  return undefined;
}
