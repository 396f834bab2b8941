import type { HeaderMatch, HttpMatch, PathMatch } from '../../../src/adapter/index.ts';
import { literalsOf } from './literals.ts';
import type { Fields } from './object.ts';

/** Longer expressions are refused by Istio. */
const longestExpression = 1024;

/** Headers that VirtualService would take for something else, or leave out. */
const otherKeys = new Set(['uri', 'scheme', 'method', 'authority']);

/** A match of which no method may be left. */
export type Condition = Pick<HttpMatch, 'path' | 'headers'> & { readonly methods: 'any' | readonly string[] };

/**
 * `HTTPMatchRequest` of the requests for which every condition holds. `unsayable`: it cannot be said; undefined: there are
 * none.
 */
export function routeMatch(conditions: readonly Condition[]): Fields | 'unsayable' | undefined {
  const methods = commonMethods(conditions);
  if (methods !== 'any' && methods.length === 0) return undefined;
  const uri = commonPath(conditions.flatMap(({ path }) => (path === 'any' ? [] : [path])));
  if (uri === undefined || uri === 'unsayable') return uri;
  const headers = headerFields(
    conditions.flatMap((condition) => (condition.headers === 'any' ? [] : condition.headers)),
  );
  if (headers === 'unsayable') return 'unsayable';
  return { ...uri, ...(methods === 'any' ? {} : { method: oneOf(methods) }), ...headers };
}

/** The methods that all of them allow. */
export function commonMethods(conditions: readonly Condition[]): 'any' | readonly string[] {
  return conditions.reduce<'any' | readonly string[]>((common, { methods }) => {
    if (common === 'any' || methods === 'any') return common === 'any' ? methods : common;
    return common.filter((method) => methods.includes(method));
  }, 'any');
}

function oneOf(texts: readonly string[]): Fields {
  return texts.length === 1 ? { exact: texts[0] } : { regex: texts.map(quote).join('|') };
}

/** One condition on the path is all that there may be, unless they are about literals. */
function commonPath(paths: readonly PathMatch[]): Fields | 'unsayable' | undefined {
  const distinct = [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
  const [first, ...others] = distinct;
  if (first === undefined) return {};
  if (others.length === 0) return uriOf(first);
  let common: readonly Piece[] | undefined = piecesOf(first);
  for (const path of others) {
    const pieces = piecesOf(path);
    if (common === undefined || pieces === undefined) return 'unsayable';
    common = common.flatMap((one) => pieces.flatMap((other) => meet(one, other)));
  }
  if (common === undefined) return 'unsayable';
  const [piece, ...more] = [...new Map(common.map((one) => [JSON.stringify(one), one])).values()];
  if (piece === undefined) return undefined;
  return more.length === 0
    ? { uri: pieceMatch(piece) }
    : expression('uri', [piece, ...more].map(pieceExpression).join('|'));
}

function uriOf(path: PathMatch): Fields | 'unsayable' | undefined {
  const pieces = piecesOf(path);
  if (pieces?.length === 0) return undefined;
  const [only, ...others] = pieces ?? [];
  if (only !== undefined && others.length === 0 && only.text !== '') return { uri: pieceMatch(only) };
  return path.kind === 'regex' ? expression('uri', path.re2) : {};
}

/** A literal, alone or with anything behind it. */
interface Piece {
  readonly text: string;
  readonly open: boolean;
}

function piecesOf(path: PathMatch): readonly Piece[] | undefined {
  if (path.kind !== 'regex') return [{ text: path.value, open: path.kind === 'prefix' }];
  const literals = literalsOf(path.re2);
  // A path holds no line feed.
  if (literals?.some(({ first }) => first !== undefined)) return undefined;
  return literals?.map(({ text, rest }) => ({ text, open: rest !== 'nothing' }));
}

function meet(one: Piece, other: Piece): readonly Piece[] {
  const [longer, shorter] = one.text.length >= other.text.length ? [one, other] : [other, one];
  if (!longer.text.startsWith(shorter.text)) return [];
  if (longer.text.length === shorter.text.length) return [{ text: one.text, open: one.open && other.open }];
  return shorter.open ? [longer] : [];
}

function pieceMatch({ text, open }: Piece): Fields {
  return open ? { prefix: text } : { exact: text };
}

function pieceExpression({ text, open }: Piece): string {
  return open ? `${quote(text)}.*` : quote(text);
}

/** Of one header several conditions cannot be said. */
function headerFields(headers: readonly HeaderMatch[]): Fields | 'unsayable' {
  const distinct = [...new Map(headers.map((header) => [JSON.stringify(header), header])).values()];
  const names = new Set(distinct.map(({ name }) => name));
  if (names.size < distinct.length || [...names].some((name) => otherKeys.has(name))) return 'unsayable';
  const said = distinct.map(({ name, re2 }) => [name, valueMatch(re2)] as const);
  if (said.some(([, value]) => value === undefined)) return 'unsayable';
  const authority = said.find(([name]) => name === ':authority')?.[1];
  const others = said.filter(([name]) => name !== ':authority');
  return {
    ...(authority === undefined ? {} : { authority }),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
  };
}

/** An empty text would mean that any value does. */
function valueMatch(re2: string): Fields | undefined {
  const [only, ...others] = literalsOf(re2) ?? [];
  if (only !== undefined && others.length === 0 && only.first === undefined && only.text !== '') {
    return pieceMatch({ text: only.text, open: only.rest !== 'nothing' });
  }
  return re2.length > longestExpression ? undefined : { regex: re2 === '' ? '^$' : re2 };
}

function expression(field: string, regex: string): Fields | 'unsayable' {
  return regex.length > longestExpression ? 'unsayable' : { [field]: { regex } };
}

function quote(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}
