import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { ownersOf, podsOf, synthesisedPodLimit } from '../../kubernetes/pods.ts';
import type { PodObject } from '../../kubernetes/types.ts';
import { compareText } from '../../lib/collections.ts';
import { serviceId, workloadId } from '../../model/ids.ts';
import type { MeshInput } from '../input.ts';
import type { Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';

type Named = { readonly meta: { readonly namespace: string; readonly name: string } };

/** Makes every object reachable by `NAMESPACE/NAME`, and pods out of Deployments and the like that have none. */
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

/** Pods of owners that have none; those of a ReplicaSet of a Deployment are the Deployment's. */
function synthesised(input: MeshInput, context: PassContext): readonly PodObject[] {
  const running = new Set(
    input.pods.flatMap((pod) => ownersOf(pod).map((owner) => plainId(pod.meta.namespace, owner))),
  );
  return [...input.deployments, ...(input.podOwners ?? [])].flatMap((owner) => {
    const { key, namespace, name, owners } = owner.meta;
    const { kind } = parseObjectKey(key);
    if (running.has(plainId(namespace, `${kind}/${name}`)) || owners.some((parent) => parent.kind === 'Deployment')) {
      return [];
    }
    if (owner.replicas > synthesisedPodLimit) {
      context.report(
        diagnostic('SMI4020', {
          message: `${owner.replicas} replicas; the first ${synthesisedPodLimit} are shown`,
          origin: at(owner, kind === 'Job' ? 'spec.parallelism' : 'spec.replicas'),
        }),
      );
    }
    return podsOf(owner);
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
