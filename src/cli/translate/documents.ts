import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { dump } from 'js-yaml';
import type { Artifact } from '../../adapter/contract.ts';
import { isRecord } from '../../lib/values.ts';
import { printJson } from '../output.ts';

/** Prints documents as one stream; returns what stands against it. */
export function printDocuments(
  artifacts: readonly Artifact[],
  { output }: { readonly output: 'yaml' | 'json' },
): string | undefined {
  if (output === 'json') {
    printJson(jsonOf(artifacts));
    return undefined;
  }
  if (artifacts.length > 1 && artifacts.some(({ body }) => typeof body === 'string')) {
    return `${artifacts.length} files cannot be printed as one: name a folder with --out`;
  }
  process.stdout.write(artifacts.map(textOf).join('---\n'));
  return undefined;
}

/** A List where all are Kubernetes objects, so that kubectl takes it. */
function jsonOf(artifacts: readonly Artifact[]): unknown {
  const objects = artifacts.every(({ format }) => format === 'kubernetes');
  return objects
    ? { apiVersion: 'v1', kind: 'List', items: artifacts.map(({ body }) => body) }
    : artifacts.map(({ name, format, body }) => ({ name, format, body }));
}

function textOf({ body }: Artifact): string {
  return typeof body === 'string' ? body : dump(body, { noRefs: true, lineWidth: 120 });
}

/** Writes each document to a file of its own in a folder, and says which others are there; returns what stands against it. */
export function writeDocuments(artifacts: readonly Artifact[], folder: string): string | undefined {
  const files = new Map(artifacts.map((artifact) => [fileOf(artifact), textOf(artifact)]));
  if (files.size < artifacts.length) return 'two documents have the same name';
  const outside = [...files.keys()].find((file) => normalize(file).startsWith(`..${sep}`) || file.startsWith('/'));
  if (outside !== undefined) return `${outside} is not in ${folder}`;
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
  } catch (error) {
    return `${folder} cannot be written: ${(error as Error).message}`;
  }
  const others = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !files.has(file));
  if (others.length > 0) {
    process.stderr.write(`note: ${folder} also has ${others.length} other files, such as ${others[0]}\n`);
  }
  return undefined;
}

/** Of an object: `KIND.NAMESPACE.NAME.yaml`, in lower case; of any other document the name that it has. */
function fileOf({ name, format, body }: Artifact): string {
  if (format !== 'kubernetes' || !isRecord(body)) return name;
  const { namespace, name: own } = isRecord(body.metadata) ? body.metadata : {};
  return [body.kind, namespace, own]
    .flatMap((part) => (typeof part === 'string' ? [part.toLowerCase()] : []))
    .concat('yaml')
    .join('.');
}
