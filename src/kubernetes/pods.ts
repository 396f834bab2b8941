import type {
  ContainerPortObject,
  DeploymentObject,
  PodObject,
  PodSpecObject,
  ServiceObject,
  ServicePortObject,
} from './types.ts';

/** More pods of one Deployment say nothing new about routing; a mistyped replica count must not fill the memory. */
export const synthesisedPodLimit = 1_000;

/**
 * The pods that a Deployment would have, named `NAME-ORDINAL` from 0, without addresses, ready. Their `meta.key` is the
 * Deployment's: that is the object that the user wrote.
 */
export function podsOf(deployment: DeploymentObject): readonly PodObject[] {
  const count = Math.max(0, Math.min(deployment.replicas, synthesisedPodLimit));
  return Array.from({ length: count }, (_, ordinal) => ({
    meta: {
      key: deployment.meta.key,
      namespace: deployment.meta.namespace,
      name: `${deployment.meta.name}-${ordinal}`,
      labels: deployment.template.labels,
      annotations: deployment.template.annotations,
      owners: [{ kind: 'Deployment', name: deployment.meta.name }],
    },
    spec: deployment.template.spec,
    ips: [],
    ready: true,
  }));
}

/** Name of the Deployment that the pod belongs to, directly or through a ReplicaSet (`DEPLOYMENT-HASH`). */
export function deploymentOf({ meta }: PodObject): string | undefined {
  for (const { kind, name } of meta.owners) {
    if (kind === 'Deployment') return name;
    const end = name.lastIndexOf('-');
    if (kind === 'ReplicaSet' && end > 0) return name.slice(0, end);
  }
  return undefined;
}

/** Whether the Service's selector picks the pod: same namespace, every label equal. An absent or empty selector picks none. */
export function selects(service: ServiceObject, pod: PodObject): boolean {
  if (service.selector === undefined || service.meta.namespace !== pod.meta.namespace) return false;
  const wanted = Object.entries(service.selector);
  return wanted.length > 0 && wanted.every(([key, value]) => pod.meta.labels[key] === value);
}

/** Every port that the pod's containers declare. */
export function containerPorts(spec: PodSpecObject): readonly ContainerPortObject[] {
  return spec.containers.flatMap((container) => container.ports);
}

/**
 * The container port that a Service port reaches on a pod: the number, or the first port of the same protocol with the
 * wanted name; `undefined` when the pod has none of that name.
 */
export function resolveTargetPort(spec: PodSpecObject, port: ServicePortObject): number | undefined {
  if (typeof port.targetPort === 'number') return port.targetPort;
  return containerPorts(spec).find(({ name, protocol }) => name === port.targetPort && protocol === port.protocol)
    ?.containerPort;
}
