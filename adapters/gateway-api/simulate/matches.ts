import { compileRe2, octets } from '../../../src/lib/re2.ts';
import type { Match } from './documents.ts';

/** A request as routes look at it. */
export interface SeenRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly query: string;
  /** Lower-case names, `host` among them. */
  readonly headers: ReadonlyMap<string, string>;
}

export function holds(match: Match, request: SeenRequest): boolean {
  if (match.call !== undefined) return callHolds(match.call, request) && headersHold(match, request);
  return (
    (match.method === undefined || match.method === request.method) &&
    pathHolds(match.path, request.path) &&
    headersHold(match, request) &&
    queryHolds(match, request)
  );
}

function pathHolds({ type, value }: Match['path'], path: string): boolean {
  switch (type) {
    case 'Exact':
      return path === value;
    case 'PathPrefix':
      return isPrefix(elements(value), elements(path));
    case 'RegularExpression':
      return expressionHolds(value, path);
    default:
      return false;
  }
}

/** A trailing slash is ignored; `/abc` holds for `/abc`, `/abc/` and `/abc/def`, not for `/abcd`. */
function elements(path: string): readonly string[] {
  return path.replace(/\/$/, '').split('/');
}

function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((element, index) => element === path[index]);
}

/** Of several conditions on one header the first counts. */
function headersHold({ headers }: Match, request: SeenRequest): boolean {
  return headers.every(({ type, name, value }, index) => {
    if (headers.findIndex((other) => other.name === name) < index) return true;
    const actual = request.headers.get(name);
    if (actual === undefined) return false;
    return type === 'RegularExpression' ? expressionHolds(value, actual) : type === 'Exact' && actual === value;
  });
}

function queryHolds({ query }: Match, request: SeenRequest): boolean {
  const parameters = new URLSearchParams(request.query);
  return query.every(({ type, name, value }) => {
    const actual = parameters.get(name);
    if (actual === null) return false;
    return type === 'RegularExpression' ? expressionHolds(value, actual) : actual === value;
  });
}

/** gRPC calls are POST to `/SERVICE/METHOD`. */
function callHolds({ type, service, method }: NonNullable<Match['call']>, request: SeenRequest): boolean {
  const [, called, name] = /^\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
  if (called === undefined || name === undefined || request.method !== 'POST') return false;
  const same = (asked: string | undefined, actual: string) =>
    asked === undefined || (type === 'RegularExpression' ? expressionHolds(asked, actual) : asked === actual);
  return same(service, called) && same(method, name);
}

/**
 * The dialect is the implementation's: here RE2, of the whole value. Expressions that say so themselves mean the same where a part
 * would do.
 */
function expressionHolds(expression: string, value: string): boolean {
  const compiled = compileRe2(expression);
  return compiled.ok && compiled.value.matchesWhole(octets(value));
}
