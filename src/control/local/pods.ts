import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { describeObject } from '../../diagnostics/origin.ts';
import { assignLocal } from '../../kubernetes/local-addressing.ts';
import { podsOf } from '../../kubernetes/pods.ts';
import type { DeploymentObject, PodObject, ServiceObject } from '../../kubernetes/types.ts';

/** Processes are cheap, not free: a mistyped replica count must not fill the machine. */
export const localReplicaLimit = 20;

export interface PodPlan {
  readonly pods: readonly PodObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The pods that are to run here, with their addresses, for the Deployments that can run: every container says what to run.
 * `previous` is the plan before: what stays keeps its address and ports.
 */
export function planPods(
  previous: readonly PodObject[],
  deployments: readonly DeploymentObject[],
  services: readonly ServiceObject[],
  base: number,
): PodPlan {
  const diagnostics = deployments.flatMap((deployment) => [...findUnrunnable(deployment), ...findExcess(deployment)]);
  const pods = deployments
    .filter((deployment) => findUnrunnable(deployment).length === 0)
    .flatMap((deployment) => podsOf({ ...deployment, replicas: Math.min(deployment.replicas, localReplicaLimit) }))
    .map((pod) => ({ ...pod, ready: false }));
  return { pods: assignLocal(previous, pods, services, base), diagnostics };
}

function findUnrunnable({ meta, template }: DeploymentObject): readonly Diagnostic[] {
  const path = 'spec.template.spec.containers';
  if (template.spec.containers.length === 0) {
    const message = `${describeObject(meta.key)} has no container, so there is nothing to run`;
    return [diagnostic('SMI6101', { message, origin: { object: meta.key, path } })];
  }
  return template.spec.containers.flatMap(({ name, image, command }, index) => {
    if (command.length > 0) return [];
    const what = image === undefined ? 'has no command' : `has an image (${image}) and no command`;
    const message = `Container ${name} of ${describeObject(meta.key)} ${what}; images are not run here, so it does not start`;
    return [diagnostic('SMI6101', { message, origin: { object: meta.key, path: `${path}[${index}]` } })];
  });
}

function findExcess({ meta, replicas }: DeploymentObject): readonly Diagnostic[] {
  if (replicas <= localReplicaLimit) return [];
  const message = `${describeObject(meta.key)} asks for ${replicas} replicas; ${localReplicaLimit} run here`;
  return [diagnostic('SMI6102', { message, origin: { object: meta.key, path: 'spec.replicas' } })];
}
