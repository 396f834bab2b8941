import { findPort, portKey, type Transport, transportOf } from '../model/ports.ts';
import type { Workload } from '../model/types.ts';
import type { CompileState } from './state.ts';

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
  transport: Transport,
  destination: readonly Workload[],
  { services }: CompileState,
): PortSpace {
  const reached = reachedByService(services);
  return {
    has: (port) => destination.some(({ ports }) => findPort(ports, port, transport) !== undefined),
    behind: (port) =>
      new Set(destination.flatMap(({ id }) => [...(reached.get(`${id} ${portKey(port, transport)}`) ?? [])])),
    empty: destination.length === 0,
  };
}

const reachedPorts = new WeakMap<CompileState['services'], ReadonlyMap<string, ReadonlySet<number>>>();

/** Container ports by `WORKLOAD SERVICEPORT`; made once for all targets. */
function reachedByService(services: CompileState['services']): ReadonlyMap<string, ReadonlySet<number>> {
  const known = reachedPorts.get(services);
  if (known !== undefined) return known;
  const found = new Map<string, Set<number>>();
  for (const { ports } of services.values()) {
    for (const { port, protocol, targets } of ports) {
      for (const target of targets) {
        const key = `${target.workload} ${portKey(port, transportOf(protocol))}`;
        const numbers = found.get(key) ?? new Set<number>();
        found.set(key, numbers.add(target.port));
      }
    }
  }
  reachedPorts.set(services, found);
  return found;
}
