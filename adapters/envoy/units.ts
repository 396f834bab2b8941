import type { Artifact, EmitContext, UnitId } from '../../src/adapter/contract.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { emitCluster } from './emit/cluster.ts';
import { emitFixedCluster, fixedClusters } from './emit/fixed.ts';
import { interceptionOf } from './emit/interception/redirection.ts';
import { emitRequests, emitScopes, requestUnits } from './emit/interception/requests.ts';
import { clusterNames } from './emit/places.ts';
import { emitUdpCluster } from './emit/udp-cluster.ts';
import { emitWorkload } from './emit/workload.ts';
import { clusterUnit, isUdpCluster, udpPorts, workloadUnit } from './names.ts';
import type { EnvoyOptions } from './options.ts';

export function units(model: MeshModel, { options }: EmitContext<EnvoyOptions>): readonly UnitId[] {
  const workloads = Object.values(model.workloads);
  const redirected = workloads.filter((workload) => interceptionOf(workload, options) !== undefined);
  return [
    ...[...clusterNames(model), ...udpPorts(model).map(({ name }) => name), ...fixedClusters].map(clusterUnit),
    ...new Set(redirected.flatMap((workload) => requestUnits(model, workload))),
    ...workloads.map(({ id }) => workloadUnit(id)),
  ];
}

export function emitUnit(model: MeshModel, unit: UnitId, { options }: EmitContext<EnvoyOptions>): readonly Artifact[] {
  const slash = unit.indexOf('/');
  const name = unit.slice(slash + 1);
  switch (unit.slice(0, slash)) {
    case 'cluster':
      if (fixedClusters.includes(name)) return emitFixedCluster(name, options);
      return isUdpCluster(name) ? emitUdpCluster(model, name, options) : emitCluster(model, name, options);
    case 'scopes':
      return emitScopes(model, name);
    case 'requests':
      return emitRequests(model, name, options);
    case 'workload':
      return emitWorkload(model, name as WorkloadId, options);
    default:
      throw new Error(`not a unit of the Envoy adapter: ${unit}`);
  }
}
