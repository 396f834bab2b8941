import {
  type Artifact,
  contractVersion,
  type EmitContext,
  type MeshModel,
  originsWithin,
  type Service,
  type ServiceId,
  type Translator,
  type UnitId,
  type Workload,
  type WorkloadSetId,
} from '../../src/adapter/index.ts';
import { portTls, strictTls, userTokens } from './emit/authentication.ts';
import { denial, grantPolicies } from './emit/authorization.ts';
import { reportDatagrams } from './emit/datagrams.ts';
import { destinationRule } from './emit/destination-rule.ts';
import { gatewayRoutes, routeKinds } from './emit/gateway-routes.ts';
import { istioKinds, istioObject } from './emit/object.ts';
import { placesOf } from './emit/places.ts';
import { serviceEntry } from './emit/service-entry.ts';
import { virtualService } from './emit/virtual-service.ts';
import { type IstioOptions, parseOptions } from './options.ts';
import { refuse } from './refuse.ts';
import { simulate } from './simulate/index.ts';
import { support } from './support.ts';

/** Objects of Istio's API, for meshes whose sidecars are Istio's. */
export const istioAdapter: Translator<IstioOptions> = {
  id: 'istio',
  contract: contractVersion,
  support,
  // Those of either kind of routes: when the option changes, a bridge removes what took the other's place.
  kinds: [...istioKinds, ...routeKinds],
  parseOptions,
  units,
  refuse,
  emitUnit,
  simulate,
};

/** One for every namespace with workloads, every service and every set of workloads. */
function units(model: MeshModel, { options }: EmitContext<IstioOptions>): readonly UnitId[] {
  const namespaces = new Set(meshed(model).map(({ namespace }) => namespace));
  return [
    ...(options.denyBy === 'mesh' ? ['mesh'] : []),
    ...[...namespaces].sort().map((namespace) => `namespace/${namespace}`),
    ...Object.keys(model.services).map((id) => `service/${id}`),
    ...Object.keys(model.inbound).map((id) => `set/${id}`),
  ] as UnitId[];
}

function emitUnit(model: MeshModel, unit: UnitId, context: EmitContext<IstioOptions>): readonly Artifact[] {
  const slash = unit.indexOf('/');
  const [kind, id] = slash < 0 ? [unit, ''] : [unit.slice(0, slash), unit.slice(slash + 1)];
  switch (kind) {
    case 'mesh':
      return denials(model, context.options.rootNamespace, meshed(model));
    case 'namespace':
      return ofNamespace(model, id, context.options);
    case 'service': {
      const service = model.services[id as ServiceId];
      return service === undefined ? [] : ofService(model, service, context);
    }
    default:
      return ofSet(model, id as WorkloadSetId, context);
  }
}

function meshed({ workloads }: MeshModel): readonly Workload[] {
  return Object.values(workloads).filter(({ transport }) => transport === 'mtls');
}

function ofNamespace(model: MeshModel, namespace: string, { denyBy }: IstioOptions): readonly Artifact[] {
  const workloads = meshed(model).filter((workload) => workload.namespace === namespace);
  const origins = originsWithin(workloads);
  const registryOnly = { egress: [{ hosts: ['*/*'] }], outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } };
  return [
    strictTls(namespace, origins),
    ...(denyBy === 'namespace' ? denials(model, namespace, workloads) : []),
    ...(model.settings.outboundMode === 'registry-only'
      ? [istioObject('Sidecar', { namespace, name: 'default' }, registryOnly, origins)]
      : []),
  ];
}

/** What is not granted is refused. */
function denials({ inbound }: MeshModel, into: string, workloads: readonly Workload[]): readonly Artifact[] {
  const modes = new Set(workloads.map(({ set }) => inbound[set]?.mode));
  const mode = (['deny', 'audit'] as const).find((one) => modes.has(one));
  return mode === undefined ? [] : [denial(mode, into, originsWithin(workloads))];
}

function ofService(model: MeshModel, service: Service, context: EmitContext<IstioOptions>): readonly Artifact[] {
  reportDatagrams(model, service, context);
  const routes = context.options.routes === 'gateway-api' ? gatewayRoutes : virtualService;
  return [...routes(model, service, context), ...serviceEntry(service), ...destinationRule(model, service)];
}

function ofSet(model: MeshModel, id: WorkloadSetId, context: EmitContext<IstioOptions>): readonly Artifact[] {
  const policy = model.inbound[id];
  const places = placesOf(model, id, context);
  if (policy === undefined || places === undefined) return [];
  return [
    ...portTls(places, context),
    ...userTokens(policy, places, context),
    ...grantPolicies(model, policy, places, context),
  ];
}
