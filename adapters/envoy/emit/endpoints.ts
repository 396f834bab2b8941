import { type LocalityPreference, tiersOf } from '../../../src/lib/locality.ts';
import { ownerOf } from '../../../src/model/owners.ts';
import { findPort } from '../../../src/model/ports.ts';
import type { MeshModel, ServicePort, SpiffeId, Workload } from '../../../src/model/types.ts';
import { type Message, socketAddress } from './message.ts';

/** Marks an endpoint without a sidecar in the metadata that chooses the transport socket. */
export const plainPeer = 'plain';

export interface Endpoint {
  readonly workload: Workload;
  readonly address: string;
  readonly port: number;
  readonly peer: SpiffeId | typeof plainPeer;
}

/** Workloads whose address is known; the order is the model's. */
export function endpointsOf(model: MeshModel, targets: ServicePort['targets']): readonly Endpoint[] {
  return targets.flatMap((target): Endpoint[] => {
    const workload = model.workloads[target.workload];
    const address = workload?.addresses[0];
    if (workload === undefined || address === undefined) return [];
    const reached = findPort(workload.ports, target.port);
    const plain = workload.transport === 'plain' || reached?.tls === 'off';
    const port = reached?.meshPort ?? target.port;
    return [{ workload, address, port, peer: plain ? plainPeer : workload.identity }];
  });
}

/**
 * Unready endpoints are left out; without any left, requests are answered 503. Tiers of a preference are Envoy's
 * priorities, which it wants without gaps.
 */
export function loadAssignment(name: string, endpoints: readonly Endpoint[], preference?: LocalityPreference): Message {
  const ready = endpoints.filter(({ workload }) => workload.ready);
  if (ready.length === 0) return { clusterName: name, endpoints: [] };
  if (preference === undefined) return { clusterName: name, endpoints: [{ lbEndpoints: ready.map(lbEndpoint) }] };
  const tiers = tiersOf(ready, ({ workload }) => ({ region: '', zone: '', ...workload.locality }), preference);
  return {
    clusterName: name,
    endpoints: tiers.map((tier, priority) => ({ priority, lbEndpoints: tier.map(lbEndpoint) })),
  };
}

function lbEndpoint({ workload, address, port, peer }: Endpoint): Message {
  return {
    endpoint: { address: socketAddress(address, port) },
    metadata: {
      filterMetadata: { 'envoy.transport_socket_match': { peer }, 'smi-mesh': { peer: peerText(workload, peer) } },
    },
  };
}

/** As access logs repeat it (`trafficTags.peer`). */
function peerText(workload: Workload, peer: Endpoint['peer']): string {
  return `${workload.id} ${ownerOf(workload)} ${peer === plainPeer ? '' : peer}`;
}
