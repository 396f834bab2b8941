/**
 * The identity of a user's object: `GROUP/KIND/NAMESPACE/NAME`, where the core group is spelled `core`
 * (`split.smi-spec.io/TrafficSplit/default/bookstore`, `core/Service/default/bookstore`). It has no version: every
 * version of an object is the same object.
 */
export type ObjectKey = string & { readonly __brand: 'ObjectKey' };

/** Where something came from: a field of an object, as `spec.backends[1].weight`; the empty path is the object itself. */
export interface Origin {
  readonly object: ObjectKey;
  readonly path: string;
  /** Set where the name of the field is at fault rather than its value: it is the name that is marked then. */
  readonly mark?: 'key';
}

/** A place in a file; lines and columns count from 1, columns in UTF-16 code units. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** First column after the marked text, on the same line; absent when only the start is known. */
  readonly endColumn?: number;
}

/** Looks up where an origin stands now. Files change without the objects changing, so this is asked on demand only. */
export type Locate = (origin: Origin) => Location | undefined;

export function objectKey(group: string, kind: string, namespace: string, name: string): ObjectKey {
  return `${group === '' ? 'core' : group}/${kind}/${namespace}/${name}` as ObjectKey;
}

/** The parts of an object key. */
export function parseObjectKey(key: ObjectKey): { group: string; kind: string; namespace: string; name: string } {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return { group, kind, namespace, name };
}

/** Group and kind of an object, as its key spells them: `core/Service`. */
export function kindOf(key: ObjectKey): string {
  return key.slice(0, key.indexOf('/', key.indexOf('/') + 1));
}

/** How an object is named to people: `TrafficSplit default/bookstore`. */
export function describeObject(key: ObjectKey): string {
  const { kind, namespace, name } = parseObjectKey(key);
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}
