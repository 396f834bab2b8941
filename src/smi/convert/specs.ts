import { compileRe2 } from '../../lib/re2.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { type Body, pick, type VersionForm } from './version-form.ts';

/** A regular expression that no text matches, in every dialect and however it is anchored. */
const neverMatches = '[^\\s\\S]';

/** v1alpha3: as the hub. */
export const groupV1alpha3: VersionForm = {
  toHub: ({ spec }) => ({ spec: { matches: matchesOf(spec as Fields).map(plainMatch) } }),
  fromHub: ({ spec }) => ({ body: { spec: { matches: matchesOf(spec as Fields).map(plainMatch) } } }),
};

/** v1alpha2: no `spec`. */
export const groupV1alpha2: VersionForm = {
  toHub: (body) => ({ spec: { matches: matchesOf(body).map(plainMatch) } }),
  fromHub: ({ spec }) => ({ body: { matches: matchesOf(spec as Fields).map(plainMatch) } }),
};

/** v1alpha1: as v1alpha2, without headers, and every match has a path and methods. */
export const groupV1alpha1: VersionForm = {
  toHub: groupV1alpha2.toHub,
  fromHub({ spec }) {
    const matches = matchesOf(spec as Fields);
    // A group with an unusable expression matches nothing; without its headers it could become usable.
    const usable = matches.every((match) => !asksForHeaders(match) || isUsable(match));
    return { body: { matches: matches.map((match) => withoutHeaders(match, usable)) } };
  },
};

function matchesOf(fields: Fields): readonly Fields[] {
  return fields.matches as readonly Fields[];
}

function plainMatch(match: Fields): Body {
  const plain = pick(match, ['name', 'pathRegex', 'methods', 'headers']);
  return Object.hasOwn(plain, 'headers') ? { ...plain, headers: headersAsObject(plain.headers) } : plain;
}

/** A match that asks for headers must not match without them: it keeps its name, so that references to it still resolve. */
function withoutHeaders(match: Fields, usable: boolean): Body {
  const { name, pathRegex = '.*', methods = [] } = match;
  const all = Array.isArray(methods) && methods.length === 0;
  const never = !usable || asksForHeaders(match);
  return { name, pathRegex: never ? neverMatches : pathRegex, methods: all ? ['*'] : methods };
}

function asksForHeaders(match: Fields): boolean {
  return headerEntries(match.headers).length > 0;
}

function isUsable({ pathRegex = '', headers }: Fields): boolean {
  const entries = headerEntries(headers);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  const expressions = [pathRegex, ...entries.map(([, regex]) => regex)];
  return names.size === entries.length && expressions.every((expression) => compileRe2(String(expression)).ok);
}

function headerEntries(headers: unknown): readonly [string, unknown][] {
  const parts = Array.isArray(headers) ? headers : [headers];
  return parts.flatMap((part) => (isRecord(part) ? Object.entries(part) : []));
}

/** The list of objects with one key each becomes one object, unless a key would be lost by it. */
export function headersAsObject(headers: unknown): unknown {
  if (!Array.isArray(headers)) return headers;
  const entries = headerEntries(headers);
  return new Set(entries.map(([name]) => name)).size < entries.length ? headers : Object.fromEntries(entries);
}

/** TCPRoute before v1alpha4: every port. The ports are in the annotation alone, there is no field that could narrow. */
function portlessRoute(body: Body): VersionForm {
  return {
    toHub: () => ({ spec: { matches: { ports: [] } } }),
    fromHub: () => ({ body }),
    fieldless: true,
    openTo: 'every port',
  };
}

/** v1alpha1 and v1alpha2 have nothing but metadata. */
export const tcpRouteV1alpha2 = portlessRoute({});

export const tcpRouteV1alpha3 = portlessRoute({ spec: {} });
