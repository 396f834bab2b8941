import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the folder holds now, as lists by kind. */
export function readResources(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const items = files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).items);
  return Object.groupBy(items, ({ kind }) => kind);
}

/** The object of a kind by that name, if it is there. */
export function find(resources, kind, namespace, name) {
  return resources[kind]?.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
}

export function podAt(resources, address) {
  return resources.Pod?.find(({ status }) => status.podIP === address);
}

export function accountOf({ metadata, spec }) {
  return { namespace: metadata.namespace, name: spec.serviceAccountName };
}

/** The ready pods of a Service that have a container port for one of its ports. */
export function endpointsOf(resources, service, port) {
  const { targetPort } = service.spec.ports.find((each) => each.port === port);
  const selector = Object.entries(service.spec.selector ?? {});
  return (resources.Pod ?? []).flatMap((pod) => {
    const { namespace, labels = {} } = pod.metadata;
    const selected = selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
    const ready = pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    const containerPort = containerPortOf(pod, targetPort);
    if (namespace !== service.metadata.namespace || !selected || !ready || containerPort === undefined) return [];
    return [{ pod, address: pod.status.podIP, port: containerPort }];
  });
}

function containerPortOf({ spec }, targetPort) {
  if (typeof targetPort === 'number') return targetPort;
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === targetPort)?.containerPort;
}
