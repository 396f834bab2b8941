import { healthPaths, sidecarPorts } from '../kubernetes/names.ts';
import { isRecord } from '../lib/values.ts';
import type { Container } from './pod-parts.ts';

const preStop = { httpGet: { path: healthPaths.drained, port: sidecarPorts.health, scheme: 'HTTP' } };

/**
 * Keeps SIGTERM from the programs of a pod that is deleted until its callers have heard of it: the kubelet tells a program at
 * the same moment at which the mesh learns that there is something to tell. A program with a hook of its own knows best, and
 * a pod without ports has no callers.
 */
export function holdPrograms(containers: readonly Container[]): readonly Container[] {
  if (!containers.some(({ ports }) => Array.isArray(ports) && ports.length > 0)) return containers;
  return containers.map((container) => {
    const lifecycle = isRecord(container.lifecycle) ? container.lifecycle : {};
    return lifecycle.preStop == null ? { ...container, lifecycle: { ...lifecycle, preStop } } : container;
  });
}
