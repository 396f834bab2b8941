import type { PathMatch } from '../../../src/adapter/index.ts';
import { compileRe2, octets } from '../../../src/lib/re2.ts';

/**
 * What AuthorizationPolicy says of a text: `abc`, `abc*`, `*abc` and `*`, of paths also the templates `{*}` and `{**}`; there
 * are no expressions.
 */
export interface Patterns {
  /** One of them must hold. Of none, nothing matches. */
  readonly values: readonly string[];
  /** False: some texts that the match means are left out. */
  readonly exact: boolean;
}

/** A literal text, alone or with something behind it. */
export interface Literal {
  readonly text: string;
  /** Something must follow. */
  readonly first?: unknown;
  readonly rest: 'nothing' | 'any' | 'line';
}

/** The few literals that an expression stands for; undefined for every other one. */
export function literalsOf(re2: string): readonly Literal[] | undefined {
  const compiled = compileRe2(re2);
  const shapes = compiled.ok ? compiled.value.shapes() : [];
  const literals = shapes?.map((shape) => ({ ...shape, text: Buffer.from(shape.text, 'latin1').toString('utf8') }));
  // Octets that are no text by themselves cannot be said.
  return literals?.every(({ text }, index) => octets(text) === shapes?.[index]?.text) ? literals : undefined;
}

/** The patterns that match paths in normal form which a match means, and no others. */
export function pathPatterns(path: PathMatch): Patterns {
  if (path.kind === 'exact') return together([whole(path.value)]);
  if (path.kind === 'prefix') return together([beginning(path.value)]);
  const shapes = literalsOf(path.re2);
  if (shapes !== undefined) return together(shapes.map(pathShape));
  return suffix(path.re2) ?? { values: templates(path.re2), exact: false };
}

/** The same for values of a header that is there. */
export function headerPatterns(re2: string): Patterns {
  const shapes = literalsOf(re2);
  if (shapes === undefined) return suffix(re2) ?? { values: [], exact: false };
  return together(
    shapes.map(({ text, first, rest }) => {
      if (first !== undefined) return undefined;
      return rest === 'nothing' ? whole(text) : beginning(text);
    }),
  );
}

/** Whether a text can stand for itself; at its ends `*` means something. */
export function isLiteral(text: string): boolean {
  return text !== '' && !text.startsWith('*') && !text.endsWith('*');
}

/** Undefined: it cannot be said. An empty list: no text is meant. */
type Said = readonly string[] | undefined;

function together(said: readonly Said[]): Patterns {
  return { values: [...new Set(said.flatMap((one) => one ?? []))], exact: said.every((one) => one !== undefined) };
}

function whole(text: string): Said {
  return isLiteral(text) ? [text] : undefined;
}

function beginning(text: string): Said {
  return text.startsWith('*') ? undefined : [`${text}*`];
}

function pathShape({ text, first, rest }: Literal): Said {
  // Braces are escaped in the normal form; unescaped they would begin a template.
  if (/[{}]/.test(text)) return [];
  if (first !== undefined) return undefined;
  return rest === 'nothing' ? whole(text) : beginning(text);
}

const quoted = String.raw`(?:[^\\.+*?()|[\]{}^$]|\\[^A-Za-z0-9])`;
const ending = new RegExp(String.raw`^\.\*(${quoted}+)\$?$`);

/** `.*abc`, with nothing behind it. */
function suffix(re2: string): Patterns | undefined {
  const { body, open } = unwrapped(re2);
  const text = ending.exec(body)?.[1]?.replaceAll(/\\(.)/g, '$1');
  if (text === undefined || (open && !body.endsWith('$')) || !isLiteral(text) || /[{}]/.test(text)) return undefined;
  return { values: [`*${text}`], exact: true };
}

/** Characters of literal segments of a template, and of what `{*}` stands for. */
const literalSegment = /^(?:[A-Za-z0-9~_!&',;:@%-]|\\[.$()+~_!&',;:@%-])+$/;
const anySegment = new Set(['[^/]+', '[^/]*', '.+', '.*']);

/**
 * Templates that match only what an expression does, of literal segments and any segments: `{*}` stands for most of
 * `[^/]+`, without `*`, `=` and brackets.
 */
function templates(re2: string): readonly string[] {
  const { body, open } = unwrapped(re2);
  const closed = body.endsWith('$') && !body.endsWith('\\$');
  const parts = body.replace(/^\^/, '').replace(/\$$/, '');
  const { text, tail } = withoutTail(parts);
  const [before, ...segments] = segmentsOf(text);
  const said = segments.map((segment) => {
    if (anySegment.has(segment)) return '{*}';
    return literalSegment.test(segment) ? segment.replaceAll(/\\(.)/g, '$1') : undefined;
  });
  if (before !== '' || said.length === 0 || said.includes(undefined)) return [];
  const path = `/${said.join('/')}`;
  // Without any segment it is not a template, and what is meant has been said otherwise.
  if (!path.includes('{*}')) return [];
  const deeper = `${path}/{**}`;
  if (tail === 'always') return [deeper];
  return tail === 'maybe' || (open && !closed) ? [path, deeper] : [path];
}

function withoutTail(text: string): { readonly text: string; readonly tail: 'always' | 'maybe' | 'never' } {
  for (const end of ['(/.*)?', '(?:/.*)?']) {
    if (text.endsWith(end)) return { text: text.slice(0, -end.length), tail: 'maybe' };
  }
  if (text.endsWith('/.*')) return { text: text.slice(0, -'/.*'.length), tail: 'always' };
  return { text, tail: 'never' };
}

/** At slashes that are not in brackets. */
function segmentsOf(text: string): readonly string[] {
  return text.split(/\/(?![^[]*\])/);
}

/** The compiler's forms `(?:BODY)` and `(?:BODY)(?s:.*)` without what it added. */
function unwrapped(re2: string): { readonly body: string; readonly open: boolean } {
  const open = re2.startsWith('(?:') && re2.endsWith(')(?s:.*)');
  if (open) return { body: re2.slice(3, -')(?s:.*)'.length), open };
  const closed = re2.startsWith('(?:') && re2.endsWith(')');
  return { body: closed ? re2.slice(3, -1) : re2, open: false };
}
