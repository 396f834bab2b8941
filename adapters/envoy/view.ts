import type { UnitId } from '../../src/adapter/contract.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { usedFixedClusters } from './emit/fixed.ts';
import { reachedClusters } from './emit/outbound.ts';
import { reachedUdpClusters } from './emit/udp-outbound.ts';
import { clusterUnit, workloadUnit } from './names.ts';

/** What the Envoy of a workload may see: itself, and the service ports behind which somebody may let it in. */
export function view(model: MeshModel, id: WorkloadId): readonly UnitId[] {
  const workload = model.workloads[id];
  if (workload === undefined || workload.transport === 'plain') return [];
  const clusters = [
    ...reachedClusters(model, workload),
    ...reachedUdpClusters(model, workload),
    ...usedFixedClusters(model, workload),
  ];
  return [...clusters.map(clusterUnit), workloadUnit(id)];
}
