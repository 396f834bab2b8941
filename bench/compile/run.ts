import { join } from 'node:path';
import { packageRoot } from '../../src/lib/package-root.ts';
import { costOf } from '../frontend/process-cost.ts';
import type { MeshFigures } from './figures.ts';
import type { MeshWork } from './measure.ts';
import type { CompileBenchOptions } from './options.ts';

export interface CompileReport {
  readonly name: 'compile';
  readonly changes: number;
  readonly meshes: readonly MeshFigures[];
}

/** What the compiler and the publisher cost on meshes of several sizes: all of it, and one changed object. */
export async function runCompile(
  { meshes, changes, connected }: CompileBenchOptions,
  progress: (line: string) => void,
): Promise<CompileReport> {
  const program = join(packageRoot(), 'bench/compile/program.ts');
  const figures: MeshFigures[] = [];
  for (const services of meshes) {
    const work: MeshWork = { services, changes, connected };
    const { stdout } = await costOf(process.execPath, [program, JSON.stringify(work)], { limitMillis: 600_000 });
    const measured = JSON.parse(stdout) as MeshFigures;
    progress(`${services} services: decoded and compiled in ${(measured.decode + measured.compile).toFixed(0)} ms`);
    figures.push(measured);
  }
  return { name: 'compile', changes, meshes: figures };
}
