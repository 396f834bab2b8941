import { Groups } from '../../lib/incremental/groups.ts';
import { Table } from '../../lib/incremental/table.ts';
import type { WorkloadId } from '../../model/types.ts';
import { boundIdentity } from '../bound-identity.ts';
import type { SelectPods } from '../selection.ts';
import type { BoundIdentity, PassContext, WorkloadFace } from '../state.ts';

/** The workloads of each account, by `NAMESPACE/SERVICEACCOUNT`. */
export function accountsOf(
  faces: Table<WorkloadId, WorkloadFace>,
  { graph }: PassContext,
): Groups<WorkloadId, WorkloadFace, string, WorkloadFace> {
  return new Groups(graph, faces, (face): [string, WorkloadFace][] => [
    [`${face.namespace}/${face.serviceAccount}`, face],
  ]);
}

/** Whom each IdentityBinding stands for. */
export function bindIdentities(
  select: SelectPods,
  faces: Table<WorkloadId, WorkloadFace>,
  context: PassContext,
): Table<string, BoundIdentity> {
  const { identityBindings } = context.input;
  return new Table(context.graph, [identityBindings], (id) => {
    const binding = identityBindings.get(id);
    const picked = (labels: Readonly<Record<string, string>>) =>
      select(binding?.meta.namespace ?? '', labels).flatMap((pod) => faces.get(pod.id) ?? []);
    return binding && boundIdentity(binding, picked, context);
  });
}
