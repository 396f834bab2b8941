import type { MeshModel, SpiffeId, Workload } from './types.ts';

/** What people know a workload by: its farthest owner, `KIND/NAME`, or itself without one. */
export function ownerOf({ owners, name }: Pick<Workload, 'owners' | 'name'>): string {
  const owner = owners.at(-1) ?? { kind: 'Pod', name };
  return `${owner.kind}/${owner.name}`;
}

/** The owner of the workloads that prove an identity, by identity; only where all of them have the same one. */
export function ownersByIdentity({ workloads }: MeshModel): Readonly<Record<SpiffeId, string>> {
  const found = new Map<SpiffeId, string>();
  const several = new Set<SpiffeId>();
  for (const workload of Object.values(workloads)) {
    const owner = ownerOf(workload);
    const known = found.get(workload.identity) ?? owner;
    if (known !== owner) several.add(workload.identity);
    found.set(workload.identity, known);
  }
  return Object.fromEntries([...found].filter(([identity]) => !several.has(identity)));
}
