import { isDeepStrictEqual } from 'node:util';

/**
 * The next value with every equal part of the previous one put in its place: whole when they are equal, otherwise entry
 * by entry for a record. Whoever memoises by identity then sees only what changed.
 */
export function reuseRecord<K extends string, V>(
  previous: Readonly<Record<K, V>> | undefined,
  next: Readonly<Record<K, V>>,
): Readonly<Record<K, V>> {
  if (previous === undefined) return next;
  const keys = Object.keys(next) as K[];
  const entries = keys.map((key) => [key, reuseValue(previous[key], next[key])] as const);
  const same = keys.length === Object.keys(previous).length && entries.every(([key, value]) => previous[key] === value);
  return same ? previous : (Object.fromEntries(entries) as Record<K, V>);
}

export function reuseValue<T>(previous: T | undefined, next: T): T {
  return previous !== undefined && isDeepStrictEqual(previous, next) ? previous : next;
}
