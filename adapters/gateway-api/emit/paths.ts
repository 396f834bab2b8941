import { compileRe2 } from '../../../src/lib/re2.ts';
import type { Shape } from '../../../src/lib/re2-shapes.ts';
import type { PathMatch } from '../../../src/model/types.ts';
import { everyPath, type PathCondition } from './condition.ts';
import { anchored, literal } from './expression.ts';

const maxValue = 1024;
/** More literals than these are better read as one expression. */
const maxLiterals = 8;

/**
 * The conditions of which one must hold for a path to match: Exact and PathPrefix where they mean the same, otherwise
 * RegularExpression. None where no path matches; `undefined` where no condition can say it.
 */
export function pathConditions(path: 'any' | PathMatch): readonly PathCondition[] | undefined {
  if (path === 'any') return [everyPath];
  const conditions = path.kind === 'regex' ? ofExpression(path.re2) : ofShapes([shapeOf(path)]);
  return conditions?.every(({ value }) => value.length <= maxValue) === true ? conditions : undefined;
}

/** The same paths in a RegularExpression, and in one that is no shorter than `length`; `undefined` where there is none. */
export function asExpression({ type, value }: PathCondition, length = 0): PathCondition | undefined {
  let expression = value;
  if (type !== 'RegularExpression') {
    const rest = type === 'Exact' ? '' : '(/.*)?';
    expression = value === '/' && type === 'PathPrefix' ? '^/.*$' : `^${literal(withoutSlash(value))}${rest}$`;
  }
  while (expression.length < length) expression = `^(${expression.slice(1, -1)})$`;
  return expression.length <= maxValue ? { type: 'RegularExpression', value: expression } : undefined;
}

/** Whether a PathPrefix holds for a path: element by element. */
export function isWithin(prefix: string, path: string): boolean {
  const base = withoutSlash(prefix);
  return path === base || path.startsWith(`${base}/`);
}

function withoutSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

function shapeOf({ kind, value }: Exclude<PathMatch, { readonly kind: 'regex' }>): Shape {
  return { text: value, rest: kind === 'exact' ? 'nothing' : 'any' };
}

function ofExpression(re2: string): readonly PathCondition[] | undefined {
  const compiled = compileRe2(re2);
  if (!compiled.ok) return [];
  const shapes = compiled.value.shapes();
  if (shapes !== undefined && shapes.length <= maxLiterals) return ofShapes(shapes);
  const value = anchored(re2);
  return value === undefined ? undefined : [{ type: 'RegularExpression', value }];
}

/** Paths begin with a slash, and no line ends in one. */
function ofShapes(shapes: readonly Shape[]): readonly PathCondition[] {
  if (shapes.some(isEverything)) return [everyPath];
  const used = shapes.filter(({ text }) => text.startsWith('/'));
  const bases = used.filter(
    ({ text, rest }) => rest === 'nothing' && !text.endsWith('/') && used.some((other) => isBelow(other, text)),
  );
  return used.flatMap((shape): PathCondition[] => {
    if (bases.some(({ text }) => isBelow(shape, text))) return [];
    if (bases.includes(shape) && isPlainPath(shape.text)) return [{ type: 'PathPrefix', value: shape.text }];
    return bases.includes(shape) ? [shaped(shape), shaped({ text: `${shape.text}/`, rest: 'any' })] : [shaped(shape)];
  });
}

function isEverything({ text, first, rest }: Shape): boolean {
  return rest !== 'nothing' && (text === '' || (text === '/' && first === undefined));
}

/** Whether a shape is everything below a path, such as `/a/.*` below `/a`. */
function isBelow({ text, first, rest }: Shape, base: string): boolean {
  return rest !== 'nothing' && first === undefined && text === `${base}/`;
}

function shaped({ text, first, rest }: Shape): PathCondition {
  if (rest === 'nothing' && isPlainPath(text)) return { type: 'Exact', value: text };
  const end = rest === 'nothing' ? '' : first === undefined ? '.*' : '.+';
  return { type: 'RegularExpression', value: `^${literal(text)}${end}$` };
}

/** What the API takes as the value of Exact and PathPrefix. */
function isPlainPath(text: string): boolean {
  if (/\/\/|\/\.{1,2}(?:\/|$)|%2f/i.test(text)) return false;
  return /^\/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/.test(text);
}
