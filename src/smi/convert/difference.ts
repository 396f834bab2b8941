import { isDeepStrictEqual } from 'node:util';
import { formatFieldPath, type PathSegment, parseFieldPath } from '../../lib/field-path.ts';
import { type Fields, isRecord } from '../../lib/values.ts';

/** What makes one body of another: values by field path, and the field paths that are absent. */
export interface Difference {
  readonly value: Fields;
  readonly without?: readonly string[];
}

/** `undefined` when the bodies are equal. Lists of one length are compared element by element. */
export function difference(from: Fields, to: Fields): Difference | undefined {
  const value: [string, unknown][] = [];
  const without: string[] = [];
  const compare = (path: readonly PathSegment[], a: unknown, b: unknown): void => {
    if (isDeepStrictEqual(a, b)) return;
    if (isRecord(a) && isRecord(b)) {
      for (const key of Object.keys(a)) if (!Object.hasOwn(b, key)) without.push(formatFieldPath([...path, key]));
      for (const [key, field] of Object.entries(b)) {
        if (Object.hasOwn(a, key)) compare([...path, key], a[key], field);
        else value.push([formatFieldPath([...path, key]), field]);
      }
    } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      for (const [index, element] of b.entries()) compare([...path, index], a[index], element);
    } else {
      value.push([formatFieldPath(path), b]);
    }
  };
  compare([], from, to);
  if (value.length === 0 && without.length === 0) return undefined;
  return { value: Object.fromEntries(value), ...(without.length === 0 ? {} : { without }) };
}

/** Total: what has no place in the body is left out. */
export function applyDifference(body: Fields, { value, without = [] }: Difference): Fields {
  let result: unknown = body;
  for (const path of without) result = withoutField(result, parseFieldPath(path));
  for (const [path, field] of Object.entries(value)) result = withField(result, parseFieldPath(path), field);
  return isRecord(result) ? result : body;
}

function withField(base: unknown, [segment, ...rest]: readonly PathSegment[], field: unknown): unknown {
  if (segment === undefined) return field;
  if (typeof segment === 'number') {
    return Array.isArray(base) && segment < base.length
      ? base.with(segment, withField(base[segment], rest, field))
      : base;
  }
  if (!isRecord(base)) return base;
  return { ...base, [segment]: withField(Object.hasOwn(base, segment) ? base[segment] : {}, rest, field) };
}

function withoutField(base: unknown, [segment, ...rest]: readonly PathSegment[]): unknown {
  if (typeof segment === 'number') {
    return Array.isArray(base) && segment < base.length ? base.with(segment, withoutField(base[segment], rest)) : base;
  }
  if (segment === undefined || !isRecord(base) || !Object.hasOwn(base, segment)) return base;
  if (rest.length > 0) return { ...base, [segment]: withoutField(base[segment], rest) };
  return Object.fromEntries(Object.entries(base).filter(([key]) => key !== segment));
}
