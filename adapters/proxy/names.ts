import type { UnitId } from '../../src/adapter/contract.ts';
import { parsePortKey, portKey, type Transport } from '../../src/model/ports.ts';
import type {
  MeshModel,
  Protocol,
  Service,
  ServiceId,
  ServicePort,
  WorkloadId,
  WorkloadSetId,
} from '../../src/model/types.ts';

/** Type URLs of the proxy's resources, as messages of schemas/proxy/proxy.proto. */
export const typeUrls = {
  secret: 'type.googleapis.com/smi.proxy.v1.Secret',
  endpoints: 'type.googleapis.com/smi.proxy.v1.Endpoints',
  service: 'type.googleapis.com/smi.proxy.v1.OutboundService',
  inbound: 'type.googleapis.com/smi.proxy.v1.InboundPolicy',
  workload: 'type.googleapis.com/smi.proxy.v1.Workload',
} as const;

export const protocols = { http: 'HTTP', tcp: 'TCP', udp: 'UDP' } as const satisfies Record<Protocol, string>;

/** Resource name of a service port and of its endpoints: `NAMESPACE/SERVICE:PORT`, with `/udp` for a UDP port. */
export function portName(service: ServiceId, port: number, transport: Transport = 'tcp'): string {
  return `${service}:${portKey(port, transport)}`;
}

export function workloadUnit(workload: WorkloadId): UnitId {
  return `workload/${workload}` as UnitId;
}

export function inboundUnit(set: WorkloadSetId): UnitId {
  return `inbound/${set}` as UnitId;
}

/** `name` is that of the service port. */
export function serviceUnit(name: string): UnitId {
  return `service/${name}` as UnitId;
}

export function endpointsUnit(name: string): UnitId {
  return `endpoints/${name}` as UnitId;
}

export interface ServicePortRef {
  readonly service: ServiceId;
  readonly port: ServicePort;
  readonly name: string;
}

const refs = new WeakMap<Service, readonly ServicePortRef[]>();

/** Every service port, in the model's order. */
export function servicePorts(model: MeshModel): readonly ServicePortRef[] {
  return Object.values(model.services).flatMap((service) => {
    let own = refs.get(service);
    if (own === undefined) {
      own = service.ports.map((port) => {
        const transport = port.protocol === 'udp' ? 'udp' : 'tcp';
        return { service: service.id, port, name: portName(service.id, port.port, transport) };
      });
      refs.set(service, own);
    }
    return own;
  });
}

/** Reads a name back: the part after the last colon is the port. */
export function parsePortName(name: string): {
  readonly service: ServiceId;
  readonly port: number;
  readonly transport: Transport;
} {
  const colon = name.lastIndexOf(':');
  return { service: name.slice(0, colon) as ServiceId, ...parsePortKey(name.slice(colon + 1)) };
}
