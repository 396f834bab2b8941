import {
  type Artifact,
  contractVersion,
  type EmitContext,
  type Translator,
  type UnitId,
} from '../../src/adapter/contract.ts';
import type { MeshModel, ServiceId } from '../../src/model/types.ts';
import { kinds } from './emit/objects.ts';
import { portRoutes } from './emit/port-routes.ts';
import type { RouteStyle } from './emit/style.ts';
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

function emitUnit(
  model: MeshModel,
  unit: UnitId,
  { options, report }: EmitContext<GatewayApiOptions>,
): readonly Artifact[] {
  const [, namespace = '', name = '', ...key] = unit.split('/');
  const id = `${namespace}/${name}` as ServiceId;
  const service = model.services[id];
  const policy = model.outbound[id]?.ports[key.join('/')];
  if (service === undefined || policy === undefined) return [];
  const { artifacts, losses } = portRoutes(model, service, policy, styleOf(options));
  for (const loss of losses) report?.(loss);
  return artifacts;
}

/** As the API's own words have it. */
function styleOf({ channel, grpc, regex }: GatewayApiOptions): RouteStyle {
  return {
    ...{ channel, grpc, regex },
    retriedAnyhow: ['connectFailure', 'grpcUnavailable', 'perTryTimeout'],
    tryWithoutRetry: true,
    headerText: (value) => value,
    consumerFlows: true,
  };
}
