import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { describeObject, type ObjectKey } from '../diagnostics/origin.ts';
import { isRecord } from '../lib/values.ts';
import type { SourceDocument, SourceSet } from '../source/types.ts';

export type Documents = ReadonlyMap<ObjectKey, SourceDocument>;

export interface Restored {
  /** What is in force: good documents, and for the others the last good version where there was one. */
  readonly documents: Documents;
  /** Objects in force that the files do not say, or not without error. */
  readonly kept: readonly ObjectKey[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Decides what is in force after a read: an object with an error keeps its last good version, a damaged file keeps all
 * its objects, and an object that is gone from a sound file is gone.
 */
export function restoreLastGood(set: SourceSet, refused: ReadonlySet<ObjectKey>, lastGood: Documents): Restored {
  const documents = new Map<ObjectKey, SourceDocument>();
  const stated = new Set<ObjectKey>();
  for (const document of set.documents) {
    stated.add(document.key);
    if (!refused.has(document.key)) documents.set(document.key, document);
  }
  const diagnostics: Diagnostic[] = [];
  const keptRefused = [...refused].filter((key) => lastGood.has(key));
  for (const key of keptRefused) {
    const message = `${describeObject(key)} stays in force as it was before the error`;
    diagnostics.push(diagnostic('SMI6001', { message, origin: { object: key, path: '' } }));
  }
  const damaged = damagedPaths(set);
  const missing = [...lastGood.values()].filter(({ key, file }) => !stated.has(key) && isWithin(file, damaged));
  for (const [file, objects] of Map.groupBy(missing, (document) => document.file)) {
    const message = `${file} is not readable as a whole; what it held before stays in force: ${listOf(objects)}`;
    diagnostics.push(diagnostic('SMI6001', { message, location: { file, line: 1, column: 1 } }));
  }
  const kept = [...keptRefused, ...missing.map(({ key }) => key)];
  for (const key of kept) documents.set(key, lastGood.get(key)!);
  return { documents, kept, diagnostics };
}

/** Files and folders of which a part could not be read, so that what is missing there was not removed on purpose. */
function damagedPaths(set: SourceSet): ReadonlySet<string> {
  const unnamed = set.diagnostics.flatMap(({ severity, origin, location }) =>
    severity === 'error' && origin === undefined && location !== undefined ? [location.file] : [],
  );
  return new Set([...set.brokenFiles, ...unnamed]);
}

function isWithin(file: string, paths: ReadonlySet<string>): boolean {
  return paths.has(file) || [...paths].some((path) => file.startsWith(`${path.replace(/\/+$/, '')}/`));
}

const namedAtMost = 5;

function listOf(objects: readonly SourceDocument[]): string {
  const names = objects.slice(0, namedAtMost).map(({ key }) => describeObject(key));
  return `${names.join(', ')}${objects.length > namedAtMost ? ` and ${objects.length - namedAtMost} more` : ''}`;
}

const fileName = 'last-good.json';
const formatVersion = 1;

/** Keeps good documents in a private directory, for a start while a file is broken. */
export class LastGoodFile {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, fileName);
  }

  /** What was kept; nothing at the first start. A damaged file is reported and counts as nothing. */
  read(): { readonly documents: Documents; readonly diagnostics: readonly Diagnostic[] } {
    try {
      const documents = parseDocuments(readFileSync(this.#path, 'utf8'));
      return { documents: new Map(documents.map((document) => [document.key, document])), diagnostics: [] };
    } catch (error) {
      const known = (error as NodeJS.ErrnoException).code === 'ENOENT';
      return { documents: new Map(), diagnostics: known ? [] : [this.#unusable('read', error)] };
    }
  }

  /** Replaces what is kept, complete or not at all. */
  write(documents: Documents): readonly Diagnostic[] {
    const draft = `${this.#path}.draft`;
    try {
      writeFileSync(draft, JSON.stringify({ formatVersion, documents: [...documents.values()] }), { mode: 0o600 });
      chmodSync(draft, 0o600);
      renameSync(draft, this.#path);
      return [];
    } catch (error) {
      return [this.#unusable('written', error)];
    }
  }

  #unusable(what: string, error: unknown): Diagnostic {
    const why = error instanceof Error ? error.message : String(error);
    return diagnostic('SMI6002', { message: `${this.#path} could not be ${what}: ${why}` });
  }
}

function parseDocuments(text: string): readonly SourceDocument[] {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || value.formatVersion !== formatVersion || !Array.isArray(value.documents)) {
    throw new Error('not a file of this release');
  }
  if (!value.documents.every(isDocument)) throw new Error('it holds something that is not an object');
  return value.documents;
}

function isDocument(value: unknown): value is SourceDocument {
  if (!isRecord(value) || !isRecord(value.object) || typeof value.index !== 'number') return false;
  return [value.key, value.apiVersion, value.kind, value.file].every((field) => typeof field === 'string');
}
