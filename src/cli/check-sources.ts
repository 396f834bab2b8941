import { assemble } from '../compile/assemble.ts';
import { type Compilation, type CompileOptions, createCompiler } from '../compile/index.ts';
import { type Finding, toFindings } from '../diagnostics/located.ts';
import { locateWritten } from '../smi/written.ts';
import { fileSizeLimit, readSources } from '../source/read.ts';
import type { SourceSet } from '../source/types.ts';

export interface CheckedSources {
  readonly sources: SourceSet;
  readonly model: Compilation['model'];
  /** Everything that reading, decoding and compiling found, by place. */
  readonly findings: readonly Finding[];
  /** Objects that were read, and those among them that neither SMI nor routing needs. */
  readonly objects: number;
  readonly foreign: number;
}

/** Reads paths (`-` is standard input) and takes them through every stage. Never throws for what they contain. */
export async function checkSources(paths: readonly string[], options: CompileOptions): Promise<CheckedSources> {
  const sources = locateWritten(readSources(paths, paths.includes('-') ? { stdin: await readStdin() } : {}));
  const assembly = assemble(sources.documents);
  const { model, diagnostics } = createCompiler().compile(assembly.input, options);
  const findings = toFindings([...sources.diagnostics, ...assembly.diagnostics, ...diagnostics], sources.locate);
  const keys = new Set(sources.documents.map(({ key }) => key));
  // Everything that was decoded, and what was refused.
  const used = Object.values(assembly.input).flat().length;
  const foreign = keys.size - used;
  return { sources, model, findings, objects: keys.size, foreign };
}

/** Reads one byte more than the limit at most: enough for the reader to refuse it. */
async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > fileSizeLimit) break;
  }
  return Buffer.concat(chunks);
}
