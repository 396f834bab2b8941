import { existsSync } from 'node:fs';
import { assemble } from '../../compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../compile/index.ts';
import { type Finding, toFindings } from '../../diagnostics/located.ts';
import { applyTo } from '../../kubernetes-client/apply.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { MeshModel } from '../../model/types.ts';
import { locateWritten } from '../../smi/written.ts';
import { combineSources, readSources, sourceOfBytes } from '../../source/read.ts';
import type { SourceSet } from '../../source/types.ts';
import { readStdin } from '../check-sources.ts';
import { type ClusterChoice, clusterSources } from '../cluster-input.ts';
import { type RevisionFault, readRevision } from './git.ts';

/** One side of a comparison: what it is called, what it means, and where that is written. */
export interface Side {
  readonly name: string;
  readonly model: MeshModel;
  readonly sources: SourceSet;
  /** What reading and compiling it found. */
  readonly findings: readonly Finding[];
}

/** A file, a folder, a pattern, `-`, or `REV:PATH` of git. What exists under a name is that, whatever git knows. */
export async function readSide(name: string): Promise<Result<Side, RevisionFault>> {
  const sources = await sourcesOf(name);
  return sources.ok ? ok(sideOf(name, locateWritten(sources.value))) : sources;
}

/** A cluster as it is, and as it would be with the manifests of a name applied. Throws `Unreachable`. */
export async function readClusterSides(
  name: string,
  choice: ClusterChoice,
): Promise<Result<readonly [Side, Side], RevisionFault>> {
  const files = await sourcesOf(name);
  if (!files.ok) return files;
  const cluster = await clusterSources(choice);
  const called = typeof choice.context === 'string' ? `cluster ${choice.context}` : 'cluster';
  const applied = applyTo(cluster, locateWritten(files.value));
  return ok([sideOf(called, cluster), sideOf(`${called} with ${name}`, applied)]);
}

function sideOf(name: string, sources: SourceSet): Side {
  const assembly = assemble(sources.documents);
  const { model, diagnostics } = createCompiler().compile(assembly.input, defaultCompileOptions);
  const all = [...sources.diagnostics, ...assembly.diagnostics, ...diagnostics];
  return { name, model, sources, findings: toFindings(all, sources.locate) };
}

async function sourcesOf(name: string): Promise<Result<SourceSet, RevisionFault>> {
  const [, revision, path] = /^([^:]+):(.*)$/s.exec(name) ?? [];
  if (name === '-') return ok(readSources([name], { stdin: await readStdin() }));
  if (existsSync(name) || revision === undefined || path === undefined) return readable(name, readSources([name]));
  const files = await readRevision(revision, path, (file) => /\.(?:ya?ml|json)$/i.test(file));
  if (!files.ok) return files;
  if (files.value.length === 0) return err({ message: `${name} has no manifests`, wrongUse: true });
  return ok(combineSources(files.value.map((file) => sourceOfBytes(`${revision}:${file.path}`, file.bytes))));
}

/** A side that cannot be read at all is no side: an empty one would make everything a change. */
function readable(name: string, sources: SourceSet): Result<SourceSet, RevisionFault> {
  const [fault] = sources.documents.length > 0 || !sources.brokenFiles.includes(name) ? [] : sources.diagnostics;
  return fault === undefined ? ok(sources) : err({ message: fault.message, wrongUse: true });
}
