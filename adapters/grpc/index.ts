import type { Artifact, DataPlaneAdapter, UnitId } from '../../src/adapter/contract.ts';
import { type NoOptions, noOptions } from '../../src/adapter/no-options.ts';
import { encodeProtoJson } from '../../src/lib/proto-json.ts';
import { isShutOut } from '../../src/model/admission.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { emitClusters, emitNowhere } from './emit/cluster.ts';
import { emitListeners, hostNames, shortNames } from './emit/listeners.ts';
import { emitRefusal, emitRoutes, referencedPorts, usesFaults, usesNowhere } from './emit/routes.ts';
import {
  findServicePort,
  nowhereUnit,
  parseUnit,
  type ServicePortRef,
  servicePorts,
  typeUrls,
  type UnitKind,
  unitId,
} from './names.ts';
import { support } from './support.ts';

/** Configuration for gRPC clients without a sidecar (`xds:///NAME`): Envoy's resources, in the part that gRPC takes. */
export const grpcAdapter: DataPlaneAdapter<NoOptions> = {
  contract: 1,
  id: 'grpc',
  support,
  parseOptions: noOptions('grpc'),
  // What is referred to travels before what refers to it.
  typeOrder: [typeUrls.cluster, typeUrls.endpoints, typeUrls.listener, typeUrls.routes],
  units,
  view,
  emitUnit,
  encode: ({ format, body }) => encodeProtoJson('envoy', format.slice(format.indexOf('/') + 1), body),
  // Clients read their keys from files that their bootstrap names.
  secrets: () => [],
};

function units(model: MeshModel): readonly UnitId[] {
  const names = servicePorts(model).map(({ name }) => name);
  const kinds = ['cluster', 'service', 'short', 'refused', 'refused-short'] as const;
  return [...kinds.flatMap((kind) => names.map((name) => unitId(kind, name))), nowhereUnit];
}

/**
 * Every service by its names; endpoints of those only that the client may call. A service that would let it do nothing
 * stays, without endpoints, and refuses its calls.
 */
function view(model: MeshModel, id: WorkloadId): readonly UnitId[] {
  const client = model.workloads[id];
  if (client === undefined) return [];
  const found = new Set<UnitId>();
  for (const ref of servicePorts(model)) {
    const reached = referencedPorts(model, ref);
    const refused = reached.length > 0 && reached.every(({ port }) => isShutOut(model, client, port));
    found.add(unitId(refused ? 'refused' : 'service', ref.name));
    if (ref.service.namespace === client.namespace) found.add(unitId(refused ? 'refused-short' : 'short', ref.name));
    if (refused || usesNowhere(ref.policy)) found.add(nowhereUnit);
    if (!refused) for (const { name } of reached) found.add(unitId('cluster', name));
  }
  return [...found];
}

function emitUnit(model: MeshModel, unit: UnitId): readonly Artifact[] {
  const { kind, name } = parseUnit(unit);
  if (kind === 'none') return emitNowhere();
  const ref = findServicePort(model, name);
  return ref === undefined ? [] : emitPart(model, ref, kind);
}

function emitPart(model: MeshModel, ref: ServicePortRef, kind: Exclude<UnitKind, 'none'>): readonly Artifact[] {
  switch (kind) {
    case 'cluster':
      return emitClusters(model, ref);
    case 'service':
      return [...emitListeners(ref, hostNames(ref), usesFaults(ref.policy)), ...emitRoutes(model, ref)];
    case 'short':
      return emitListeners(ref, shortNames(ref), usesFaults(ref.policy));
    case 'refused':
      return [...emitListeners(ref, hostNames(ref), true), ...emitRefusal(ref)];
    case 'refused-short':
      return emitListeners(ref, shortNames(ref), true);
  }
}
