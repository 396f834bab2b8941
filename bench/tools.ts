import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { BenchFailure } from './failure.ts';

/** Programs that the benchmark runs, by name, with the Debian package that brings each. */
const packages = { h2load: 'nghttp2-client', nginx: 'nginx', haproxy: 'haproxy', taskset: 'util-linux' } as const;

type Tool = keyof typeof packages;

/** Full paths of all tools, or a failure that names the missing ones and the line that installs them. */
export function findTools(): Readonly<Record<Tool, string>> {
  return findAll(Object.keys(packages) as readonly Tool[]);
}

export function findTool(tool: Tool): string {
  return findAll([tool])[tool];
}

function findAll<Name extends Tool>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const found = names.map((name) => [name, find(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const install = missing.map((name) => packages[name]).join(' ');
    throw new BenchFailure(
      `missing: ${missing.join(', ')}\n  hint: apt-get install --no-install-recommends ${install}`,
    );
  }
  return Object.fromEntries(found) as Record<Name, string>;
}

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Which cores the two sides use, in the notation of `taskset -c`: the proxy alone on one, everything else on the others. */
export function coreLists(): { readonly proxy: string; readonly others: string } {
  const cores = availableParallelism();
  if (cores < 2) return { proxy: '0', others: '0' };
  return { proxy: '0', others: cores === 2 ? '1' : `1-${cores - 1}` };
}
