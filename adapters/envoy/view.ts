import type { EmitContext, UnitId } from '../../src/adapter/contract.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { usedFixedClusters } from './emit/fixed.ts';
import { interceptionOf } from './emit/interception/redirection.ts';
import { requestUnits } from './emit/interception/requests.ts';
import { reachedClusters } from './emit/outbound.ts';
import { reachedUdpClusters } from './emit/udp-outbound.ts';
import { clusterUnit, workloadUnit } from './names.ts';
import type { EnvoyOptions } from './options.ts';

/** What the Envoy of a workload may see: itself, and the service ports behind which somebody may let it in. */
export function view(model: MeshModel, id: WorkloadId, { options }: EmitContext<EnvoyOptions>): readonly UnitId[] {
  const workload = model.workloads[id];
  if (workload === undefined || workload.transport === 'plain') return [];
  const clusters = [
    ...reachedClusters(model, workload),
    ...reachedUdpClusters(model, workload),
    ...usedFixedClusters(model, workload),
  ];
  const redirected = interceptionOf(workload, options) !== undefined;
  return [...clusters.map(clusterUnit), ...(redirected ? requestUnits(model, workload) : []), workloadUnit(id)];
}
