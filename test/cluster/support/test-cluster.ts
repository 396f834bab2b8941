import { afterAll } from 'vitest';
import { ensureKubernetes } from '../../../scripts/kubernetes.mjs';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';

/** An apiserver for the tests of one file, stopped after them. Waited for at the top of the file. */
export async function startTestCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await startCluster(
    ensureKubernetes((line) => console.log(line)),
    options,
  );
  afterAll(cluster.stop);
  return cluster;
}
