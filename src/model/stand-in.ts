import { workloadId, workloadSetId } from './ids.ts';
import type { NamespaceId, SpiffeId, Workload } from './types.ts';

/** A client that no pod is: in the mesh, behind no Service, with an identity and nothing else that rules could look at. */
export function standInWorkload(identity: SpiffeId, namespace: string, account: string, name: string): Workload {
  return {
    id: workloadId(namespace, name),
    namespace: namespace as NamespaceId,
    name,
    serviceAccount: account,
    identity,
    set: workloadSetId(namespace, account),
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
