import type { Origin } from '../diagnostics/origin.ts';
import { parseObjectKey } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment, parseFieldPath } from '../lib/field-path.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { SourceDocument, SourceSet } from '../source/types.ts';
import { isSmiGroup } from './versions.ts';

/**
 * Where a field of the hub stands in an object as it was written: older versions have no `spec`, or other names in it, and
 * headers may be a list. Paths that are no hub paths stay as they are, so a path of the written object may be asked too.
 */
export function writtenPath(document: SourceDocument, path: readonly PathSegment[]): readonly PathSegment[] {
  if (path[0] !== 'spec' || Object.hasOwn(document.object, 'spec')) return headerInList(document, path);
  const [, field, ...rest] = path;
  if (field === undefined) return [];
  return headerInList(
    document,
    document.kind === 'TrafficTarget' && field === 'rules' ? ['specs', ...rest] : [field, ...rest],
  );
}

/** The part of an object that the hub calls `spec`, with the field names that its version has; in some it is the object. */
export function writtenSpec({ object }: SourceDocument): Fields {
  if (!Object.hasOwn(object, 'spec')) return object;
  return isRecord(object.spec) ? object.spec : {};
}

/** `headers.NAME` where headers are written as a list of single-key objects: `headers[2].NAME`. */
function headerInList({ object }: SourceDocument, path: readonly PathSegment[]): readonly PathSegment[] {
  const at = path.indexOf('headers');
  const name = path[at + 1];
  if (at < 0 || typeof name !== 'string') return path;
  const headers = path.slice(0, at + 1).reduce<unknown>(child, object);
  const position = Array.isArray(headers)
    ? headers.findIndex((item) => isRecord(item) && Object.hasOwn(item, name))
    : -1;
  return position < 0 ? path : path.toSpliced(at + 1, 0, position);
}

function child(value: unknown, segment: PathSegment): unknown {
  if (Array.isArray(value)) return typeof segment === 'number' ? value[segment] : undefined;
  return isRecord(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

/** An origin with the hub path translated, for naming and finding the field as its author wrote it. */
export function writtenOrigin(document: SourceDocument, origin: Origin): Origin {
  return { ...origin, path: formatFieldPath(writtenPath(document, parseFieldPath(origin.path))) };
}

/** The set with a `locate` that finds fields of the hub in objects of every version. */
export function locateWritten(set: SourceSet): SourceSet {
  const documents = new Map(set.documents.toReversed().map((document) => [document.key, document]));
  return {
    ...set,
    locate(origin) {
      const document = documents.get(origin.object);
      const isSmi = document !== undefined && isSmiGroup(parseObjectKey(document.key).group);
      return set.locate(isSmi ? writtenOrigin(document, origin) : origin);
    },
  };
}
