import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { describeObject } from '../../diagnostics/origin.ts';
import { assignLocal } from '../../kubernetes/local-addressing.ts';
import { type DataPlaneKind, dataPlaneKinds, podAnnotations } from '../../kubernetes/names.ts';
import { podsOf } from '../../kubernetes/pods.ts';
import type { DeploymentObject, PodObject, ServiceObject } from '../../kubernetes/types.ts';

/** Processes are cheap, not free: a mistyped replica count must not fill the machine. */
export const localReplicaLimit = 20;

export interface PodPlan {
  readonly pods: readonly PodObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Which data planes pods may have. */
export interface DataPlaneChoice {
  /** Of pods that name none. */
  readonly usual: DataPlaneKind;
  readonly hasEnvoy: boolean;
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
  choice: DataPlaneChoice = { usual: 'proxy', hasEnvoy: false },
): PodPlan {
  const hindrances = (deployment: DeploymentObject) => [
    ...findUnrunnable(deployment),
    ...findNoDataPlane(deployment, choice),
  ];
  const diagnostics = deployments.flatMap((deployment) => [...hindrances(deployment), ...findExcess(deployment)]);
  const pods = deployments
    .filter((deployment) => hindrances(deployment).length === 0)
    .flatMap((deployment) => podsOf({ ...deployment, replicas: Math.min(deployment.replicas, localReplicaLimit) }))
    .map((pod) => ({ ...withDataPlane(pod, choice), ready: false }));
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

/** Never another one than it asks for: what a pod asks for may be why it is here. */
function findNoDataPlane({ meta, template }: DeploymentObject, { hasEnvoy }: DataPlaneChoice): readonly Diagnostic[] {
  const asked = template.annotations[podAnnotations.dataPlane];
  if (asked === undefined || asked === 'proxy' || (asked === 'envoy' && hasEnvoy)) return [];
  const because = asked === 'envoy' ? 'there is no Envoy' : `it is one of ${dataPlaneKinds.join(', ')}`;
  const message = `${describeObject(meta.key)} asks for the data plane ${JSON.stringify(asked)}; ${because}, so it does not start`;
  const path = 'spec.template.metadata.annotations';
  return [diagnostic('SMI6105', { message, origin: { object: meta.key, path } })];
}

function withDataPlane(pod: PodObject, { usual }: DataPlaneChoice): PodObject {
  const annotations = { [podAnnotations.dataPlane]: usual, ...pod.meta.annotations };
  return { ...pod, meta: { ...pod.meta, annotations } };
}

function findExcess({ meta, replicas }: DeploymentObject): readonly Diagnostic[] {
  if (replicas <= localReplicaLimit) return [];
  const message = `${describeObject(meta.key)} asks for ${replicas} replicas; ${localReplicaLimit} run here`;
  return [diagnostic('SMI6102', { message, origin: { object: meta.key, path: 'spec.replicas' } })];
}
