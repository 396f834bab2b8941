/** `a, b, c and 4 more`: at most so many names, the rest counted. */
export function listing(names: readonly string[], limit: number): string {
  const more = names.length - limit;
  return `${names.slice(0, limit).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
