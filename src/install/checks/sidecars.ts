import { clusterNamespaces, injectLabel, podAnnotations, sidecarContainers } from '../../kubernetes/names.ts';
import { listing } from '../../lib/listing.ts';
import type { Fields } from '../../lib/values.ts';
import { findInstallation } from '../installation.ts';
import { at, itemsOf, labelsOf, metadataOf } from '../kinds.ts';
import { type Check, type CheckResult, notRead, reporter } from './result.ts';

const report = reporter('sidecars');
/** So many names stand in one line. */
const shown = 3;

/** A pod that is not at its end, and whether it has a sidecar. */
export interface RunningPod {
  readonly title: string;
  readonly namespace: string;
  readonly labels: Fields;
  readonly meshed: boolean;
  readonly object: Fields;
}

export function runningPods(list: unknown, controlNamespace: string): readonly RunningPod[] {
  const excluded = new Set<string>([...clusterNamespaces, controlNamespace]);
  return itemsOf(list).flatMap((object) => {
    const { name, namespace = '' } = metadataOf(object);
    const phase = at(object, 'status', 'phase');
    if (excluded.has(namespace) || phase === 'Succeeded' || phase === 'Failed') return [];
    const meshed = at(object, 'metadata', 'annotations', podAnnotations.injected) !== undefined;
    return [{ title: `${namespace}/${name}`, namespace, labels: labelsOf(object), meshed, object }];
  });
}

/** A few of them by name. */
export function listed(names: readonly string[]): string {
  return listing(names, shown);
}

export const checkSidecars: Check = async ({ connection, namespace }) => {
  const [namespaces, podList, installation] = await Promise.all([
    connection.get('/api/v1/namespaces'),
    connection.get('/api/v1/pods'),
    findInstallation(connection),
  ]);
  if (!namespaces.ok) return notRead(report, namespaces.error);
  if (!podList.ok) return notRead(report, podList.error);
  const enabled = itemsOf(namespaces.value)
    .filter((one) => labelsOf(one)[injectLabel] === 'enabled')
    .map((one) => metadataOf(one).name);
  const pods = runningPods(podList.value, namespace);
  const meshed = pods.filter((pod) => pod.meshed);
  const image = installation.ok && installation.value ? imageOf(installation.value.deployment) : undefined;
  return [
    enabled.length === 0
      ? report.warning('no namespace asks for sidecars', `kubectl label namespace NAMESPACE ${injectLabel}=enabled`)
      : report.ok(`namespaces that ask for sidecars: ${listed(enabled)}`),
    report.ok(`${meshed.length} of ${pods.length} running pods have a sidecar`),
    ...withoutSidecar(pods, enabled),
    ...outdated(meshed, image),
    ...notReady(meshed),
  ];
};

function withoutSidecar(pods: readonly RunningPod[], enabled: readonly string[]): readonly CheckResult[] {
  const wanting = pods.filter(({ meshed, namespace, labels }) => {
    const own = labels[injectLabel];
    return !meshed && own !== 'disabled' && (own === 'enabled' || enabled.includes(namespace));
  });
  if (wanting.length === 0) return [];
  const message = `pods that should have a sidecar and have none: ${listed(wanting.map(({ title }) => title))}`;
  return [report.warning(message, 'They were made before the label: kubectl rollout restart their Deployments.')];
}

function imageOf(deployment: Fields): unknown {
  return at(deployment, 'spec', 'template', 'spec', 'containers', 0, 'image');
}

function outdated(meshed: readonly RunningPod[], image: unknown): readonly CheckResult[] {
  const old = meshed.filter(({ object }) => {
    const own = sidecarsOf(object).find(
      ({ name }) => name === sidecarContainers.proxy || name === sidecarContainers.agent,
    );
    return image !== undefined && own !== undefined && own.image !== image;
  });
  if (old.length === 0) return [];
  const message = `sidecars of another image than the controller's: ${listed(old.map(({ title }) => title))}`;
  return [report.warning(message, 'kubectl rollout restart their Deployments, unless an annotation asks for it.')];
}

/** Our containers of a pod, native ones among its init containers. */
function sidecarsOf(pod: Fields): readonly Fields[] {
  const lists = [at(pod, 'spec', 'containers'), at(pod, 'spec', 'initContainers')];
  const names: readonly unknown[] = Object.values(sidecarContainers);
  return lists.flatMap((list) => itemsOf({ items: list })).filter(({ name }) => names.includes(name));
}

function notReady(meshed: readonly RunningPod[]): readonly CheckResult[] {
  const names: readonly unknown[] = [sidecarContainers.proxy, sidecarContainers.agent, sidecarContainers.envoy];
  const waiting = meshed.filter(({ object }) => {
    const lists = [at(object, 'status', 'containerStatuses'), at(object, 'status', 'initContainerStatuses')];
    const own = lists.flatMap((list) => itemsOf({ items: list })).filter(({ name }) => names.includes(name));
    return own.some(({ ready, restartCount }) => ready !== true || Number(restartCount) > 3);
  });
  if (waiting.length === 0) return [];
  const message = `sidecars that are not ready or restart again and again: ${listed(waiting.map(({ title }) => title))}`;
  return [report.warning(message, 'smi-cli describe pod/NAMESPACE/NAME')];
}
