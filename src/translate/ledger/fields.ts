import { formatFieldPath, type PathSegment } from '../../lib/field-path.ts';
import { isRecord } from '../../lib/values.ts';

export interface Field {
  readonly path: string;
  readonly segments: readonly PathSegment[];
  readonly value: unknown;
}

/** Every scalar of an object, and every list or mapping that is empty, in the order of the text. */
export function fieldsOf(object: unknown): readonly Field[] {
  const found: Field[] = [];
  const visit = (value: unknown, segments: readonly PathSegment[]): void => {
    const children: readonly (readonly [PathSegment, unknown])[] = Array.isArray(value)
      ? value.map((item, index) => [index, item])
      : isRecord(value)
        ? Object.entries(value)
        : [];
    if (children.length === 0) found.push({ path: formatFieldPath(segments), segments, value });
    for (const [segment, child] of children) visit(child, [...segments, segment]);
  };
  visit(object, []);
  return found;
}
