import type { ObjectKey, Origin } from '../diagnostics/origin.ts';

/** Things by the fields that they come from. */
export class OriginIndex<T> {
  readonly #byObject = new Map<ObjectKey, { readonly path: string; readonly value: T }[]>();

  add(origins: readonly Origin[], value: T): void {
    for (const { object, path } of origins) {
      const known = this.#byObject.get(object);
      if (known === undefined) this.#byObject.set(object, [{ path, value }]);
      else known.push({ path, value });
    }
  }

  /** What comes from the field, or from something around it. */
  around({ object, path }: Origin): readonly T[] {
    const known = this.#byObject.get(object) ?? [];
    return [...new Set(known.filter((one) => holds(one.path, path)).map(({ value }) => value))];
  }

  /** What comes from one of the fields, something around it, or something in it. */
  touching(origins: readonly Origin[]): ReadonlySet<T> {
    const found = new Set<T>();
    for (const { object, path } of origins) {
      for (const one of this.#byObject.get(object) ?? []) {
        if (holds(one.path, path) || holds(path, one.path)) found.add(one.value);
      }
    }
    return found;
  }
}

/** Whether a field is another one, or has it in it. */
function holds(outer: string, inner: string): boolean {
  if (outer === '' || outer === inner) return true;
  return inner.startsWith(outer) && /[.[]/.test(inner.charAt(outer.length));
}
