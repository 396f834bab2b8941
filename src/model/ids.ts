import type { ServiceId, SpiffeId, WorkloadId, WorkloadSetId } from './types.ts';

export function serviceId(namespace: string, name: string): ServiceId {
  return `${namespace}/${name}` as ServiceId;
}

export function workloadId(namespace: string, name: string): WorkloadId {
  return `${namespace}/${name}` as WorkloadId;
}

export function workloadSetId(namespace: string, serviceAccount: string): WorkloadSetId {
  return `${namespace}/${serviceAccount}` as WorkloadSetId;
}

/** The SPIFFE id of a service account, in the form that other meshes use too. */
export function spiffeId(trustDomain: string, namespace: string, serviceAccount: string): SpiffeId {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}` as SpiffeId;
}
