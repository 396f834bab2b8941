import { formatFieldPath } from '../lib/field-path.ts';
import { type Fields, isRecord } from '../lib/values.ts';

/** What the apiserver keeps of an object for itself. */
const bookkeeping = ['managedFields', 'resourceVersion', 'generation', 'creationTimestamp', 'uid'];

/** The fields in which an object after a change differs from before, as paths. */
export function changedFields(before: Fields, after: Fields): readonly string[] {
  return [...differences(meant(before), meant(after), [])].map((path) => formatFieldPath(path));
}

function meant({ metadata, status: _, ...rest }: Fields): Fields {
  const own = Object.entries(isRecord(metadata) ? metadata : {}).filter(([name]) => !bookkeeping.includes(name));
  return { ...rest, metadata: Object.fromEntries(own) };
}

type Path = readonly (string | number)[];

function* differences(before: unknown, after: unknown, path: Path): Generator<Path> {
  if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* differences(before[name], after[name], [...path, name]);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, value] of before.entries()) yield* differences(value, after[index], [...path, index]);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) yield path;
}
