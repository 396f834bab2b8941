import type { TrafficParty } from '../../metrics/contract.ts';
import type { MeshModel, ServiceId, SpiffeId, Workload } from '../../model/types.ts';

/** Pods that one object manages: what people call a workload. */
export interface Group {
  /** `workload:NAMESPACE/KIND/NAME`. */
  readonly id: string;
  readonly namespace: string;
  readonly owner: string;
  readonly name: string;
  readonly workloads: readonly Workload[];
}

/** The pods of a model by what manages them, and which of these are behind which Service. */
export interface Groups {
  readonly all: readonly Group[];
  /** Those behind a Service, by id. */
  behind(service: ServiceId): readonly Group[];
  /** Those whose pods prove an identity. */
  named(identity: SpiffeId): readonly Group[];
  /** The one that a party of some traffic is of, whether or not its pods are still there. */
  idOf(party: TrafficParty): string | undefined;
}

const known = new WeakMap<MeshModel, Groups>();

export function groupsOf(model: MeshModel): Groups {
  const found = known.get(model) ?? build(model);
  known.set(model, found);
  return found;
}

function build(model: MeshModel): Groups {
  const workloads = Object.values(model.workloads);
  const byId = Map.groupBy(workloads, (workload) => {
    const { kind, name } = topOwner(workload);
    return groupId(workload.namespace, kind, name);
  });
  const all = [...byId].map(([id, members]): Group => {
    const [first] = members as [Workload, ...Workload[]];
    const { kind, name } = topOwner(first);
    return { id, namespace: first.namespace, owner: kind, name, workloads: members };
  });
  const groupOfWorkload = new Map(all.flatMap((group) => group.workloads.map(({ id }) => [id, group] as const)));
  const behind = new Map(
    Object.values(model.services).map(({ id, ports }) => {
      const groups = ports.flatMap(({ targets }) =>
        targets.flatMap(({ workload }) => groupOfWorkload.get(workload) ?? []),
      );
      return [id, [...new Set(groups)]] as const;
    }),
  );
  const identities = Map.groupBy(
    all.flatMap((group) =>
      [...new Set(group.workloads.map(({ identity }) => identity))].map((one) => ({ one, group })),
    ),
    ({ one }) => one,
  );
  return {
    all,
    behind: (service) => behind.get(service) ?? [],
    named: (identity) => (identities.get(identity) ?? []).map(({ group }) => group),
    idOf: ({ namespace, pod, owners = [] }) => {
      if (namespace === undefined) return undefined;
      const owner = owners.at(-1) ?? (pod === undefined ? undefined : { kind: 'Pod', name: pod });
      return owner === undefined ? undefined : groupId(namespace, owner.kind, owner.name);
    },
  };
}

function topOwner({ owners, name }: Workload): { readonly kind: string; readonly name: string } {
  return owners.at(-1) ?? { kind: 'Pod', name };
}

function groupId(namespace: string, kind: string, name: string): string {
  return `workload:${namespace}/${kind}/${name}`;
}
