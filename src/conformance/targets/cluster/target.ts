import type { Target } from '../../target.ts';
import { reasonAgainst } from '../unable.ts';
import { batchesOf } from './lanes.ts';
import { ClusterConformanceMesh, type ClusterMeshOptions } from './mesh.ts';

/** At the same time: nodes that are made for tests are small. */
const mostPods = 28;
const concurrency = 4;

/** A mesh in a cluster, ours or somebody else's. */
export function clusterTarget(options: ClusterMeshOptions): Target {
  const { mesh } = options;
  return {
    name: mesh.mode,
    implementation: mesh.implementation,
    convergenceMillis: mesh.convergenceMillis,
    concurrency,
    reads: () => true,
    unable: (testCase) => reasonAgainst(testCase, mesh),
    batches: (cases) => batchesOf(cases, mostPods),
    open: (batch) => ClusterConformanceMesh.open(batch, options),
  };
}
