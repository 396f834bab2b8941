import type { Target } from '../../target.ts';
import { batchesOf } from '../batches.ts';
import type { ProgramMeshDescription } from '../description.ts';
import { reasonAgainst } from '../unable.ts';
import { ProgramConformanceMesh } from './mesh.ts';

const concurrency = 4;
/** Of one start of the program. */
const mostPods = 100;

/** Somebody's mesh that is a program on this machine. */
export function programTarget(mesh: ProgramMeshDescription): Target {
  return {
    name: mesh.mode,
    implementation: mesh.implementation,
    convergenceMillis: mesh.convergenceMillis,
    concurrency,
    unable: (testCase) => reasonAgainst(testCase, mesh),
    batches: (cases) => batchesOf(cases, mostPods),
    open: (batch) => ProgramConformanceMesh.open(batch, mesh),
  };
}
