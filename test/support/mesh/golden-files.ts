import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The switch that rewrites outputs; requests and inputs are never written. */
const updating = process.env.UPDATE_GOLDEN === 'true';

const command = 'UPDATE_GOLDEN=true npx vitest run test/golden.test.ts';

/**
 * Holds a folder of expected outputs against what came out: `outputs` maps paths below the folder to texts. Returns what
 * is wrong as text for people, or nothing. With the switch on it writes instead, and removes what nothing produces.
 */
export function compareOutputs(
  folder: string,
  outputs: ReadonlyMap<string, string>,
  update = updating,
): string | undefined {
  const orphans = filesBelow(folder).filter((path) => !outputs.has(path));
  if (update) {
    for (const orphan of orphans) rmSync(join(folder, orphan));
    for (const [path, text] of outputs) write(join(folder, path), text);
    removeEmptyFolders(folder);
    return undefined;
  }
  const problems = [
    ...orphans.map((path) => `${shown(folder, path)}: nothing produces this file any more`),
    ...[...outputs].flatMap(([path, text]) => {
      const file = join(folder, path);
      if (!existsSync(file)) return [`${shown(folder, path)}: missing`];
      const expected = readFileSync(file, 'utf8');
      return expected === text ? [] : [`${shown(folder, path)}:\n${firstDifferences(expected, text)}`];
    }),
  ];
  if (problems.length === 0) return undefined;
  return `${problems.join('\n')}\n\nWhen the change is meant, rewrite the outputs and read the diff:\n  ${command}\n`;
}

const shown = (folder: string, path: string): string => relative(process.cwd(), join(folder, path));

function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function removeEmptyFolders(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

const shownLines = 20;

/** The lines between the common start and the common end of two texts. */
function firstDifferences(expected: string, actual: string): string {
  const old = expected.split('\n');
  const now = actual.split('\n');
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const removed = old.slice(start, old.length - end).map((line) => `- ${line}`);
  const added = now.slice(start, now.length - end).map((line) => `+ ${line}`);
  const context = old.slice(Math.max(0, start - 2), start).map((line) => `  ${line}`);
  return [`  @ line ${start + 1}`, ...context, ...cut(removed), ...cut(added)].join('\n');
}

function cut(lines: readonly string[]): readonly string[] {
  return lines.length <= shownLines
    ? lines
    : [...lines.slice(0, shownLines), `  ... ${lines.length - shownLines} more`];
}
