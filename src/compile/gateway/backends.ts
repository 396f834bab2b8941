import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { BackendRef, GatewayRoute, ReferenceGrant, RouteRule } from '../../gateway/types.ts';
import { gatewayGroup } from '../../gateway/versions.ts';
import { nonEmpty } from '../../lib/collections.ts';
import type { Lookup } from '../../lib/incremental/stage.ts';
import { serviceId } from '../../model/ids.ts';
import type { RequestPolicy } from '../../model/policy.ts';
import { findPort, transportOf } from '../../model/ports.ts';
import type { Distribution, Failing, Service, ServiceId, ServicePort, WeightedTarget } from '../../model/types.ts';
import { fullShare } from '../../policy/limits.ts';
import { reportMissing } from '../missing.ts';
import type { PassContext } from '../state.ts';
import { at } from '../state.ts';

/** The service port whose requests a route takes. */
export interface RoutedPort {
  readonly service: Service;
  readonly port: ServicePort;
}

export interface Read {
  readonly services: Lookup<ServiceId, Service>;
  /** By the namespace whose Services they open. */
  readonly grants: Lookup<string, readonly ReferenceGrant[]>;
}

/** Where the requests of a rule go. */
export interface Destination {
  readonly to: Distribution;
  /** What answers those that a backend would get that cannot be used, while others can; and the backends. */
  readonly broken?: {
    readonly abort: NonNullable<NonNullable<RequestPolicy['faults']>['abort']>;
    readonly paths: readonly string[];
  };
}

/**
 * Backends that cannot be used keep their share, which is answered with an error (500, for gRPC UNAVAILABLE). Connections
 * cannot be answered: there the others keep their ratio.
 */
export function destinationOf(
  rule: RouteRule,
  route: GatewayRoute,
  at: RoutedPort,
  state: Read,
  context: PassContext,
): Destination {
  const failing = (because: 'SMI4702' | 'SMI4703'): Failing =>
    route.kind === 'GRPCRoute' ? { kind: 'fail', because } : { kind: 'fail', because, status: 500 };
  if (rule.fails) return { to: failing('SMI4702') };
  const found = rule.backends.map((ref) => ({ ref, target: targetOf(ref, route, at.port, state, context) }));
  const usable = nonEmpty(merged(found.flatMap(({ target }) => target ?? [])));
  const taken = usable?.reduce((sum, { weight }) => sum + weight, 0) ?? 0;
  if (usable === undefined || taken === 0) {
    if (found.every(({ target }) => target !== undefined)) reportNowhere(rule, route, context);
    return { to: failing('SMI4703') };
  }
  const lost = found.filter(({ ref, target }) => target === undefined && ref.weight > 0);
  const to = isSelf(usable, at) ? ({ kind: 'self' } as const) : ({ kind: 'weighted', targets: usable } as const);
  if (lost.length === 0 || at.port.protocol !== 'http') return { to };
  const weight = lost.reduce((sum, { ref }) => sum + ref.weight, 0);
  const share = Math.max(1, Math.round((fullShare * weight) / (weight + taken)));
  const abort = route.kind === 'GRPCRoute' ? { httpStatus: 503, grpcStatus: 14, share } : { httpStatus: 500, share };
  return { to, broken: { abort, paths: lost.map(({ ref }) => ref.path) } };
}

function isSelf([first, ...others]: readonly WeightedTarget[], { service, port }: RoutedPort): boolean {
  return others.length === 0 && first?.service === service.id && first.port === port.port;
}

/** Targets that are named twice have both shares. */
function merged(targets: readonly WeightedTarget[]): readonly WeightedTarget[] {
  const found = new Map<string, WeightedTarget>();
  for (const target of targets) {
    const key = `${target.service}:${target.port}`;
    const known = found.get(key);
    const both = known && {
      ...known,
      weight: known.weight + target.weight,
      origins: [...known.origins, ...target.origins],
    };
    found.set(key, both ?? target);
  }
  return [...found.values()];
}

function reportNowhere(rule: RouteRule, route: GatewayRoute, { report }: PassContext): void {
  const where = rule.backends.length === 0 ? rule.path : `${rule.path}.backendRefs`;
  const what = rule.backends.length === 0 ? 'has no backend' : 'has backends without a weight';
  const message = `${rule.path} of ${route.kind} ${route.meta.namespace}/${route.meta.name} ${what}: its requests fail`;
  report(diagnostic('SMI4703', { message, origin: at(route, where), severity: 'warning' }));
}

/** The Service port that a reference means; nothing where it means none that may be used. */
export function targetOf(
  ref: BackendRef,
  route: GatewayRoute,
  { protocol }: Pick<ServicePort, 'protocol'>,
  state: Read,
  context: PassContext,
): WeightedTarget | undefined {
  const { namespace, name, port, weight } = ref;
  const severity = weight === 0 ? { severity: 'info' as const } : {};
  const refuse = (message: string, field: string): undefined => {
    context.report(diagnostic('SMI4703', { message, origin: at(route, `${ref.path}${field}`), ...severity }));
  };
  if (ref.unusable) return undefined;
  if (ref.kind !== 'Service' || (ref.group !== '' && ref.group !== 'core')) {
    return refuse(`the mesh has no backends of the kind ${ref.kind}`, '.kind');
  }
  const id = serviceId(namespace, name);
  if (namespace !== route.meta.namespace && !isGranted(ref, route, state)) {
    return refuse(
      `no ReferenceGrant of namespace ${namespace} lets ${route.kind}s of ${route.meta.namespace} name Service ${id}`,
      '.namespace',
    );
  }
  const service = state.services.get(id);
  if (service === undefined) {
    const origin = at(route, `${ref.path}.name`);
    const known = context.names.services.get(namespace) ?? [];
    reportMissing(
      { code: 'SMI4703', group: '', kind: 'Service', namespace, name, origin, known, ...severity },
      context,
    );
    return undefined;
  }
  if (service.kind === 'external') return refuse(`Service ${id} is of type ExternalName`, '.name');
  if (port === undefined) return refuse(`a port of Service ${id} must be named`, '');
  if (findPort(service.ports, port, transportOf(protocol)) === undefined) {
    return refuse(`Service ${id} does not offer port ${port}`, '.port');
  }
  return { service: id, port, weight, origins: [at(route, ref.path)] };
}

function isGranted({ namespace, name }: BackendRef, { kind, meta }: GatewayRoute, { grants }: Read): boolean {
  return (grants.get(namespace) ?? []).some(
    ({ from, to }) =>
      from.some((one) => one.group === gatewayGroup && one.kind === kind && one.namespace === meta.namespace) &&
      to.some((one) => one.group === '' && one.kind === 'Service' && (one.name === undefined || one.name === name)),
  );
}
