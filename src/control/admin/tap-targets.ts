import type { MeshModel } from '../../model/types.ts';
import type { TapTarget } from './contract.ts';

/** The workloads of a mesh that have a proxy, with the names by which people mean them. */
export function tapTargets({ workloads, services }: MeshModel): readonly TapTarget[] {
  const reached = new Map<string, Set<string>>();
  for (const { namespace, name, ports } of Object.values(services)) {
    for (const { workload } of ports.flatMap(({ targets }) => targets)) {
      const names = reached.get(workload) ?? new Set<string>();
      reached.set(workload, names.add(`${namespace}/${name}`));
    }
  }
  return Object.values(workloads)
    .filter(({ transport }) => transport === 'mtls')
    .map(({ id, addresses, owners }) => ({
      workload: id,
      addresses,
      owners,
      services: [...(reached.get(id) ?? [])].sort(),
    }));
}
