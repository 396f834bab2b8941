import { globSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { compareText } from '../lib/collections.ts';
import { err, ok, type Result } from '../lib/result.ts';

const manifestName = /\.(ya?ml|json)$/i;
const globCharacters = /[*?[\]{}]/;

/** Links to folders are followed this deep at most, so that a circle of them ends. */
const maxDepth = 64;

export interface FoundFile {
  readonly file: string;
  /** Whether the user named this very file, rather than a folder or a pattern that leads to it. */
  readonly named: boolean;
}

/** The files that a path stands for: itself, the manifests below a folder, or what a glob pattern matches. Sorted. */
export function findFiles(path: string): Result<readonly FoundFile[], Diagnostic> {
  const kind = kindOf(path);
  if (kind === 'file') return ok([{ file: path, named: true }]);
  try {
    if (kind === 'folder')
      return found(path, manifestsBelow(path, 0), 'the folder contains no .yaml, .yml or .json file');
    if (!globCharacters.test(path)) return err(unreadable(path, 'no such file or folder'));
    const matches = [...globSync(path)].sort(compareText);
    const files = matches.flatMap((match) => (kindOf(match) === 'folder' ? manifestsBelow(match, 0) : [match]));
    return found(path, [...new Set(files)], 'the pattern matches no file');
  } catch (error) {
    return err(unreadable(path, reason(error)));
  }
}

function found(path: string, files: readonly string[], otherwise: string): Result<readonly FoundFile[], Diagnostic> {
  if (files.length === 0) return err(diagnostic('SMI1005', { message: `nothing to read in ${path}: ${otherwise}` }));
  return ok(files.map((file) => ({ file, named: false })));
}

/** SMI1001 for a path. */
export function unreadable(path: string, why: string): Diagnostic {
  return diagnostic('SMI1001', { message: `cannot read ${path}: ${why}` });
}

/** What the system said, in words. */
export function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ELOOP: 'too many links',
    ENAMETOOLONG: 'the name is too long',
    EMFILE: 'too many open files',
  };
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}

function kindOf(path: string): 'file' | 'folder' | 'none' {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? 'none' : stat.isDirectory() ? 'folder' : 'file';
  } catch {
    return 'none';
  }
}

function manifestsBelow(folder: string, depth: number): readonly string[] {
  if (depth > maxDepth) return [];
  const files: string[] = [];
  for (const name of readdirSync(folder).sort(compareText)) {
    if (name.startsWith('.') || name === 'node_modules') continue;
    const path = join(folder, name);
    const kind = kindOf(path);
    if (kind === 'folder') files.push(...manifestsBelow(path, depth + 1));
    else if (manifestName.test(name) && (kind === 'file' || lstatSync(path).isSymbolicLink())) files.push(path);
  }
  return files;
}
