import { compareText, type NonEmpty, nonEmpty } from '../../lib/collections.ts';
import type { PolicyLayer, ServerPolicy } from '../../model/policy.ts';
import type { InboundPolicy } from '../../model/types.ts';
import { at, type WorkloadFace } from '../state.ts';
import { fieldOrigins } from './layers.ts';
import type { ReachingServices } from './reach.ts';
import type { PolicyIndex, TargetedPolicy, TargetedRefusal } from './types.ts';

export type ServerLayer = NonNullable<InboundPolicy['policies']>[number];

/** A field of a policy that acts at a port. */
export interface Acting {
  readonly field: keyof ServerPolicy;
  readonly by: TargetedPolicy;
}

/**
 * What servers are asked to do at one container port. Of each field those of the Services that reach the port, all of them
 * where there are several, so that the stricter wins; those of the namespace where no Service has one without matches, and
 * those of the mesh where the namespace has none either.
 */
export function actingAt(reaching: ReachingServices, namespace: string, index: PolicyIndex): readonly Acting[] {
  const own = [...new Set(reaching.map(({ service }) => service))].flatMap((id) => index.services.get(id) ?? []);
  const ranks = [own, index.namespaces.get(namespace) ?? [], index.mesh];
  return (['authentication', 'rateLimit'] as const).flatMap((field) => {
    const acting = new Map<string, Acting>();
    for (const rank of ranks) {
      const having = rank.filter(({ policy }) => policy.server[field] !== undefined);
      for (const by of having) if (!acting.has(by.id)) acting.set(by.id, { field, by });
      if (having.some(({ policy }) => policy.matches === undefined)) break;
    }
    return [...acting.values()];
  });
}

/** Refused policies that ask for authentication at a port. */
function refusingAt(
  reaching: ReachingServices,
  namespace: string,
  { refused }: PolicyIndex,
): readonly TargetedRefusal[] {
  const own = reaching.flatMap(({ service }) => refused.services.get(service) ?? []);
  const all = [...own, ...(refused.namespaces.get(namespace) ?? []), ...refused.mesh];
  return all.filter(({ id }, position) => all.findIndex((other) => other.id === id) === position);
}

/** No key signs a token that this would accept. */
const nobody: NonNullable<ServerPolicy['authentication']> = {
  jwt: [
    {
      issuer: 'nobody',
      audiences: [],
      jwks: { inline: '{"keys":[]}' },
      cache: 300_000,
      claimHeaders: {},
      forward: false,
    },
  ],
  required: true,
};

/** The layers of a workload, sorted by policy; ports that are treated alike share one. */
export function serverLayers(
  workload: WorkloadFace,
  reaching: ReadonlyMap<number, ReachingServices>,
  index: PolicyIndex,
): readonly ServerLayer[] {
  const found = new Map<string, { layer: PolicyLayer<ServerPolicy>; ports: number[] }>();
  const add = (layer: PolicyLayer<ServerPolicy>, port: number): void => {
    const key = `${layer.policy} ${Object.keys(layer.fields).join(' ')}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { layer, ports: [port] });
    else known.ports.push(port);
  };
  for (const { port, protocol } of workload.ports) {
    if (protocol !== 'http') continue;
    const services = reaching.get(port) ?? [];
    const acting = Map.groupBy(actingAt(services, workload.namespace, index), ({ by }) => by);
    for (const [by, fields] of acting) {
      add(
        layerOf(
          by,
          fields.map(({ field }) => field),
        ),
        port,
      );
    }
    for (const refusal of refusingAt(services, workload.namespace, index)) add(closed(refusal), port);
  }
  return [...found]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, { layer, ports }]) => {
      const listed: NonEmpty<number> | undefined = nonEmpty(ports);
      return listed === undefined ? [] : [{ ...layer, ports: listed }];
    });
}

function layerOf({ id, policy, coverage }: TargetedPolicy, names: readonly (keyof ServerPolicy)[]) {
  const fields: ServerPolicy = Object.fromEntries(names.map((name) => [name, policy.server[name]]));
  const origins = [at(policy, 'spec.targetRefs'), ...fieldOrigins(policy, fields)];
  return { policy: id, matches: coverage.server, fields, origins };
}

function closed({ id, refused, origin }: TargetedRefusal): PolicyLayer<ServerPolicy> {
  const origins = [origin, at(refused, 'spec.authentication')];
  return { policy: id, matches: 'any', fields: { authentication: nobody }, origins };
}
