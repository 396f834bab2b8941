import type { TestProject } from 'vitest/node';
import { ensureKubernetes } from '../../../scripts/kubernetes.mjs';
import type { ClusterAccess } from './access.ts';
import { startCluster } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly cluster: ClusterAccess;
  }
}

/** One apiserver for the whole run; the tests get at it by `inject('cluster')`. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...access } = await startCluster(ensureKubernetes((line) => console.log(line)));
  project.provide('cluster', access);
  return stop;
}
