import type { MeshModel, ServiceId, WorkloadId, WorkloadSetId } from './types.ts';

/** The nodes of a model that are new, different or gone since the one before. */
export interface ModelChanges {
  readonly services: ReadonlySet<ServiceId>;
  readonly workloads: ReadonlySet<WorkloadId>;
  readonly outbound: ReadonlySet<ServiceId>;
  readonly inbound: ReadonlySet<WorkloadSetId>;
}

/** What differs by object identity, for whoever is not told; without a model before everything does. */
export function changesBetween(before: MeshModel | undefined, now: MeshModel): ModelChanges {
  return {
    services: differing(before?.services, now.services),
    workloads: differing(before?.workloads, now.workloads),
    outbound: differing(before?.outbound, now.outbound),
    inbound: differing(before?.inbound, now.inbound),
  };
}

function differing<K extends string, V>(
  before: Readonly<Record<K, V>> | undefined,
  now: Readonly<Record<K, V>>,
): ReadonlySet<K> {
  if (before === now) return new Set();
  const keys = Object.keys(now) as K[];
  if (before === undefined) return new Set(keys);
  const gone = (Object.keys(before) as K[]).filter((key) => !Object.hasOwn(now, key));
  return new Set([...keys.filter((key) => before[key] !== now[key]), ...gone]);
}

export const noChanges: ModelChanges = {
  services: new Set(),
  workloads: new Set(),
  outbound: new Set(),
  inbound: new Set(),
};

/** What is different after two changes, one after the other. */
export function bothChanges(first: ModelChanges, second: ModelChanges): ModelChanges {
  return {
    services: new Set([...first.services, ...second.services]),
    workloads: new Set([...first.workloads, ...second.workloads]),
    outbound: new Set([...first.outbound, ...second.outbound]),
    inbound: new Set([...first.inbound, ...second.inbound]),
  };
}
