import { afterAll } from 'vitest';
import { ensureKubernetes } from '../../../scripts/kubernetes.mjs';
import type { ClusterAccess } from './access.ts';
import { startCluster } from './cluster.ts';

/** An apiserver for the tests of one file, stopped after them. Waited for at the top of the file. */
export async function startTestCluster(): Promise<ClusterAccess> {
  const cluster = await startCluster(ensureKubernetes((line) => console.log(line)));
  afterAll(cluster.stop);
  return cluster;
}
