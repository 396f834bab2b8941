/**
 * Hands over every item, and those that are added meanwhile, and leaves the set empty. When `work` throws all stay in it.
 * Items are not deleted one by one: that is dear for sets of many thousand.
 */
export function drain<T>(items: Set<T>, work: (item: T) => void): void {
  while (items.size > 0) {
    const taken = [...items];
    items.clear();
    try {
      taken.forEach(work);
    } catch (fault) {
      for (const item of taken) items.add(item);
      throw fault;
    }
  }
}
