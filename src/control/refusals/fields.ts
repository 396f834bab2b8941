import { isDeepStrictEqual } from 'node:util';
import type { Origin } from '../../diagnostics/origin.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment, parseFieldPath } from '../../lib/field-path.ts';
import { isRecord } from '../../lib/values.ts';
import { isSmiGroup } from '../../smi/versions.ts';
import { writtenPath } from '../../smi/written.ts';
import type { SourceDocument } from '../../source/types.ts';

/** One text or number somewhere under an origin's field. */
export interface Leaf {
  /** Of the object as it is written, which lookups by line take too. */
  readonly path: string;
  readonly text: string;
}

/** An object has so many fields that decide something, at the most, that blame looks at. */
const maxLeaves = 2_000;

/** The value of an origin's field in an object as its author wrote it; `undefined` where it has none. */
export function fieldValue(document: SourceDocument, origin: Origin): unknown {
  return pathOf(document, origin).reduce<unknown>(child, document.object);
}

/** The texts and numbers of an origin's field, each with its own path. */
export function leavesOf(document: SourceDocument, origin: Origin): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const path = pathOf(document, origin);
  collect(path.reduce<unknown>(child, document.object), path, leaves);
  return leaves;
}

/** The deepest field under an origin's in which all that differs between two states of an object lies. */
export function changedField(before: SourceDocument, now: SourceDocument, origin: Origin): Origin {
  const path = [...pathOf(now, origin)];
  let [old, current] = [fieldValue(before, origin), fieldValue(now, origin)];
  while (typeof old === 'object' && typeof current === 'object' && Array.isArray(old) === Array.isArray(current)) {
    const different = keysOf(old, current).filter((key) => !isDeepStrictEqual(child(old, key), child(current, key)));
    const [key] = different;
    if (key === undefined || different.length > 1 || child(current, key) === undefined) break;
    path.push(key);
    [old, current] = [child(old, key), child(current, key)];
  }
  return { object: origin.object, path: formatFieldPath(path) };
}

function keysOf(...values: readonly unknown[]): readonly PathSegment[] {
  const keys = values.flatMap((value): PathSegment[] => {
    if (Array.isArray(value)) return [...value.keys()];
    return isRecord(value) ? Object.keys(value) : [];
  });
  return [...new Set(keys)];
}

function pathOf(document: SourceDocument, { path }: Origin): readonly PathSegment[] {
  const segments = parseFieldPath(path);
  return isSmiGroup(parseObjectKey(document.key).group) ? writtenPath(document, segments) : segments;
}

function child(value: unknown, segment: PathSegment): unknown {
  if (Array.isArray(value)) return typeof segment === 'number' ? value[segment] : undefined;
  return isRecord(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

function collect(value: unknown, path: readonly PathSegment[], leaves: Leaf[]): void {
  if (leaves.length >= maxLeaves) return;
  if (typeof value === 'string' || typeof value === 'number') {
    leaves.push({ path: formatFieldPath(path), text: String(value) });
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      collect(item, [...path, index], leaves);
    });
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) collect(item, [...path, key], leaves);
  }
}
