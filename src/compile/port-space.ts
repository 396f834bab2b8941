import { containerPorts, resolveTargetPort, selects } from '../kubernetes/pods.ts';
import type { PodObject } from '../kubernetes/types.ts';
import type { GrantTarget, Workload } from '../model/types.ts';
import type { CompileState, Index } from './state.ts';

/** What is known of the ports at a destination. */
export interface PortSpace {
  /** Whether a pod of the destination has the container port. */
  readonly has: (port: number) => boolean;
  /** Container ports of the destination that Services reach by a Service port of this number. */
  readonly behind: (port: number) => ReadonlySet<number>;
  /** Without any pod nothing can be said of ports. */
  readonly empty: boolean;
}

export function portSpace(
  transport: GrantTarget['transport'],
  destination: readonly Workload[],
  state: CompileState,
): PortSpace {
  const empty = destination.length === 0;
  if (transport === 'udp') return { ...udpPorts(destination, state.index), empty };
  return {
    has: (port) => destination.some(({ ports }) => ports.some((candidate) => candidate.port === port)),
    behind: (port) => portsBehind(port, destination, state),
    empty,
  };
}

function portsBehind(port: number, destination: readonly Workload[], { services }: CompileState): ReadonlySet<number> {
  const reached = reachedByService(services);
  return new Set(destination.flatMap(({ id }) => [...(reached.get(`${id} ${port}`) ?? [])]));
}

const reachedPorts = new WeakMap<CompileState['services'], ReadonlyMap<string, ReadonlySet<number>>>();

/** Container ports by `WORKLOAD SERVICEPORT`; made once for all targets. */
function reachedByService(services: CompileState['services']): ReadonlyMap<string, ReadonlySet<number>> {
  const known = reachedPorts.get(services);
  if (known !== undefined) return known;
  const found = new Map<string, Set<number>>();
  for (const { ports } of services.values()) {
    for (const { port, targets } of ports) {
      for (const target of targets) {
        const key = `${target.workload} ${port}`;
        const numbers = found.get(key) ?? new Set<number>();
        found.set(key, numbers.add(target.port));
      }
    }
  }
  reachedPorts.set(services, found);
  return found;
}

/** UDP ports at a destination, from what its containers declare and Services reach: the model's own ports are those of TCP. */
function udpPorts(destination: readonly Workload[], index: Index): Omit<PortSpace, 'empty'> {
  const pods = destination.flatMap(({ id }) => index.pods.get(id) ?? []);
  const declared = new Set(pods.flatMap(declaredPorts));
  const reached = reachedUdpPorts(pods, index);
  const all = new Set([...declared, ...[...reached.values()].flatMap((ports) => [...ports])]);
  return { has: (port) => all.has(port), behind: (port) => reached.get(port) ?? new Set() };
}

function declaredPorts(pod: PodObject): readonly number[] {
  return containerPorts(pod.spec).flatMap(({ protocol, containerPort }) => (protocol === 'UDP' ? [containerPort] : []));
}

/** By the number of the Service port. */
function reachedUdpPorts(pods: readonly PodObject[], index: Index): ReadonlyMap<number, ReadonlySet<number>> {
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
