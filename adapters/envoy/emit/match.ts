import type { HeaderMatch, HttpMatch, PathMatch } from '../../../src/model/types.ts';
import type { Message } from './message.ts';

/** `RouteMatch` of a match: every part must hold. */
export function routeMatch(match: HttpMatch | 'any'): Message {
  if (match === 'any') return { prefix: '/' };
  const headers = [...methodHeader(match.methods), ...headerMatchers(match.headers)];
  return { ...routePath(match.path), ...(headers.length === 0 ? {} : { headers }) };
}

function routePath(path: HttpMatch['path']): Message {
  if (path === 'any') return { prefix: '/' };
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

function methodHeader(methods: HttpMatch['methods']): readonly Message[] {
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
