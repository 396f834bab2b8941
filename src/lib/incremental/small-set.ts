/**
 * A set that is small nearly always: there are several for each object of a mesh, and a `Set` each would take more memory
 * than everything else.
 */
export type SmallSet<T> = readonly T[] | Set<T> | undefined;

/** Up to here looking through all is as quick as hashing. */
const smallAtMost = 8;

/** The set with an item; the very same when it is in it. */
export function withItem<T>(set: SmallSet<T>, item: T): SmallSet<T> {
  if (set === undefined) return [item];
  if (set instanceof Set) return set.add(item);
  if (set.includes(item)) return set;
  return set.length < smallAtMost ? [...set, item] : new Set([...set, item]);
}

export function withoutItem<T>(set: SmallSet<T>, item: T): SmallSet<T> {
  if (set instanceof Set) {
    set.delete(item);
    return set.size === 0 ? undefined : set;
  }
  if (set?.includes(item) !== true) return set;
  return set.length === 1 ? undefined : set.filter((other) => other !== item);
}

export function sizeOf<T>(set: SmallSet<T>): number {
  return set instanceof Set ? set.size : (set?.length ?? 0);
}
