import type { Target } from '../../target.ts';
import { reasonAgainst } from '../unable.ts';
import { lanesOf } from './lanes.ts';
import { ClusterConformanceMesh, type ClusterMeshOptions } from './mesh.ts';
import { Turns } from './turns.ts';

/** Nodes that are made for tests are small: some 24 pods stand at a time. */
const lanesAtOnce = 6;
/** Pods of so many lanes start at the same time. */
const startsAtOnce = 2;

/** A mesh in a cluster, ours or somebody else's. */
export function clusterTarget(options: ClusterMeshOptions): Target {
  const { mesh } = options;
  const starts = new Turns(startsAtOnce);
  return {
    name: mesh.mode,
    implementation: mesh.implementation,
    convergenceMillis: mesh.convergenceMillis,
    concurrency: 1,
    batchesAtOnce: lanesAtOnce,
    reads: () => true,
    outsiders: true,
    unable: (testCase) => reasonAgainst(testCase, mesh),
    batches: lanesOf,
    open: (lane) => ClusterConformanceMesh.open(lane, options, starts),
  };
}
