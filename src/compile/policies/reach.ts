import type { ServiceId, WorkloadId } from '../../model/types.ts';
import type { CompileState } from '../state.ts';

/** The Services that reach a container port, with the number of their port. */
export type ReachingServices = readonly { readonly service: ServiceId; readonly port: number }[];

/** Who reaches each container port of each workload, UDP left aside. */
export function reachingServices(
  services: CompileState['services'],
): ReadonlyMap<WorkloadId, ReadonlyMap<number, ReachingServices>> {
  const found = new Map<WorkloadId, Map<number, { service: ServiceId; port: number }[]>>();
  for (const { id, ports } of services.values()) {
    for (const { port, protocol, targets } of ports) {
      if (protocol === 'udp') continue;
      for (const target of targets) {
        const byPort = found.get(target.workload) ?? new Map<number, { service: ServiceId; port: number }[]>();
        found.set(target.workload, byPort);
        const list = byPort.get(target.port) ?? [];
        byPort.set(target.port, list);
        list.push({ service: id, port });
      }
    }
  }
  return found;
}
