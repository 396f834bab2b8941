import { serviceId, workloadId } from '../../../src/model/ids.ts';
import type { MeshModel, OutboundBinding, Service, Workload } from '../../../src/model/types.ts';
import { allowed, matching, sampleModel } from '../../support/envoy-model.ts';

/** Where a server's program listens, and where the client's sidecar takes calls for it. */
export interface GrpcEnds {
  readonly program: { readonly address: string; readonly port: number };
  /** By service: `plain-NAME` has no sidecar, `mesh-NAME` has one. */
  readonly listeners: Readonly<Record<string, { readonly address: string; readonly port: number }>>;
}

export interface GrpcMesh {
  readonly model: MeshModel;
  readonly ends: Readonly<Record<string, GrpcEnds>>;
}

const appPort = 16_000;

/** The client `buyer` and, for each name, one program behind two services: with a sidecar, and without. */
export function grpcMesh(base: number, names: readonly string[]): GrpcMesh {
  const sample = sampleModel({ base, grants: [allowed('buyer', [{ http: matching({}) }])] });
  const client = sample.workloads[workloadId('default', 'buyer')]!;
  const parts: Parts = { services: {}, workloads: {}, outbound: {}, inbound: {} };
  const bindings: OutboundBinding[] = [];
  const ends: Record<string, GrpcEnds> = {};
  names.forEach((name, index) => {
    const program = { address: `127.${base}.1.${index + 1}`, port: appPort };
    const listeners: Record<string, { address: string; port: number }> = {};
    for (const transport of ['plain', 'mesh'] as const) {
      const title = `${transport}-${name}`;
      const listen = { address: client.addresses[0]!, port: 21_000 + bindings.length };
      listeners[title] = listen;
      bindings.push({ service: serviceId('default', title), port: 80, listen });
      addProgram(parts, sample, title, transport, program);
    }
    ends[name] = { program, listeners };
  });
  parts.workloads[client.id] = { ...client, outbound: bindings };
  parts.inbound[client.set] = sample.inbound[client.set]!;
  return { model: { ...sample, ...parts }, ends };
}

type Parts = {
  readonly [K in 'services' | 'workloads' | 'outbound' | 'inbound']: Record<
    string,
    MeshModel[K][string & keyof MeshModel[K]]
  >;
};

function addProgram(
  parts: Parts,
  sample: MeshModel,
  name: string,
  transport: 'plain' | 'mesh',
  app: GrpcEnds['program'],
): void {
  const pattern = transport === 'plain' ? 'legacy' : 'store-v1';
  const likeService = sample.services[serviceId('default', pattern)]!;
  const likeWorkload = sample.workloads[workloadId('default', pattern)]!;
  const id = workloadId('default', name);
  const service: Service = {
    ...likeService,
    id: serviceId('default', name),
    name,
    hosts: [`${name}.default`],
    ports: [{ port: 80, protocol: 'http', http2: true, targets: [{ workload: id, port: appPort }] }],
  };
  const meshPort = transport === 'plain' ? appPort : 14_001;
  const workload: Workload = {
    ...likeWorkload,
    id,
    name,
    addresses: [app.address],
    ports: [{ port: appPort, protocol: 'http', http2: true, meshPort, app }],
  };
  parts.services[service.id] = service;
  parts.workloads[id] = workload;
  // No two services share a node: adapters tell them apart by identity.
  parts.outbound[service.id] = { ...structuredClone(sample.outbound[likeService.id]!), service: service.id };
  parts.inbound[workload.set] = sample.inbound[likeWorkload.set]!;
}
