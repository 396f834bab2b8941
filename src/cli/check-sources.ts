import { assemble } from '../compile/assemble.ts';
import { type Compilation, type CompileOptions, createCompiler } from '../compile/index.ts';
import type { MeshInput } from '../compile/input.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type Finding, toFindings } from '../diagnostics/located.ts';
import { locateWritten } from '../smi/written.ts';
import { createSourceReader, fileSizeLimit, type SourceReader } from '../source/read.ts';
import type { SourceDocument, SourceSet } from '../source/types.ts';
import { type ClusterChoice, pathsMeant, withCluster } from './cluster-input.ts';

export interface CheckedSources {
  readonly sources: SourceSet;
  readonly model: Compilation['model'];
  /** Everything that reading, decoding and compiling found, by place. */
  readonly findings: readonly Finding[];
  /** Objects that were read, and those among them that neither SMI nor routing needs. */
  readonly objects: number;
  readonly foreign: number;
}

export interface CheckOptions {
  /** One that is kept from check to check reads unchanged files once. */
  readonly reader?: SourceReader;
  /** What to ask beyond the stages that every command needs. */
  readonly examine?: (
    documents: readonly SourceDocument[],
    input: MeshInput,
    model: Compilation['model'],
  ) => readonly Diagnostic[];
}

/**
 * Reads paths (`-` is standard input; none: the current folder), and a cluster when one is chosen, and takes them through
 * every stage. Never throws for what they contain; throws `Unreachable` when the cluster is.
 */
export async function checkSources(
  named: readonly string[],
  options: CompileOptions,
  cluster: ClusterChoice = {},
  { reader = createSourceReader(), examine = () => [] }: CheckOptions = {},
): Promise<CheckedSources> {
  const paths = pathsMeant(named, cluster);
  const files = locateWritten(reader.read(paths, paths.includes('-') ? { stdin: await readStdin() } : {}));
  const sources = await withCluster(files, cluster);
  const assembly = assemble(sources.documents);
  const { model, diagnostics } = createCompiler().compile(assembly.input, options);
  const examined = examine(sources.documents, assembly.input, model);
  const all = [...sources.diagnostics, ...assembly.diagnostics, ...diagnostics, ...examined];
  const findings = toFindings(all, sources.locate);
  const keys = new Set(sources.documents.map(({ key }) => key));
  // Everything that was decoded, and what was refused.
  const used = Object.values(assembly.input).flat().length;
  const foreign = keys.size - used;
  return { sources, model, findings, objects: keys.size, foreign };
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
