import type { HeaderMatch, HttpMatch, PathMatch } from '../../../src/model/types.ts';
import type { Message } from './message.ts';

/** The path without query, for routes that ask for more than one thing about it (`outbound-http.ts`). */
export const pathHeader = 'x-smi-path';

/** A match of which no method may be left. */
export type Condition = Pick<HttpMatch, 'path' | 'headers'> & { readonly methods: 'any' | readonly string[] };

/** `RouteMatch` of a match: every part must hold. */
export function matchOf(match: HttpMatch): Message {
  return allOf([match], match.methods, []);
}

/**
 * `RouteMatch` of the requests for which every match holds, and `headers` too; undefined where there can be none. Of several
 * conditions on the path all but the first look at `pathHeader`.
 */
export function routeMatch(matches: readonly Condition[], headers: readonly Message[] = []): Message | undefined {
  const methods = methodsOf(matches);
  return methods !== 'any' && methods.length === 0 ? undefined : allOf(matches, methods, headers);
}

function allOf(matches: readonly Condition[], methods: Condition['methods'], headers: readonly Message[]): Message {
  const [first, ...others] = pathsOf(matches);
  const matchers = [
    ...methodHeader(methods),
    ...others.map((path) => ({ name: pathHeader, stringMatch: pathMatcher(path) })),
    ...matches.flatMap((match) => headerMatchers(match.headers)),
    ...headers,
  ];
  return {
    ...(first === undefined ? { prefix: '/' } : routePath(first)),
    ...(matchers.length === 0 ? {} : { headers: matchers }),
  };
}

/** The methods that all of them allow. */
export function methodsOf(matches: readonly Condition[]): Condition['methods'] {
  return matches.reduce<Condition['methods']>((common, { methods }) => {
    if (common === 'any' || methods === 'any') return common === 'any' ? methods : common;
    return common.filter((method) => methods.includes(method));
  }, 'any');
}

/** Each once. */
function pathsOf(matches: readonly Condition[]): readonly PathMatch[] {
  const paths = matches.flatMap(({ path }) => (path === 'any' ? [] : [path]));
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

function routePath(path: PathMatch): Message {
  switch (path.kind) {
    case 'exact':
      return { path: path.value };
    case 'prefix':
      return { prefix: path.value };
    case 'regex':
      return { safeRegex: { regex: path.re2 } };
  }
}

/** RBAC `Permission` of a match: every part must hold. */
export function permission(match: HttpMatch | 'any'): Message {
  if (match === 'any') return { any: true };
  const parts = [
    ...(match.path === 'any' ? [] : [{ urlPath: { path: pathMatcher(match.path) } }]),
    ...[...methodHeader(match.methods), ...headerMatchers(match.headers)].map((header) => ({ header })),
  ];
  return parts.length === 0 ? { any: true } : { andRules: { rules: parts } };
}

function pathMatcher(path: PathMatch): Message {
  switch (path.kind) {
    case 'exact':
      return { exact: path.value };
    case 'prefix':
      return { prefix: path.value };
    case 'regex':
      return { safeRegex: { regex: path.re2 } };
  }
}

function methodHeader(methods: Condition['methods']): readonly Message[] {
  if (methods === 'any') return [];
  const stringMatch =
    methods.length === 1
      ? { exact: methods[0] }
      : { safeRegex: { regex: methods.map((method) => method.replace(/[^A-Za-z0-9]/g, '\\$&')).join('|') } };
  return [{ name: ':method', stringMatch }];
}

/** Envoy, too, joins the values of a repeated header with `,` before it matches. */
function headerMatchers(headers: 'any' | readonly HeaderMatch[]): readonly Message[] {
  if (headers === 'any') return [];
  return headers.map(({ name, re2 }) => ({ name, stringMatch: { safeRegex: { regex: re2 } } }));
}
