import type { MeshModel, SpiffeId, Workload, WorkloadId, WorkloadSetId } from '../../model/types.ts';

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

function strangerIn(model: MeshModel, namespace: string): Workload {
  return {
    id: `${namespace}/${account}` as WorkloadId,
    namespace: namespace as Workload['namespace'],
    name: account,
    serviceAccount: account,
    identity: `spiffe://${model.trustDomain}/ns/${namespace}/sa/${account}` as SpiffeId,
    set: `${namespace}/${account}` as WorkloadSetId,
    addresses: [],
    labels: {},
    ready: true,
    transport: 'mtls',
    ports: [],
    owners: [],
    outbound: 'intercepted',
    origins: [],
  };
}
