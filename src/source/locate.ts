import type { Locate, Location, ObjectKey, Origin } from '../diagnostics/origin.ts';
import { type PathSegment, parseFieldPath } from '../lib/field-path.ts';
import { type TextLines, textLines } from '../lib/text-lines.ts';
import { documentTrees, findPlace, type Place } from './positions.ts';
import type { LineOf, SourceDocument, SourceFile } from './types.ts';

export interface Locator {
  readonly locate: Locate;
  readonly lineOf: LineOf;
  /** The place of a document itself, also of one that no key leads to: the second of two that share a key. */
  readonly locationOf: (document: SourceDocument) => Location | undefined;
}

/** Looks up origins and lines in files. A file's syntax tree is made when it is first asked for, and kept. */
export function locator(files: readonly SourceFile[]): Locator {
  const byName = new Map(files.map((file) => [file.file, file]));
  const owners = new Map<ObjectKey, SourceDocument>();
  for (const { documents } of files) {
    for (const document of documents) if (!owners.has(document.key)) owners.set(document.key, document);
  }
  const indexes = new Map<SourceFile, FileIndex>();
  const indexOf = (name: string): FileIndex | undefined => {
    const file = byName.get(name);
    if (file === undefined) return undefined;
    const known = indexes.get(file) ?? fileIndex(file.file, file.text);
    indexes.set(file, known);
    return known;
  };
  return {
    locate(origin) {
      const document = owners.get(origin.object);
      return document === undefined ? undefined : indexOf(document.file)?.locate(document, origin);
    },
    locationOf: (document) => indexOf(document.file)?.locate(document, { object: document.key, path: '' }),
    lineOf: (file, line) => indexOf(file)?.lineOf(line),
  };
}

/** Places in one text; its lines and its syntax tree are made when they are first needed. */
export interface FileIndex {
  lineOf(line: number): string | undefined;
  /** The place of a field of an object. */
  locate(document: SourceDocument, origin: Origin): Location;
  /** The place of a path in a YAML document, counted from 0. */
  place(index: number, path: readonly PathSegment[]): Location;
  /** The place of an offset. */
  at(offset: number): Location;
}

export function fileIndex(file: string, text: string): FileIndex {
  let lines: TextLines | undefined;
  const linesNow = (): TextLines => {
    lines ??= textLines(text);
    return lines;
  };
  let trees: ReturnType<typeof documentTrees> | undefined;
  const find = (index: number, path: readonly PathSegment[]): Place | undefined => {
    trees ??= documentTrees(text);
    const root = trees[index];
    return root === undefined ? undefined : findPlace(root, path);
  };
  return {
    lineOf: (line) => linesNow().line(line),
    at: (offset) => ({ file, ...linesNow().at(offset) }),
    place: (index, path) => mark(file, linesNow(), find(index, path)),
    locate({ index, within = '' }, origin) {
      const base = parseFieldPath(within);
      const path = parseFieldPath(origin.path);
      const place = find(index, [...base, ...path]);
      if (place !== undefined && path.length > 0 && place.depth > base.length) {
        const key = place.depth === base.length + path.length && origin.mark === 'key' ? place.key : undefined;
        return mark(file, linesNow(), key === undefined ? place : { value: key, simple: true, depth: place.depth });
      }
      // The object as a whole is shown by its name, which tells people more than its first line.
      return mark(file, linesNow(), find(index, [...base, 'metadata', 'name']));
    },
  };
}

/**
 * Marks the value when it stands on its key's line, and the key otherwise: the line shown always names the field. An
 * element of a list is marked at its start.
 */
function mark(file: string, lines: TextLines, place: Place | undefined): Location {
  if (place === undefined) return { file, line: 1, column: 1 };
  const value = place.value.start < 0 ? undefined : lines.at(place.value.start);
  const key = place.key === undefined ? undefined : lines.at(place.key.start);
  const range = key !== undefined && !(place.simple && value?.line === key.line) ? place.key : place.value;
  const start = lines.at(Math.max(range?.start ?? 0, 0));
  const end = range?.end === undefined ? undefined : lines.at(range.end);
  return {
    file,
    ...start,
    ...(end !== undefined && end.line === start.line && end.column > start.column ? { endColumn: end.column } : {}),
  };
}
