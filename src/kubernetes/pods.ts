import { parseObjectKey } from '../diagnostics/origin.ts';
import type {
  ContainerPortObject,
  PodObject,
  PodOwnerObject,
  PodSpecObject,
  ServiceObject,
  ServicePortObject,
} from './types.ts';

/** More pods of one owner say nothing new about routing; a mistyped replica count must not fill the memory. */
export const synthesisedPodLimit = 1_000;

/**
 * The pods that a Deployment, StatefulSet or the like would have, named `NAME-ORDINAL`, without addresses, ready. Their
 * `meta.key` is their owner's: that is the object that the user wrote.
 */
export function podsOf(owner: PodOwnerObject): readonly PodObject[] {
  const { meta, template, firstOrdinal = 0 } = owner;
  const count = Math.max(0, Math.min(owner.replicas, synthesisedPodLimit));
  return Array.from({ length: count }, (_, index) => ({
    meta: {
      key: meta.key,
      namespace: meta.namespace,
      name: `${meta.name}-${firstOrdinal + index}`,
      labels: template.labels,
      annotations: template.annotations,
      owners: [{ kind: parseObjectKey(meta.key).kind, name: meta.name }],
    },
    spec: template.spec,
    ips: [],
    ready: true,
  }));
}

/** `KIND/NAME` of what the pod belongs to: its owners, and the Deployment of a ReplicaSet (`DEPLOYMENT-HASH`). */
export function ownersOf({ meta }: PodObject): readonly string[] {
  return meta.owners.flatMap(({ kind, name }) => {
    const end = name.lastIndexOf('-');
    const deployment = kind === 'ReplicaSet' && end > 0 ? [`Deployment/${name.slice(0, end)}`] : [];
    return [`${kind}/${name}`, ...deployment];
  });
}

/**
 * What the pod belongs to, from nearest to farthest. A pod names its controller alone, but a Deployment names its ReplicaSets after the
 * hash that their pods are labelled with, and a CronJob its Jobs after the minute that they are due in.
 */
export function ownerChain({ meta }: PodObject): readonly { readonly kind: string; readonly name: string }[] {
  const owners = meta.owners.map(({ kind, name }) => ({ kind, name }));
  const last = owners.at(-1);
  if (last?.kind === 'ReplicaSet') {
    const end = `-${meta.labels['pod-template-hash'] ?? ''}`;
    const name = end.length > 1 && last.name.endsWith(end) ? last.name.slice(0, -end.length) : '';
    return name === '' ? owners : [...owners, { kind: 'Deployment', name }];
  }
  if (last?.kind === 'Job' && meta.creationTimestamp !== undefined) {
    const [, name, minute] = /^(.+)-(\d+)$/.exec(last.name) ?? [];
    const late = Date.parse(meta.creationTimestamp) / 60_000 - Number(minute);
    // Others end Jobs in numbers too.
    return name !== undefined && late >= 0 && late < maxJobMinutes ? [...owners, { kind: 'CronJob', name }] : owners;
  }
  return owners;
}

/** How long after a Job is due a pod of it may be made. */
const maxJobMinutes = 7 * 24 * 60;

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
