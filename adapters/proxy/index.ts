import type { Secret } from '../../generated/types/proxy/smi/proxy/v1/Secret.ts';
import type { Artifact, Credential, DataPlaneAdapter, UnitId } from '../../src/adapter/contract.ts';
import { type NoOptions, noOptions } from '../../src/adapter/no-options.ts';
import { shared } from '../../src/adapter/tracking.ts';
import { loadDescriptor } from '../../src/lib/descriptors.ts';
import type { MeshModel, WorkloadId, WorkloadSetId } from '../../src/model/types.ts';
import { emitEndpoints } from './emit/endpoints.ts';
import { emitInbound } from './emit/inbound.ts';
import { emitService, referencedEndpoints } from './emit/service.ts';
import { emitWorkload, interceptedPorts, servedPorts } from './emit/workload.ts';
import {
  endpointsUnit,
  inboundUnit,
  parsePortName,
  servicePorts,
  serviceUnit,
  typeUrls,
  workloadUnit,
} from './names.ts';
import { support } from './support.ts';

/** Configuration for the smi-mesh proxy: the messages of schemas/proxy/proxy.proto as plain JSON. */
export const proxyAdapter: DataPlaneAdapter<NoOptions> = {
  contract: 1,
  id: 'proxy',
  support,
  parseOptions: noOptions('proxy'),
  // What is referred to travels before what refers to it.
  typeOrder: [typeUrls.secret, typeUrls.endpoints, typeUrls.service, typeUrls.inbound, typeUrls.workload],
  units,
  view,
  emitUnit,
  encode,
  secrets,
};

function units(model: MeshModel): readonly UnitId[] {
  const names = servicePorts(model).map(({ name }) => name);
  return [
    ...names.map(endpointsUnit),
    ...names.map(serviceUnit),
    ...Object.values(model.inbound).map(({ set }) => inboundUnit(set)),
    ...Object.values(model.workloads).map(({ id }) => workloadUnit(id)),
  ];
}

function view(model: MeshModel, id: WorkloadId): readonly UnitId[] {
  const workload = model.workloads[id];
  if (workload === undefined) return [];
  const reached =
    workload.outbound === 'intercepted'
      ? shared(model, 'intercepted units', (whole) => interceptedUnits(whole, interceptedPorts(whole)))
      : outboundUnits(model, servedPorts(model, workload));
  return [...reached, inboundUnit(workload.set), workloadUnit(id)];
}

/** Programs find the pods of a Service without address by themselves, so the proxy must know them whatever the rules say. */
function interceptedUnits(model: MeshModel, names: readonly string[]): readonly UnitId[] {
  const headless = names.filter((name) => model.services[parsePortName(name).service]?.vips.length === 0);
  return [...new Set([...outboundUnits(model, names), ...headless.map(endpointsUnit)])];
}

function outboundUnits(model: MeshModel, services: readonly string[]): readonly UnitId[] {
  const endpoints = new Set(services.flatMap((name) => referencedEndpoints(model, name)));
  return [...[...endpoints].map(endpointsUnit), ...services.map(serviceUnit)];
}

function emitUnit(model: MeshModel, unit: UnitId): readonly Artifact[] {
  const slash = unit.indexOf('/');
  const name = unit.slice(slash + 1);
  switch (unit.slice(0, slash)) {
    case 'endpoints':
      return emitEndpoints(model, name);
    case 'service':
      return emitService(model, name);
    case 'inbound':
      return emitInbound(model, name as WorkloadSetId);
    case 'workload':
      return emitWorkload(model, name as WorkloadId);
    default:
      throw new Error(`not a unit of the proxy adapter: ${unit}`);
  }
}

function encode(artifact: Artifact): Uint8Array {
  const type = loadDescriptor('proxy').lookupType(artifact.format.slice(artifact.format.indexOf('/') + 1));
  return type.encode(type.fromObject(artifact.body as Record<string, unknown>)).finish();
}

/** Roots of other trust domains travel with the workload. */
function secrets(_model: MeshModel, credential: Credential): readonly Artifact[] {
  const { identity, certificateChain, privateKey, trustBundle } = credential;
  const body: Secret = { name: identity, certificateChain, privateKey, trustBundle };
  return [{ name: identity, format: typeUrls.secret, body, origins: [] }];
}
