/** An array with at least one element: "none" and "any" are never spelled as an empty list. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** Narrows a list to `NonEmpty`, or `undefined` when it is empty. */
export function nonEmpty<T>(items: readonly T[]): NonEmpty<T> | undefined {
  return items.length > 0 ? (items as NonEmpty<T>) : undefined;
}

/** Code-unit order: the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A record with its keys in code-unit order, so that equal content serialises to equal bytes. */
export function sortedRecord<K extends string, V>(entries: Iterable<readonly [K, V]>): Readonly<Record<K, V>> {
  return Object.fromEntries([...entries].sort((a, b) => compareText(a[0], b[0]))) as Record<K, V>;
}
