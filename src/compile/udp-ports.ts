import { containerPorts, resolveTargetPort, selects } from '../kubernetes/pods.ts';
import type { PodObject } from '../kubernetes/types.ts';
import type { Workload } from '../model/types.ts';
import type { PortSpace } from './route-ports.ts';
import type { Index } from './state.ts';

/** UDP ports at a destination, from what its containers declare and Services reach: the model's own ports are those of TCP. */
export function udpPorts(destination: readonly Workload[], index: Index): Omit<PortSpace, 'empty'> {
  const pods = destination.flatMap(({ id }) => index.pods.get(id) ?? []);
  const declared = new Set(pods.flatMap(declaredPorts));
  const reached = reachedPorts(pods, index);
  const all = new Set([...declared, ...[...reached.values()].flatMap((ports) => [...ports])]);
  return { has: (port) => all.has(port), behind: (port) => reached.get(port) ?? new Set() };
}

function declaredPorts(pod: PodObject): readonly number[] {
  return containerPorts(pod.spec).flatMap(({ protocol, containerPort }) => (protocol === 'UDP' ? [containerPort] : []));
}

/** By the number of the Service port. */
function reachedPorts(pods: readonly PodObject[], index: Index): ReadonlyMap<number, ReadonlySet<number>> {
  const found = new Map<number, Set<number>>();
  for (const service of index.services.values()) {
    for (const port of service.ports.filter(({ protocol }) => protocol === 'UDP')) {
      for (const pod of pods) {
        const target = selects(service, pod) ? resolveTargetPort(pod.spec, port) : undefined;
        if (target !== undefined) found.set(port.port, (found.get(port.port) ?? new Set<number>()).add(target));
      }
    }
  }
  return found;
}
