import type { LoadBalancer } from '../../../src/model/policy.ts';
import type { Distribution, MeshModel } from '../../../src/model/types.ts';
import { findServicePort, portName, type ServicePortRef } from '../names.ts';
import type { Message } from './message.ts';

type HashKey = NonNullable<LoadBalancer['hashOn']>;

/** What the clusters of a route that use a ring hash calls on (gRFC A42); it is a field of the route, not of the cluster. */
export function hashPolicies(model: MeshModel, ref: ServicePortRef, to: Distribution): Message {
  const names = to.kind === 'weighted' ? to.targets.map(({ service, port }) => portName(service, port)) : [ref.name];
  const keys = names.flatMap((name) => {
    const { algorithm, hashOn } = findServicePort(model, name)?.policy.endpoints?.fields.loadBalancer ?? {};
    return isRing(algorithm) && hashOn !== undefined ? [hashOn] : [];
  });
  const policies = [...new Map(keys.map((key) => [JSON.stringify(key), hashPolicy(key)])).values()].flat();
  return policies.length === 0 ? {} : { hashPolicy: policies };
}

export function isRing(algorithm: LoadBalancer['algorithm']): boolean {
  return algorithm === 'ringHash' || algorithm === 'maglev';
}

/** A channel stands for the caller's address; gRPC has no cookies. */
function hashPolicy(key: HashKey): readonly Message[] {
  if ('header' in key) return [{ header: { headerName: key.header } }];
  return 'source' in key ? [{ filterState: { key: 'io.grpc.channel_id' } }] : [];
}
