import type { Field } from '../kubernetes/field.ts';
import { nonEmpty } from '../lib/collections.ts';
import { normalizePath } from '../lib/http-path.ts';
import { compileRe2 } from '../lib/re2.ts';
import type { HeaderMatch, HttpMatch, PathMatch } from '../model/types.ts';
import { literal } from './literal.ts';
import type { Reading } from './reading.ts';
import type { RankedMatch } from './types.ts';

const dropped = 'the match matches nothing';
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const textTypes = ['Exact', 'RegularExpression'] as const;

/** The usable matches of a rule of an HTTPRoute, in its order. */
export function httpMatches(rule: Field, reading: Reading): readonly RankedMatch[] {
  const items = rule.at('matches').items();
  if (items.length === 0) return [{ match: 'any', path: rule.path, rank: [pathRanks.prefix, 1, 0, 0] }];
  return items.flatMap((item) => httpMatch(item, reading) ?? []);
}

/** Where a regular expression stands among other paths each implementation chooses; here a catch-all never hides one. */
const pathRanks = { exact: 3, regex: 2, prefix: 1 } as const;

function httpMatch(item: Field, reading: Reading): RankedMatch | undefined {
  const strange = reading.hasUnknown('SMI4701', item, ['path', 'headers', 'queryParams', 'method'], dropped);
  const path = pathOf(item.at('path'), reading);
  const method = item.at('method').oneOf(methods);
  const headers = headersOf(item.at('headers'), reading);
  const queries = item.at('queryParams');
  if (queries.items().length > 0) {
    reading.report(
      'SMI4701',
      queries,
      `${queries.path} asks for query parameters, which no rule of the mesh can: ${dropped}`,
    );
    return undefined;
  }
  if (strange || path === undefined || headers === undefined) return undefined;
  return {
    match: matchOf(item, reading, { methods: method === undefined ? 'any' : [method], path: path.match, headers }),
    path: item.path,
    rank: [pathRanks[path.kind], path.length, method === undefined ? 0 : 1, headers.length],
  };
}

interface RankedPath {
  readonly match: PathMatch | 'any';
  readonly kind: keyof typeof pathRanks;
  /** Of a prefix, and of an expression. */
  readonly length: number;
}

function pathOf(field: Field, reading: Reading): RankedPath | undefined {
  const strange = reading.hasUnknown('SMI4701', field, ['type', 'value'], dropped);
  const type = field.at('type').oneOf(['Exact', 'PathPrefix', 'RegularExpression']) ?? 'PathPrefix';
  const value = field.at('value').text() ?? '/';
  if (strange) return undefined;
  if (type === 'RegularExpression') {
    if (!usable(value, field.at('value'), reading)) return undefined;
    const message = `how ${field.path} is anchored and ranked is each implementation's own: here it is for the whole path, after Exact and before PathPrefix`;
    reading.report('SMI4704', field, message, { severity: 'info' });
    return { match: { kind: 'regex', re2: value }, kind: 'regex', length: value.length };
  }
  const normal = normalizePath(value);
  if (!normal.ok || normal.value.query !== '') {
    reading.report('SMI4701', field.at('value'), `no request has the path "${value}": ${dropped}`);
    return undefined;
  }
  const { path } = normal.value;
  if (type === 'Exact') return { match: { kind: 'exact', value: path }, kind: 'exact', length: 0 };
  const prefix = path.endsWith('/') ? path.slice(0, -1) : path;
  return {
    match: prefix === '' ? 'any' : { kind: 'regex', re2: `${literal(prefix)}(?:/.*)?` },
    kind: 'prefix',
    length: Math.max(prefix.length, 1),
  };
}

/** Of several for one name the first counts. */
function headersOf(field: Field, reading: Reading): readonly HeaderMatch[] | undefined {
  const found = new Map<string, HeaderMatch>();
  let faulty = false;
  for (const item of field.items()) {
    const strange = reading.hasUnknown('SMI4701', item, ['type', 'name', 'value'], dropped);
    const exact = item.at('type').oneOf(textTypes) !== 'RegularExpression';
    const name = item.at('name').text()?.toLowerCase();
    const value = item.at('value').text();
    if (name === undefined) item.at('name').missing();
    if (value === undefined) item.at('value').missing();
    if (name === undefined || value === undefined || found.has(name)) continue;
    if (strange || !(exact || usable(value, item.at('value'), reading))) faulty = true;
    found.set(name, { name: name === 'host' ? ':authority' : name, re2: exact ? literal(value) : value });
  }
  const ordered = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return faulty ? undefined : ordered;
}

function usable(re2: string, field: Field, reading: Reading): boolean {
  const compiled = compileRe2(re2);
  if (!compiled.ok) reading.report('SMI4701', field, `"${re2}" is not usable: ${compiled.error}; ${dropped}`);
  return compiled.ok;
}

/** The usable matches of a rule of a GRPCRoute. A call is a POST to `/SERVICE/METHOD`. */
export function grpcMatches(rule: Field, reading: Reading): readonly RankedMatch[] {
  const items = rule.at('matches').items();
  if (items.length === 0) return [{ match: 'any', path: rule.path, rank: [0, 0, 0] }];
  return items.flatMap((item) => grpcMatch(item, reading) ?? []);
}

function grpcMatch(item: Field, reading: Reading): RankedMatch | undefined {
  const strange = reading.hasUnknown('SMI4701', item, ['method', 'headers'], dropped);
  const method = item.at('method');
  const unknown = reading.hasUnknown('SMI4701', method, ['type', 'service', 'method'], dropped);
  const headers = headersOf(item.at('headers'), reading);
  const call = {
    exact: method.at('type').oneOf(textTypes) !== 'RegularExpression',
    service: method.at('service').text() ?? '',
    method: method.at('method').text() ?? '',
  };
  const path = callPath(call);
  if (path !== 'any' && path.kind === 'regex' && !usable(path.re2, method, reading)) return undefined;
  if (strange || unknown || headers === undefined) return undefined;
  return {
    match: matchOf(item, reading, { methods: path === 'any' ? 'any' : ['POST'], path, headers }),
    path: item.path,
    rank: [call.service.length, call.method.length, headers.length],
  };
}

interface Call {
  readonly exact: boolean;
  readonly service: string;
  readonly method: string;
}

function callPath({ exact, service, method }: Call): PathMatch | 'any' {
  if (service === '' && method === '') return 'any';
  if (exact && service !== '') {
    return method === ''
      ? { kind: 'prefix', value: `/${service}/` }
      : { kind: 'exact', value: `/${service}/${method}` };
  }
  const part = (text: string) => (text === '' ? '[^/]+' : exact ? literal(text) : `(?:${text})`);
  return { kind: 'regex', re2: `/${part(service)}/${part(method)}` };
}

interface Parts {
  readonly methods: HttpMatch['methods'];
  readonly path: HttpMatch['path'];
  readonly headers: readonly HeaderMatch[];
}

function matchOf(item: Field, { key }: Reading, { methods, path, headers }: Parts): HttpMatch | 'any' {
  if (methods === 'any' && path === 'any' && headers.length === 0) return 'any';
  return { methods, path, headers: nonEmpty(headers) ?? 'any', origins: [{ object: key, path: item.path }] };
}
