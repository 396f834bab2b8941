import { isDeepStrictEqual } from 'node:util';
import { formatFieldPath, type PathSegment } from '../../lib/field-path.ts';
import { isRecord } from '../../lib/values.ts';
import type { FieldDifference } from './contract.ts';

const maxDifferences = 200;

/**
 * The fields that two values of plain JSON say differently, each at the deepest path that both have. Lists are compared
 * by what their ends have in common, so that an element put in moves none of the others.
 */
export function jsonDifferences(has: unknown, wants: unknown): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  compare(has, wants, [], found);
  return found;
}

function compare(has: unknown, wants: unknown, path: readonly PathSegment[], found: FieldDifference[]): void {
  if (found.length >= maxDifferences || isDeepStrictEqual(has, wants)) return;
  if (isRecord(has) && isRecord(wants)) {
    for (const key of new Set([...Object.keys(has), ...Object.keys(wants)])) {
      compare(has[key], wants[key], [...path, key], found);
    }
  } else if (Array.isArray(has) && Array.isArray(wants)) {
    compareLists(has, wants, path, found);
  } else {
    found.push({
      path: formatFieldPath(path),
      ...(has === undefined ? {} : { has }),
      ...(wants === undefined ? {} : { wants }),
    });
  }
}

function compareLists(
  has: readonly unknown[],
  wants: readonly unknown[],
  path: readonly PathSegment[],
  found: FieldDifference[],
): void {
  const shorter = Math.min(has.length, wants.length);
  let start = 0;
  while (start < shorter && isDeepStrictEqual(has[start], wants[start])) start += 1;
  let end = 0;
  while (end < shorter - start && isDeepStrictEqual(has.at(-1 - end), wants.at(-1 - end))) end += 1;
  const [old, now] = [has.slice(start, has.length - end), wants.slice(start, wants.length - end)];
  for (let index = 0; index < Math.max(old.length, now.length); index += 1) {
    compare(old[index], now[index], [...path, start + index], found);
  }
}
