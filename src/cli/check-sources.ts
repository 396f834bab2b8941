import type { CompileOptions } from '../compile/index.ts';
import { type CheckedSources, checkSourceSet } from '../library/check.ts';
import { locateWritten } from '../smi/written.ts';
import { createSourceReader, fileSizeLimit, type SourceReader } from '../source/read.ts';
import type { SourceSet } from '../source/types.ts';
import { type ClusterChoice, pathsMeant, withCluster } from './cluster-input.ts';

export type { CheckedSources };

/**
 * Reads paths (`-` is standard input; none: the current folder), and a cluster when one is chosen. Never throws for what
 * they contain; throws `Unreachable` when the cluster is. A reader that is kept reads unchanged files once.
 */
export async function readInput(
  named: readonly string[],
  cluster: ClusterChoice = {},
  reader: SourceReader = createSourceReader(),
): Promise<SourceSet> {
  const paths = pathsMeant(named, cluster);
  const files = locateWritten(reader.read(paths, paths.includes('-') ? { stdin: await readStdin() } : {}));
  return withCluster(files, cluster);
}

/** The same, taken through every stage. */
export async function checkSources(
  named: readonly string[],
  options: CompileOptions,
  cluster: ClusterChoice = {},
): Promise<CheckedSources> {
  return checkSourceSet(await readInput(named, cluster), options);
}

/** Reads one byte more than the limit at most: enough for the reader to refuse it. */
export async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > fileSizeLimit) break;
  }
  return Buffer.concat(chunks);
}
