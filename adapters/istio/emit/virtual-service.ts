import type {
  Artifact,
  EmitContext,
  Feature,
  MeshModel,
  OutboundRule,
  PortPolicy,
  Service,
} from '../../../src/adapter/index.ts';
import { type PolicyCase, policyCases } from '../../../src/adapter/policy-cases.ts';
import { policyUses } from '../../../src/adapter/policy-uses.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import { requestLayersOf } from '../../../src/model/policy-fields.ts';
import type { IstioOptions } from '../options.ts';
import { support } from '../support.ts';
import { callersOf } from './callers.ts';
import { destinationOf, furtherHosts, hostOf, nowhere, sharesOf } from './destinations.ts';
import { type Fields, istioObject } from './object.ts';
import { type Condition, commonMethods, routeMatch } from './route-match.ts';
import { treatments } from './route-policy.ts';

type Context = EmitContext<IstioOptions>;

/** Where requests to a service go. One object for a host, since several do not add up; none where it all stays with the service. */
export function virtualService(model: MeshModel, service: Service, context: Context): readonly Artifact[] {
  const ports = Object.values(model.outbound[service.id]?.ports ?? {});
  const http = ports.filter(({ protocol }) => protocol === 'http');
  const tcp = ports.filter(({ protocol }) => protocol === 'tcp');
  // Of a port that no entry is about, requests to a host that has entries are answered 404.
  const further = furtherHosts(service);
  const entries =
    http.some(isRouted) || further.length > 0 ? http.flatMap((port) => httpRoutes(model, service, port, context)) : [];
  const connections = tcp.some(isRouted) ? tcp.flatMap((port) => tcpRoutes(model, service, port, context)) : [];
  if (entries.length + connections.length === 0) return [];
  const spec = {
    hosts: [hostOf(service), ...(entries.length === 0 ? [] : further)],
    ...(entries.length === 0 ? {} : { http: entries }),
    ...(connections.length === 0 ? {} : { tcp: connections }),
  };
  const origins = originsWithin(
    { origins: service.origins },
    [...http, ...tcp].map(({ rules, policies }) => [rules, policies]),
  );
  return [istioObject('VirtualService', { namespace: service.namespace, name: service.name }, spec, origins)];
}

function isRouted({ rules, policies }: PortPolicy): boolean {
  return policies !== undefined || rules.some(({ to, policy }) => to.kind !== 'self' || policy !== undefined);
}

function httpRoutes(model: MeshModel, service: Service, policy: PortPolicy, context: Context): readonly Fields[] {
  const { port, rules, policies = [] } = policy;
  return rules.flatMap((rule) => {
    const own: readonly Condition[] = rule.match === 'any' ? [] : [rule.match];
    if (routeMatch(own) === 'unsayable') {
      reportRule(rule, service, context);
      return [];
    }
    const action = httpAction(model, service, port, rule, context);
    return policyCases(rule.to.kind === 'fail' ? [] : requestLayersOf(rule, policies)).flatMap((found) =>
      combinations(found.matches).flatMap((matches) =>
        caseRoutes(model, { rule, port, own: [...own, ...matches], action, found, name: service.id }, context),
      ),
    );
  });
}

interface CaseOfRule {
  readonly rule: OutboundRule;
  readonly port: number;
  readonly own: readonly Condition[];
  readonly action: Fields;
  readonly found: PolicyCase;
  readonly name: string;
}

function caseRoutes(
  model: MeshModel,
  { rule, port, own, action, found, name }: CaseOfRule,
  context: Context,
): readonly Fields[] {
  if (routeMatch(own) === 'unsayable') {
    for (const feature of featuresOf(found)) {
      context.report?.({
        feature,
        kind: 'dropped',
        text: `some requests to ${name} go by less specific policies: VirtualService cannot ask for both matches at once`,
        origins: found.originsOf(),
      });
    }
    return [];
  }
  const callers = callersOf(model, rule, context);
  const treated = treatments(found.policy, commonMethods(own), (id, number) => destinationOf(model, id, number));
  return treated.flatMap(({ methods, fields }) => {
    const some: readonly Condition[] = methods === undefined ? [] : [{ methods, path: 'any', headers: 'any' }];
    const match = routeMatch([...own, ...some]);
    if (match === undefined || match === 'unsayable' || callers.length === 0) return [];
    const entry = { match: callers.map((caller) => ({ port, ...caller, ...match })), ...action };
    return ['directResponse' in action ? entry : { ...entry, ...fields }];
  });
}

/** Those of the fields' features of which something is emitted at all. */
function featuresOf({ policy }: PolicyCase): readonly Feature[] {
  const layer = { policy: '', matches: 'any', fields: policy, origins: [] } as const;
  const used = policyUses([layer]).map(({ feature }) => feature);
  return [...new Set(used)].filter((feature) => support[feature].level !== 'none');
}

function reportRule({ match, origins }: OutboundRule, service: Service, { report }: Context): void {
  report?.({
    feature: 'split-with-matches',
    kind: 'dropped',
    text: `a match of a split of ${service.id} is left out, and its requests go on as if it were not there: VirtualService cannot ask for it`,
    origins: match === 'any' ? origins : [...origins, ...match.origins],
  });
}

function httpAction(
  model: MeshModel,
  service: Service,
  port: number,
  { to, origins }: OutboundRule,
  context: Context,
): Fields {
  if (to.kind === 'fail') return { directResponse: { status: to.status ?? 503 } };
  if (to.kind === 'self') return { route: [{ destination: destinationOf(model, service.id, port) }] };
  return { route: weighted(model, to.targets, origins, context) };
}

function weighted(
  model: MeshModel,
  targets: Parameters<typeof sharesOf>[0],
  origins: OutboundRule['origins'],
  context: Context,
): readonly Fields[] {
  const shares = sharesOf(targets, origins, context);
  // Where there is only one, it takes all, and a weight would say nothing.
  const several = shares.length > 1;
  return shares.map(({ target, weight }) => ({
    destination: destinationOf(model, target.service, target.port),
    ...(several ? { weight } : {}),
  }));
}

/** Connections are matched by nothing but who opens them. */
function tcpRoutes(
  model: MeshModel,
  service: Service,
  { port, rules }: PortPolicy,
  context: Context,
): readonly Fields[] {
  return rules
    .filter(({ match }) => match === 'any')
    .flatMap((rule) => {
      const { to, origins } = rule;
      const callers = callersOf(model, rule, context);
      if (callers.length === 0) return [];
      const match = callers.map((caller) => ({ port, ...caller }));
      if (to.kind === 'fail') return [{ match, route: [{ destination: { host: nowhere, port: { number: port } } }] }];
      if (to.kind === 'self') return [{ match, route: [{ destination: destinationOf(model, service.id, port) }] }];
      return [{ match, route: weighted(model, to.targets, origins, context) }];
    });
}

/** One of each list, in every way. */
function combinations<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return lists.reduce<readonly (readonly T[])[]>(
    (found, list) => found.flatMap((chosen) => list.map((item) => [...chosen, item])),
    [[]],
  );
}
