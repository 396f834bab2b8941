import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureWholeKubernetes } from '../../../../scripts/kubernetes.mjs';
import { at, itemsOf } from '../../../../src/install/kinds.ts';
import type { ClusterAccess } from '../../support/access.ts';
import type { ApiClient } from '../../support/client.ts';
import { type Program, startProgram } from '../../support/process.ts';
import { make } from '../../support/workloads.ts';

const controllers = ['deployment', 'replicaset', 'endpointslice', 'garbage-collector'];
const lookMillis = 200;
const node = 'node';
const pods = '/api/v1/namespaces/default/pods';

/** Deployments and ReplicaSets make pods, pods become endpoints, and what an owner leaves is removed: the real controllers. */
export function startWorkloadControllers({ kubeconfig }: ClusterAccess, folder: string): Program {
  const program = join(
    ensureWholeKubernetes((line) => console.log(line)),
    'kube-controller-manager',
  );
  const args = [
    ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
    `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
  ];
  return startProgram(program, args, join(folder, 'kube-controller-manager.log'));
}

/**
 * In place of a scheduler and a kubelet: pods of the namespace `default` are on a node, ready, with an address, as soon as they are
 * seen, and gone when they are to go.
 */
export async function startPods(client: ApiClient): Promise<{ stop(): Promise<void> }> {
  await make(client, '/api/v1/nodes', { metadata: { name: node } });
  const stopped = new AbortController();
  let addresses = 0;
  const look = async (): Promise<void> => {
    for (const { metadata, status, spec } of itemsOf((await client.get(pods)).body)) {
      const name = String(at(metadata, 'name'));
      if (at(metadata, 'deletionTimestamp') !== undefined) {
        await client.delete(`${pods}/${name}?gracePeriodSeconds=0`);
      } else if (at(spec, 'nodeName') === undefined) {
        await client.post(`${pods}/${name}/binding`, { metadata: { name }, target: { kind: 'Node', name: node } });
      } else if (at(status, 'podIP') === undefined) {
        addresses += 1;
        await client.patch(`${pods}/${name}/status`, { status: running(`10.1.${addresses >> 8}.${addresses & 255}`) });
      }
    }
  };
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await delay(lookMillis, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await looking;
    },
  };
}

function running(ip: string): object {
  const lastTransitionTime = new Date().toISOString();
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
  return { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions };
}
