import type { LoadBalancer } from '../../../src/model/policy.ts';
import { portKey } from '../../../src/model/ports.ts';
import type { MeshModel, ServiceId } from '../../../src/model/types.ts';
import { askedClusterName, parseClusterName } from '../names.ts';
import type { Caller } from './caller.ts';
import { type ClientRefusals, clientRefusals } from './client-access.ts';
import { isHashing } from './cluster-policy.ts';
import { type ClusterOf, clusterOf } from './places.ts';

/** What a hashing backend binds requests to; by default the address of the client. */
function hashOn(model: MeshModel, service: ServiceId, port: number): LoadBalancer['hashOn'] {
  const balancer = model.outbound[service]?.ports[portKey(port, 'tcp')]?.endpoints?.fields.loadBalancer;
  return balancer === undefined || !isHashing(balancer) ? undefined : (balancer.hashOn ?? { source: true });
}

export interface Settings {
  readonly refusals: ClientRefusals;
  readonly clusterOf: ClusterOf;
  readonly hashOn: (service: ServiceId, port: number) => LoadBalancer['hashOn'];
}

/** A service port of which an address says who is there: what goes to the port itself goes to that address. */
interface Asked {
  /** The service port, by its cluster's name. */
  readonly name: string;
  readonly peer?: string | undefined;
}

export function settingsOf(model: MeshModel, client: Caller, asked?: Asked): Settings {
  const refusals = clientRefusals(model, client);
  const nameOf = clusterOf(model, client);
  const hash = (service: ServiceId, port: number) => hashOn(model, service, port);
  const { name, peer } = asked ?? {};
  if (name === undefined || peer === undefined) return { refusals, clusterOf: nameOf, hashOn: hash };
  const { service: own, port: at } = parseClusterName(name);
  const there = askedClusterName(own, at, peer);
  const isThere = (service: ServiceId, port: number) => service === own && port === at;
  return {
    refusals: {
      ...refusals,
      ofRequests: (cluster, note) => (cluster === there ? {} : refusals.ofRequests(cluster, note)),
      ofBytes: (cluster) => cluster !== there && refusals.ofBytes(cluster),
    },
    clusterOf: (service, port) => (isThere(service, port) ? there : nameOf(service, port)),
    hashOn: (service, port) => (isThere(service, port) ? undefined : hash(service, port)),
  };
}
