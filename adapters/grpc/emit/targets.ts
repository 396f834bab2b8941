import { compareText } from '../../../src/lib/collections.ts';
import { findPort } from '../../../src/model/ports.ts';
import type { MeshModel, ServicePort, SpiffeId, Workload } from '../../../src/model/types.ts';
import { findServicePort, portName, type ServicePortRef } from '../names.ts';

export interface Endpoint {
  readonly workload: Workload;
  readonly address: string;
  readonly port: number;
}

/**
 * The endpoints of a service port that are reached in one way. A gRPC cluster has one transport security for all of its
 * endpoints, so a service port whose endpoints differ has two clusters.
 */
export interface EndpointGroup {
  readonly cluster: string;
  /** Those that a server here may prove; `plain` for endpoints without a sidecar. */
  readonly peers: 'plain' | readonly SpiffeId[];
  readonly endpoints: readonly Endpoint[];
}

/** Never empty. The first has the name of the service port. */
export function endpointGroups(model: MeshModel, { name, port }: ServicePortRef): readonly EndpointGroup[] {
  const found = endpointsOf(model, port);
  const secured = found.filter(({ plain }) => !plain);
  const plain = found.filter((endpoint) => endpoint.plain);
  // The identities of unready endpoints count too, so that readiness changes no cluster.
  const peers = [...new Set(secured.map(({ workload }) => workload.identity))].sort(compareText);
  if (plain.length === 0) return [{ cluster: name, peers, endpoints: secured }];
  if (secured.length === 0) return [{ cluster: name, peers: 'plain', endpoints: plain }];
  return [
    { cluster: name, peers, endpoints: secured },
    { cluster: `${name}~plain`, peers: 'plain', endpoints: plain },
  ];
}

/** Workloads whose address is known; the order is the model's. Clients refuse one address given twice. */
function endpointsOf(model: MeshModel, { targets }: ServicePort): readonly (Endpoint & { readonly plain: boolean })[] {
  const taken = new Set<string>();
  return targets.flatMap((target) => {
    const workload = model.workloads[target.workload];
    const address = workload?.addresses[0];
    if (workload === undefined || address === undefined) return [];
    const reached = findPort(workload.ports, target.port);
    const port = reached?.meshPort ?? target.port;
    const key = `${address} ${port}`;
    if (taken.has(key)) return [];
    taken.add(key);
    return [{ workload, address, port, plain: workload.transport === 'plain' || reached?.tls === 'off' }];
  });
}

export interface ClusterShare {
  readonly cluster: string;
  readonly weight: number;
}

/** The sum of a route's weights that clients take. */
const maxTotal = 4_294_967_295;

/** The clusters of a distribution. What is for a service port with two clusters goes to each by its ready endpoints. */
export function clusterShares(
  model: MeshModel,
  targets: readonly {
    readonly service: ServicePortRef['service']['id'];
    readonly port: number;
    readonly weight: number;
  }[],
): readonly ClusterShare[] {
  const parts = targets
    .filter(({ weight }) => weight > 0)
    .flatMap(({ service, port, weight }) => {
      const ref = findServicePort(model, portName(service, port));
      return ref === undefined ? [] : partsOf(endpointGroups(model, ref), weight);
    });
  const common = parts.reduce((product, { of }) => leastCommonMultiple(product, of), 1);
  const exact = parts.map(({ cluster, weight, ready, of }) => ({ cluster, weight: weight * ready * (common / of) }));
  const total = exact.reduce((sum, { weight }) => sum + weight, 0);
  if (total <= maxTotal) return exact;
  // Rounded down and never to nothing.
  const scale = (maxTotal - exact.length) / total;
  return exact.map(({ cluster, weight }) => ({ cluster, weight: Math.max(1, Math.floor(weight * scale)) }));
}

interface Part {
  readonly cluster: string;
  readonly weight: number;
  readonly ready: number;
  readonly of: number;
}

function partsOf(groups: readonly EndpointGroup[], weight: number): readonly Part[] {
  const counted = groups.map(({ cluster, endpoints }) => ({
    cluster,
    weight,
    ready: endpoints.filter(({ workload }) => workload.ready).length,
  }));
  const of = counted.reduce((sum, { ready }) => sum + ready, 0);
  const [first] = counted;
  if (first === undefined) return [];
  // Without a choice, or without anybody to choose: the share stays whole.
  if (counted.length === 1 || of === 0) return [{ ...first, ready: 1, of: 1 }];
  return counted.filter(({ ready }) => ready > 0).map((part) => ({ ...part, of }));
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
