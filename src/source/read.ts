import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { describeObject, type ObjectKey } from '../diagnostics/origin.ts';
import { type FoundFile, findFiles, reason, unreadable } from './files.ts';
import { locator } from './locate.ts';
import { brokenFile, parseSource } from './parse.ts';
import type { SourceDocument, SourceFile, SourceSet } from './types.ts';

/** Largest file that is read, in bytes. */
export const fileSizeLimit = 16 * 1024 * 1024;

/** Most values that a file may have, counted by what stands between them: line ends and commas. */
const valueLimit = 1_500_000;

/** How standard input is called in diagnostics. */
export const stdinName = '<stdin>';

export interface ReadOptions {
  /** What stands for the path `-`; reading it is the caller's work. */
  readonly stdin?: Uint8Array;
}

export interface SourceReader {
  /**
   * Reads files, folders (recursively), glob patterns and `-` (standard input). Whatever is wrong is a diagnostic; the
   * rest is read all the same.
   */
  read(paths: readonly string[], options?: ReadOptions): SourceSet;
}

/** A reader that parses a file again only when its text has changed since the last `read`. */
export function createSourceReader(): SourceReader {
  let known = new Map<string, SourceFile>();
  return {
    read(paths, options = {}) {
      const diagnostics: Diagnostic[] = [];
      const missing: string[] = [];
      const files = new Map<string, SourceFile>();
      for (const path of paths) {
        if (path === '-') {
          files.set(stdinName, sourceOf(stdinName, options.stdin ?? new Uint8Array(), known.get(stdinName)));
          continue;
        }
        const found = findFiles(path);
        if (!found.ok) {
          diagnostics.push(found.error);
          missing.push(path);
          continue;
        }
        for (const { file, named } of found.value) {
          if (!files.has(file)) files.set(file, softened(readFile(file, known.get(file)), named));
        }
      }
      known = files;
      const set = combineSources([...files.values()]);
      return {
        ...set,
        diagnostics: [...diagnostics, ...set.diagnostics],
        brokenFiles: [...missing, ...set.brokenFiles],
      };
    },
  };
}

/** Reads once; see `SourceReader`. */
export function readSources(paths: readonly string[], options: ReadOptions = {}): SourceSet {
  return createSourceReader().read(paths, options);
}

/** The set that one text makes. */
export function readSourceText(file: string, text: string): SourceSet {
  return combineSources([parseSource(file, text)]);
}

/** The file that bytes from elsewhere than the file system make. */
export function sourceOfBytes(file: string, bytes: Uint8Array): SourceFile {
  return sourceOf(file, bytes, undefined);
}

/** Joins files: objects that are defined twice are found, and every origin can be located. */
export function combineSources(files: readonly SourceFile[]): SourceSet {
  const { locate, lineOf, locationOf } = locator(files);
  const diagnostics: Diagnostic[] = files.flatMap((file) => file.diagnostics);
  const documents: SourceDocument[] = [];
  const first = new Map<ObjectKey, SourceDocument>();
  for (const file of files) {
    for (const document of file.documents) {
      const earlier = first.get(document.key);
      if (earlier === undefined) {
        first.set(document.key, document);
        documents.push(document);
        continue;
      }
      const same = isDeepStrictEqual(earlier.object, document.object);
      // Documents that contradict each other both stay: their object is refused, whichever was meant.
      if (!same) documents.push(document);
      const location = locationOf(document);
      diagnostics.push(
        diagnostic('SMI1008', {
          message: `${describeObject(document.key)} is defined twice${same ? ', both times the same' : ' and the definitions differ'}`,
          severity: same ? 'warning' : 'error',
          ...(location === undefined ? {} : { location }),
          related: [{ object: document.key, path: '' }],
        }),
      );
    }
  }
  const brokenFiles = files.filter((file) => file.broken).map((file) => file.file);
  return { files, documents, diagnostics, brokenFiles, locate, lineOf };
}

function readFile(file: FoundFile['file'], known: SourceFile | undefined): SourceFile {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const stat = fstatSync(descriptor);
    if (stat.size > fileSizeLimit) return tooLarge(file, stat.size);
    return sourceOf(file, readFileSync(descriptor), known);
  } catch (error) {
    return brokenFile(file, '', unreadable(file, reason(error)));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function sourceOf(file: string, bytes: Uint8Array, known: SourceFile | undefined): SourceFile {
  if (bytes.byteLength > fileSizeLimit) return tooLarge(file, bytes.byteLength);
  if (hasTooManyValues(bytes)) {
    const message = `${file} has more than ${valueLimit} lines and commas`;
    return brokenFile(file, '', diagnostic('SMI1004', { message }));
  }
  const text = decode(bytes);
  if (text === undefined) {
    const message = `${file} is not text: it contains ${bytes.includes(0) ? 'NUL bytes' : 'bytes that are not UTF-8'}`;
    return brokenFile(file, '', diagnostic('SMI1003', { message }));
  }
  return known !== undefined && !known.broken && known.text === text ? known : parseSource(file, text);
}

/** Parsing costs by the value, not by the byte: a few megabytes of `- a` would take gigabytes. */
function hasTooManyValues(bytes: Uint8Array): boolean {
  if (bytes.length <= valueLimit) return false;
  let count = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === 0x0a || byte === 0x2c || (byte === 0x0d && bytes[index + 1] !== 0x0a)) count += 1;
  }
  return count > valueLimit;
}

function tooLarge(file: string, size: number): SourceFile {
  const message = `${file} has ${size} bytes, more than the limit of ${fileSizeLimit}`;
  return brokenFile(file, '', diagnostic('SMI1004', { message }));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 text without its byte order mark; `undefined` for anything else. */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** An empty file that only came along with its folder deserves a remark, not an error. */
function softened(source: SourceFile, named: boolean): SourceFile {
  if (named || !source.diagnostics.some(({ code }) => code === 'SMI1006')) return source;
  const diagnostics = source.diagnostics.map((item) =>
    item.code === 'SMI1006' ? { ...item, severity: 'warning' as const } : item,
  );
  return { ...source, diagnostics };
}
