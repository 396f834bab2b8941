import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { deploymentOf, podsOf, synthesisedPodLimit } from '../../kubernetes/pods.ts';
import type { PodObject } from '../../kubernetes/types.ts';
import { compareText } from '../../lib/collections.ts';
import { serviceId, workloadId } from '../../model/ids.ts';
import type { MeshInput } from '../input.ts';
import type { Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';

type Named = { readonly meta: { readonly namespace: string; readonly name: string } };

/** Makes every object reachable by `NAMESPACE/NAME`, and pods out of Deployments that have none. */
export const indexObjects: Pass = {
  name: 'index',
  run(_state, context) {
    const { input } = context;
    return {
      index: {
        services: byName(input.services, serviceId),
        pods: byName([...input.pods, ...synthesised(input, context)], workloadId),
        deployments: byName(input.deployments, plainId),
        declaredAccounts: new Set(input.serviceAccounts.map(({ meta }) => plainId(meta.namespace, meta.name))),
        routeGroups: byName(input.routeGroups, plainId),
        tcpRoutes: byName(input.tcpRoutes, plainId),
        udpRoutes: byName(input.udpRoutes ?? [], plainId),
        identityBindings: byName(input.identityBindings ?? [], plainId),
      },
    };
  },
};

function synthesised(input: MeshInput, context: PassContext): readonly PodObject[] {
  const running = new Set(input.pods.map((pod) => plainId(pod.meta.namespace, deploymentOf(pod) ?? '')));
  return input.deployments.flatMap((deployment) => {
    if (running.has(plainId(deployment.meta.namespace, deployment.meta.name))) return [];
    if (deployment.replicas > synthesisedPodLimit) {
      context.report(
        diagnostic('SMI4020', {
          message: `${deployment.replicas} replicas; the first ${synthesisedPodLimit} are shown`,
          origin: at(deployment, 'spec.replicas'),
        }),
      );
    }
    return podsOf(deployment);
  });
}

/** Sorted by id, so that the order of the input decides nothing; of two objects with one name the first stands. */
function byName<Id extends string, T extends Named>(
  objects: readonly T[],
  id: (namespace: string, name: string) => Id,
): ReadonlyMap<Id, T> {
  const found = new Map<Id, T>();
  for (const object of objects) {
    const key = id(object.meta.namespace, object.meta.name);
    if (!found.has(key)) found.set(key, object);
  }
  return new Map([...found].sort((a, b) => compareText(a[0], b[0])));
}

function plainId(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
