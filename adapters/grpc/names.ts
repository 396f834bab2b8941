import type { UnitId } from '../../src/adapter/contract.ts';
import { findPort } from '../../src/model/ports.ts';
import type { MeshModel, PortPolicy, Service, ServiceId, ServicePort } from '../../src/model/types.ts';

/** Type URLs of the resources that gRPC clients take over ADS: Envoy's. */
export const typeUrls = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
} as const;

/** The instance of `certificate_providers` in a client's bootstrap that has its certificate, key and roots. */
export const certificateProvider = 'smi-mesh';

/** A cluster without endpoints, for routes that lead nowhere: a gRPC route has to name one. */
export const nowhere = 'none';

export interface ServicePortRef {
  readonly service: Service;
  readonly port: ServicePort;
  /** `NAMESPACE/SERVICE:PORT`: its route configuration, its cluster and its endpoints. */
  readonly name: string;
  readonly policy: PortPolicy;
}

export function portName(service: ServiceId, port: number): string {
  return `${service}:${port}`;
}

const refs = new WeakMap<Service, readonly Omit<ServicePortRef, 'policy'>[]>();

/** Every service port that speaks HTTP, in the model's order. */
export function servicePorts(model: MeshModel): readonly ServicePortRef[] {
  return Object.values(model.services).flatMap((service) => {
    let own = refs.get(service);
    if (own === undefined) {
      own = service.ports
        .filter(({ protocol }) => protocol === 'http')
        .map((port) => ({ service, port, name: portName(service.id, port.port) }));
      refs.set(service, own);
    }
    return own.flatMap((ref) => {
      const policy = model.outbound[service.id]?.ports[String(ref.port.port)];
      return policy === undefined ? [] : [{ ...ref, policy }];
    });
  });
}

/** Reads a name back: the part after the last colon is the port. */
export function findServicePort(model: MeshModel, name: string): ServicePortRef | undefined {
  const colon = name.lastIndexOf(':');
  const id = name.slice(0, colon) as ServiceId;
  const number = Number(name.slice(colon + 1));
  const service = model.services[id];
  const port = findPort(service?.ports ?? [], number);
  const policy = model.outbound[id]?.ports[String(number)];
  if (service === undefined || port?.protocol !== 'http' || policy === undefined) return undefined;
  return { service, port, name, policy };
}

/**
 * What a unit holds of a service port. `service`: listeners by the names that all clients may use, and routes; `short`:
 * listeners by the bare name; `refused` and `refused-short`: the same for clients that no server would let in; `cluster`:
 * clusters and endpoints. `none` is the cluster without endpoints.
 */
export type UnitKind = 'service' | 'short' | 'refused' | 'refused-short' | 'cluster' | 'none';

export function unitId(kind: Exclude<UnitKind, 'none'>, name: string): UnitId {
  return `${kind}/${name}` as UnitId;
}

export const nowhereUnit = 'none/' as UnitId;

export function parseUnit(unit: UnitId): { readonly kind: UnitKind; readonly name: string } {
  const slash = unit.indexOf('/');
  return { kind: unit.slice(0, slash) as UnitKind, name: unit.slice(slash + 1) };
}
