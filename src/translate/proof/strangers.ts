import { spiffeId } from '../../model/ids.ts';
import { standInWorkload } from '../../model/stand-in.ts';
import type { MeshModel, Workload } from '../../model/types.ts';

const account = 'smi-proof-stranger';

/**
 * The mesh with a pod more in each namespace that has a Service, and in one that has none: each of an account that nobody
 * names, in the mesh and behind no Service.
 */
export function withStrangers(model: MeshModel): MeshModel {
  const namespaces = new Set(Object.values(model.services).map(({ namespace }): string => namespace));
  const strangers = [...namespaces, account].map((namespace) => strangerIn(model, namespace));
  return {
    ...model,
    workloads: { ...model.workloads, ...Object.fromEntries(strangers.map((stranger) => [stranger.id, stranger])) },
    inbound: {
      ...model.inbound,
      ...Object.fromEntries(strangers.map(({ set }) => [set, { set, mode: model.settings.accessMode, grants: [] }])),
    },
  };
}

function strangerIn({ trustDomain }: MeshModel, namespace: string): Workload {
  return standInWorkload(spiffeId(trustDomain, namespace, account), namespace, account, account);
}
