import { mismatch } from '../../../src/model/match.ts';
import type { HeaderMatch, HttpMatch, PathMatch } from '../../../src/model/types.ts';
import type { Message } from './message.ts';

/** What a gRPC call can still be asked about: its method is always POST, its authority is that of the virtual host. */
export interface CallMatch {
  readonly path: 'any' | PathMatch;
  readonly headers: readonly HeaderMatch[];
}

export const everyCall: CallMatch = { path: 'any', headers: [] };

const authority = ':authority';

/** Whether a match looks at the host that was asked for. */
export function asksAuthority(match: HttpMatch | 'any'): boolean {
  return match !== 'any' && match.headers !== 'any' && match.headers.some(({ name }) => name === authority);
}

/** A match as far as calls to an authority leave it open; `undefined` when no such call can match. */
export function callMatch(match: HttpMatch | 'any', host: string): CallMatch | undefined {
  if (match === 'any') return everyCall;
  if (match.methods !== 'any' && !match.methods.includes('POST')) return undefined;
  const headers = match.headers === 'any' ? [] : match.headers;
  const ofHost = headers.filter(({ name }) => name === authority);
  const [first, ...rest] = ofHost;
  if (first !== undefined) {
    const asked: HttpMatch = { methods: 'any', path: 'any', headers: [first, ...rest], origins: [] };
    if (mismatch(asked, { method: 'POST', path: '/', authority: host, headers: {} }) !== undefined) return undefined;
  }
  return { path: match.path, headers: headers.filter(({ name }) => name !== authority) };
}

/** Calls that both take; `undefined` when there are none, or when no route can say it (of two expressions for paths). */
export function both(a: CallMatch, b: CallMatch): CallMatch | undefined {
  const path = bothPaths(a.path, b.path);
  return path === undefined ? undefined : { path, headers: [...a.headers, ...b.headers] };
}

function bothPaths(a: CallMatch['path'], b: CallMatch['path']): CallMatch['path'] | undefined {
  if (a === 'any') return b;
  if (b === 'any') return a;
  if (a.kind === 'exact') return takes(b, a.value) ? a : undefined;
  if (b.kind === 'exact') return takes(a, b.value) ? b : undefined;
  if (a.kind === 'regex' || b.kind === 'regex') {
    return a.kind === 'regex' && b.kind === 'regex' && a.re2 === b.re2 ? a : undefined;
  }
  const [longer, shorter] = a.value.length >= b.value.length ? [a, b] : [b, a];
  return longer.value.startsWith(shorter.value) ? longer : undefined;
}

function takes(path: PathMatch, value: string): boolean {
  const asked: HttpMatch = { methods: 'any', path, headers: 'any', origins: [] };
  return mismatch(asked, { method: 'POST', path: value, authority: '', headers: {} }) === undefined;
}

/** `RouteMatch`. Paths are `/PACKAGE.SERVICE/METHOD`. */
export function routeMatch({ path, headers }: CallMatch): Message {
  return {
    ...pathSpecifier(path),
    ...(headers.length === 0
      ? {}
      : { headers: headers.map(({ name, re2 }) => ({ name, safeRegexMatch: { regex: grouped(re2) } })) }),
  };
}

function pathSpecifier(path: CallMatch['path']): Message {
  if (path === 'any') return { prefix: '/' };
  switch (path.kind) {
    case 'exact':
      return { path: path.value };
    case 'prefix':
      return { prefix: path.value };
    case 'regex':
      return { safeRegex: { regex: grouped(path.re2) } };
  }
}

/** Some clients put `^` and `$` around an expression as it stands, which would split `a|b` into `^a` and `b$`. */
function grouped(re2: string): string {
  return `(?:${re2})`;
}
