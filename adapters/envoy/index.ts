import type { Adapter, Artifact, EmitContext, UnitId } from '../../src/adapter/contract.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { emitCluster } from './emit/cluster.ts';
import { emitWorkload } from './emit/workload.ts';
import { clusterUnit, servicePorts, workloadUnit } from './names.ts';
import { type EnvoyOptions, parseEnvoyOptions } from './options.ts';
import { support } from './support.ts';

export { staticBootstrap } from './bootstrap.ts';
export type { EnvoyOptions } from './options.ts';

/** Configuration for Envoy 1.40 and later: xDS v3 resources as proto JSON. */
export const envoyAdapter: Adapter<EnvoyOptions> = {
  id: 'envoy',
  support,
  parseOptions: parseEnvoyOptions,
  units,
  emitUnit,
};

function units(model: MeshModel): readonly UnitId[] {
  return [
    ...servicePorts(model).map(({ name }) => clusterUnit(name)),
    ...Object.values(model.workloads).map(({ id }) => workloadUnit(id)),
  ];
}

function emitUnit(model: MeshModel, unit: UnitId, { options }: EmitContext<EnvoyOptions>): readonly Artifact[] {
  const slash = unit.indexOf('/');
  const name = unit.slice(slash + 1);
  switch (unit.slice(0, slash)) {
    case 'cluster':
      return emitCluster(model, name, options);
    case 'workload':
      return emitWorkload(model, name as WorkloadId, options);
    default:
      throw new Error(`not a unit of the Envoy adapter: ${unit}`);
  }
}
