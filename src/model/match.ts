import { compileRe2, octets } from '../lib/re2.ts';
import type { HeaderMatch, HttpMatch, PathMatch } from './types.ts';

/** An HTTP request in the form that matches look at: the path is normal and without query. */
export interface MatchedRequest {
  readonly method: string;
  readonly path: string;
  /** The authority as it was sent. */
  readonly authority: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** The part of a match that a request fails first; `undefined` when it matches. */
export function mismatch(match: HttpMatch | 'any', request: MatchedRequest): 'method' | 'path' | 'header' | undefined {
  return mismatches(match, request)[0];
}

/** Every part of a match that a request fails, in the order method, path, header. */
export function mismatches(
  match: HttpMatch | 'any',
  request: MatchedRequest,
): readonly ('method' | 'path' | 'header')[] {
  if (match === 'any') return [];
  const failed: ('method' | 'path' | 'header')[] = [];
  if (match.methods !== 'any' && !match.methods.includes(request.method)) failed.push('method');
  if (match.path !== 'any' && !pathMatches(match.path, request.path)) failed.push('path');
  if (match.headers !== 'any' && !match.headers.every((header) => headerMatches(header, request)))
    failed.push('header');
  return failed;
}

function pathMatches(match: PathMatch, path: string): boolean {
  if (match.kind === 'exact') return path === match.value;
  if (match.kind === 'prefix') return path.startsWith(match.value);
  return matchesWhole(match.re2, path);
}

/** A header that is absent never matches, not even an expression that accepts the empty text. */
export function headerMatches({ name, re2 }: HeaderMatch, request: MatchedRequest): boolean {
  const value = name === ':authority' ? request.authority : headerValue(request.headers, name);
  return value !== undefined && matchesWhole(re2, value);
}

/** The value of a header; several values are joined with `,`. */
export function headerValue(headers: MatchedRequest['headers'], name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  return value.length === 0 ? undefined : value.join(',');
}

/** An expression that does not compile matches nothing. */
function matchesWhole(re2: string, text: string): boolean {
  const compiled = compileRe2(re2);
  return compiled.ok && compiled.value.matchesWhole(octets(text));
}
