import {
  type Artifact,
  contractVersion,
  type EmitContext,
  type Translator,
  type UnitId,
} from '../../src/adapter/contract.ts';
import { findPort, parsePortKey } from '../../src/model/ports.ts';
import type { MeshModel, ServiceId } from '../../src/model/types.ts';
import { isForCalls } from './emit/calls.ts';
import { flowRoutes } from './emit/flows.ts';
import { httpRoutes } from './emit/http.ts';
import { LossList } from './emit/losses.ts';
import { kinds } from './emit/objects.ts';
import { References } from './emit/references.ts';
import { viewsOf } from './emit/views.ts';
import { type GatewayApiOptions, parseOptions } from './options.ts';
import { refuse } from './refuse.ts';
import { simulate } from './simulate/index.ts';
import { support } from './support.ts';

export type { GatewayApiOptions } from './options.ts';

/** Routes of the Kubernetes Gateway API that are attached to Services (GAMMA). */
export const gatewayApiAdapter: Translator<GatewayApiOptions> = {
  contract: contractVersion,
  id: 'gateway-api',
  support,
  kinds,
  parseOptions,
  units,
  emitUnit,
  refuse,
  simulate,
};

/** Every port of every Service. */
function units(model: MeshModel): readonly UnitId[] {
  return Object.values(model.outbound).flatMap(({ service, ports }) =>
    Object.keys(ports).map((port) => `routes/${service}/${port}` as UnitId),
  );
}

function emitUnit(model: MeshModel, unit: UnitId, context: EmitContext<GatewayApiOptions>): readonly Artifact[] {
  const [, namespace = '', name = '', ...key] = unit.split('/');
  const id = `${namespace}/${name}` as ServiceId;
  const service = model.services[id];
  const policy = model.outbound[id]?.ports[key.join('/')];
  const { port: number, transport } = parsePortKey(key.join('/'));
  const port = findPort(service?.ports ?? [], number, transport);
  // Routes may neither be attached to an ExternalName Service nor lead to one.
  if (service === undefined || port === undefined || policy === undefined || service.externalName !== undefined) {
    return [];
  }
  const losses = new LossList();
  const artifacts = viewsOf(model, service, policy, losses).flatMap(({ namespace: home, rules }) => {
    const at = { service, port: number, namespace: home };
    const self = { service: id, port: number };
    const { options } = context;
    const calls = options.grpc === 'GRPCRoute' && isForCalls(port);
    const parts = { self, references: new References(home), losses, options, calls };
    return policy.protocol === 'http'
      ? httpRoutes(model, at, rules, policy, parts)
      : flowRoutes(at, rules, policy, parts);
  });
  for (const loss of losses) context.report?.(loss);
  return artifacts;
}
