import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { ownersOf, podsOf, synthesisedPodLimit } from '../../kubernetes/pods.ts';
import type { PodObject, PodOwnerObject } from '../../kubernetes/types.ts';
import { compareText } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import type { Stage } from '../../lib/incremental/stage.ts';
import { Table } from '../../lib/incremental/table.ts';
import { workloadId } from '../../model/ids.ts';
import type { WorkloadId } from '../../model/types.ts';
import type { PassContext } from '../state.ts';
import { at } from '../state.ts';

/** The pods that run, and those that Deployments and the like without any would have. */
export function runningPods(context: PassContext): Stage<WorkloadId, PodObject> {
  const { graph } = context;
  const { pods, podOwners } = context.input;
  /** By `NAMESPACE/KIND/NAME` of the owner. */
  const owned = new Groups(graph, pods, (pod) =>
    ownersOf(pod).map((owner): [string, true] => [`${pod.meta.namespace}/${owner}`, true]),
  );
  const synthesised = new Table(graph, [podOwners], (key) => {
    const owner = podOwners.get(key);
    return owner === undefined ? undefined : synthesise(owner, (name) => owned.has(name), context);
  });
  const byId = new Groups(
    graph,
    synthesised,
    (made) => made.map((pod): [WorkloadId, PodObject] => [workloadId(pod.meta.namespace, pod.meta.name), pod]),
    deploymentsFirst,
  );
  return new Table(graph, [pods, byId], (id) => pods.get(id) ?? byId.get(id)?.[0]);
}

/** Pods of an owner that has none; those of a ReplicaSet of a Deployment are the Deployment's. */
function synthesise(
  owner: PodOwnerObject,
  hasPods: (owner: string) => boolean,
  context: PassContext,
): readonly PodObject[] {
  const { key, namespace, name, owners } = owner.meta;
  const { kind } = parseObjectKey(key);
  if (hasPods(`${namespace}/${kind}/${name}`) || owners.some((parent) => parent.kind === 'Deployment')) return [];
  if (owner.replicas > synthesisedPodLimit) {
    context.report(
      diagnostic('SMI4020', {
        message: `${owner.replicas} replicas; the first ${synthesisedPodLimit} are shown`,
        origin: at(owner, kind === 'Job' ? 'spec.parallelism' : 'spec.replicas'),
      }),
    );
  }
  return podsOf(owner);
}

/** Of pods that would have one name. */
function deploymentsFirst(a: PodObject, b: PodObject): number {
  const other = ({ meta }: PodObject) => Number(parseObjectKey(meta.key).kind !== 'Deployment');
  return other(a) - other(b) || compareText(a.meta.key, b.meta.key);
}
