/** The first fault of a list, as `field[index].fault`. */
export function first<T>(
  field: string,
  items: readonly T[],
  fault: (item: T) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = fault(item);
    if (found !== undefined) return `${field}[${index}].${found}`;
  }
  return undefined;
}
