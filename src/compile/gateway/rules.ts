import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { GatewayRoute, RankedMatch, RouteRule } from '../../gateway/types.ts';
import type { PolicyLayer, RequestPolicy } from '../../model/policy.ts';
import type { OutboundRule, ServiceId } from '../../model/types.ts';
import type { PassContext } from '../state.ts';
import { at } from '../state.ts';
import type { AttachedRoute } from './attach-routes.ts';
import { type Destination, destinationOf, type Read, type RoutedPort, targetOf } from './backends.ts';

/** A match of a rule, with what its requests meet. */
interface Candidate {
  readonly route: GatewayRoute;
  readonly rule: RouteRule;
  readonly match: RankedMatch;
}

/**
 * The rules of some routes for the clients `from`, in the API's precedence; the last of them takes everything. A request
 * that no match takes is answered 404.
 */
export function routeRules(
  routes: readonly AttachedRoute[],
  from: OutboundRule['from'],
  port: RoutedPort,
  state: Read,
  context: PassContext,
): readonly OutboundRule[] {
  // Stable: of equals the older route, and in a route the earlier rule and match, go first.
  const ranked = routes
    .flatMap(({ route }) => route.rules.flatMap((rule) => rule.matches.map((match) => ({ route, rule, match }))))
    .sort((a, b) => higherFirst(a.match.rank, b.match.rank));
  const last = ranked.findIndex(({ match }) => match.match === 'any');
  const candidates = last < 0 ? ranked : ranked.slice(0, last + 1);
  const meant = new Map<RouteRule, Meant>();
  const rules = candidates.map((candidate): OutboundRule => {
    const { route, rule, match } = candidate;
    const known = meant.get(rule) ?? meaningOf(candidate, port, state, context);
    meant.set(rule, known);
    return { from, match: match.match, ...known, origins: [at(route, match.path)] };
  });
  if (last >= 0) return rules;
  const origins = routes.map(({ route, parent }) => at(route, parent.path));
  const [origin] = origins;
  const message = `requests to port ${port.port.port} of Service ${port.service.id} that no rule takes are answered 404`;
  if (port.port.protocol === 'http' && origin !== undefined) context.report(diagnostic('SMI4708', { message, origin }));
  return [...rules, { from, match: 'any', to: { kind: 'fail', because: 'SMI4708', status: 404 }, origins }];
}

type Meant = Pick<OutboundRule, 'to' | 'policy'>;

function higherFirst(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((value, index) => value !== b[index]);
  return differing < 0 ? 0 : (b[differing] ?? 0) - (a[differing] ?? 0);
}

function meaningOf({ route, rule }: Candidate, port: RoutedPort, state: Read, context: PassContext): Meant {
  const destination = destinationOf(rule, route, port, state, context);
  if (port.port.protocol !== 'http' || destination.to.kind === 'fail') return { to: destination.to };
  const policy = layerOf(rule, route, destination, mirrorOf(rule, route, port, state, context));
  return { to: destination.to, ...(policy === undefined ? {} : { policy }) };
}

function mirrorOf(
  { policy }: RouteRule,
  route: GatewayRoute,
  { port }: RoutedPort,
  state: Read,
  context: PassContext,
): RequestPolicy['mirror'] {
  const target = policy.mirror && targetOf(policy.mirror.to, route, port, state, context);
  return target && { service: target.service as ServiceId, port: target.port, share: policy.mirror?.share ?? 0 };
}

function layerOf(
  rule: RouteRule,
  route: GatewayRoute,
  { broken }: Destination,
  mirror: RequestPolicy['mirror'],
): PolicyLayer<RequestPolicy> | undefined {
  const fields: RequestPolicy = {
    ...rule.policy.fields,
    ...(mirror === undefined ? {} : { mirror }),
    ...(broken === undefined ? {} : { faults: { abort: broken.abort } }),
  };
  if (Object.keys(fields).length === 0) return undefined;
  const said = rule.policy.origins.filter(({ says }) => mirror !== undefined || says !== 'spec.mirror');
  const lost = (broken?.paths ?? []).map((path) => ({ ...at(route, path), says: 'spec.faults.abort' }));
  return {
    policy: `${route.meta.namespace}/${route.meta.name}`,
    matches: 'any',
    fields,
    origins: [at(route, rule.path), ...said, ...lost],
  };
}
