import { injectLabel } from '../../../../src/kubernetes/names.ts';
import type { ClusterAccess } from '../../support/access.ts';
import type { ApiClient } from '../../support/client.ts';
import { installMesh, untilReady } from './mesh.ts';
import { SplitWatch } from './splits.ts';
import { startPods, startWorkloadControllers } from './workloads.ts';

/** A mesh for a tool that moves weights: installed and ready, with workloads that become ready. What is to be stopped is put to `ends`. */
export async function startRolloutMesh(
  cluster: ClusterAccess,
  client: ApiClient,
  folder: string,
  ends: (() => unknown)[],
): Promise<SplitWatch> {
  const mesh = await installMesh(cluster, folder, {});
  ends.push(() => mesh.controller.stop());
  await untilReady(client, mesh);
  await client.patch('/api/v1/namespaces/default', { metadata: { labels: { [injectLabel]: 'enabled' } } });
  const workloads = startWorkloadControllers(cluster, folder);
  ends.push(() => workloads.stop(5_000));
  const pods = await startPods(client);
  ends.push(() => pods.stop());
  const splits = await SplitWatch.start(cluster, client, mesh, folder);
  ends.push(() => splits.close());
  return splits;
}

/** What Deployments and Rollouts have in common: one pod, of the revision `first`. */
export function workloadSpec(name: string, containerPort: number): object {
  return {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations: { revision: 'first' } },
      spec: {
        serviceAccountName: name,
        containers: [{ name: 'main', image: 'x', ports: [{ name: 'http', containerPort }] }],
      },
    },
  };
}

/** Gives a workload, by its path, pods of another revision. */
export function release(client: ApiClient, workload: string, revision: string): Promise<unknown> {
  return client.patch(workload, { spec: { template: { metadata: { annotations: { revision } } } } });
}
