import type { Artifact } from '../../../src/adapter/contract.ts';
import type { RequestPolicy } from '../../../src/model/policy.ts';
import { allRequestLayers, requestLayersOf } from '../../../src/model/policy-fields.ts';
import type { Distribution, HttpMatch, MeshModel, OutboundRule, PortPolicy } from '../../../src/model/types.ts';
import { findServicePort, nowhere, portName, type ServicePortRef, typeUrls } from '../names.ts';
import { failing, permissionDenied, routeFaults, unavailable, unimplemented } from './faults.ts';
import { hashPolicies } from './hash.ts';
import { hostNames, shortNames } from './listeners.ts';
import { asksAuthority, callMatch, everyCall, routeMatch } from './match.ts';
import { type Message, originMetadata, seconds } from './message.ts';
import { refine } from './refine.ts';
import { retryPolicy } from './retries.ts';
import { clusterShares } from './targets.ts';

/** The routes of a service port for clients that some server lets in. */
export function emitRoutes(model: MeshModel, ref: ServicePortRef): readonly Artifact[] {
  const { service, policy, name } = ref;
  const names = [...hostNames(ref), ...shortNames(ref)];
  const asked = [...policy.rules, ...allRequestLayers(policy)].flatMap(({ origins }) => origins);
  const groups = virtualHosts(policy, names);
  const hosts = groups.map(([first, ...others], index) => ({
    name: index === 0 ? name : `${name}~${index}`,
    domains: [first, ...others],
    ...originMetadata(service.origins),
    routes: routesOf(model, ref, first),
  }));
  const body: Message = { name, virtualHosts: hosts };
  return [{ name, format: typeUrls.routes, body, origins: [...service.origins, ...asked] }];
}

/** The routes for clients that no server would let in: the host is there, and says so. */
export function emitRefusal(ref: ServicePortRef): readonly Artifact[] {
  const { service, name } = ref;
  const domains = [...hostNames(ref), ...shortNames(ref)];
  const routes = [failed(`${name}#refused`, routeMatch(everyCall), permissionDenied)];
  const body: Message = { name, virtualHosts: [{ name, domains, ...originMetadata(service.origins), routes }] };
  return [{ name, format: typeUrls.routes, body, origins: service.origins }];
}

/** Whether routes of a service port lead nowhere: of a rule that fails, or where no rule can take a call. */
export function usesNowhere(policy: PortPolicy): boolean {
  return (
    sharedRules(policy).some(({ to }) => to.kind === 'fail') ||
    !sharedRules(policy).some(({ match }) => match === 'any')
  );
}

/** Whether routes of a service port use the filter that injects faults. */
export function usesFaults(policy: PortPolicy): boolean {
  return usesNowhere(policy) || allRequestLayers(policy).some(({ fields }) => fields.faults !== undefined);
}

/** Rules for some clients only cannot be said in a resource that all clients share; they match nothing here. */
function sharedRules({ rules }: PortPolicy): readonly OutboundRule[] {
  return rules.filter(({ from }) => from === 'any');
}

/** The names in groups whose calls have the same routes; only matches that look at the host tell them apart. */
function virtualHosts(policy: PortPolicy, names: readonly string[]): readonly (readonly [string, ...string[]])[] {
  const asking: readonly (HttpMatch | 'any')[] = [
    ...policy.rules.map(({ match }) => match),
    ...(policy.policies ?? []).flatMap(({ matches }): readonly (HttpMatch | 'any')[] =>
      matches === 'any' ? [] : matches,
    ),
  ];
  const looking = asking.filter(asksAuthority);
  const groups = Map.groupBy(names, (name) =>
    looking.map((match) => (callMatch(match, name) === undefined ? '0' : '1')).join(''),
  );
  return [...groups.values()] as unknown as readonly (readonly [string, ...string[]])[];
}

function routesOf(model: MeshModel, ref: ServicePortRef, host: string): readonly Message[] {
  const layers = ref.policy.policies ?? [];
  const routes = sharedRules(ref.policy).flatMap((rule, index) => {
    const match = callMatch(rule.match, host);
    if (match === undefined) return [];
    return refine(match, requestLayersOf(rule, layers), host).map(({ match: refined, fields }, variant) =>
      emitRoute(model, ref, rule, {
        name: variant === 0 ? `${ref.name}#${index}` : `${ref.name}#${index}.${variant}`,
        match: routeMatch(refined),
        fields,
      }),
    );
  });
  // Where no rule covers a call, clients fail it themselves; they refuse a virtual host without any route.
  return routes.length > 0 ? routes : [failed(`${ref.name}#none`, routeMatch(everyCall), unavailable)];
}

interface RouteParts {
  readonly name: string;
  readonly match: Message;
  readonly fields: RequestPolicy;
}

function emitRoute(model: MeshModel, ref: ServicePortRef, rule: OutboundRule, parts: RouteParts): Message {
  const { name, match, fields } = parts;
  const metadata = originMetadata(rule.origins);
  const clusters = destination(model, ref, rule.to);
  if (clusters === undefined) {
    const missing = rule.to.kind === 'fail' && rule.to.status === 404;
    return { ...failed(name, match, missing ? unimplemented : unavailable), ...metadata };
  }
  const { timeouts, retries, faults } = fields;
  return {
    name,
    match,
    ...metadata,
    route: {
      ...clusters,
      ...(timeouts?.request ? { maxStreamDuration: { maxStreamDuration: seconds(timeouts.request) } } : {}),
      ...retryPolicy(retries),
      ...hashPolicies(model, ref, rule.to),
    },
    ...(faults === undefined ? {} : routeFaults(faults)),
  };
}

/** `undefined` when calls fail. */
function destination(model: MeshModel, ref: ServicePortRef, to: Distribution): Message | undefined {
  if (to.kind === 'fail') return undefined;
  const own = { service: ref.service.id, port: ref.port.port, weight: 1 };
  const shares = clusterShares(model, to.kind === 'self' ? [own] : to.targets);
  const [only] = shares;
  if (only === undefined) return undefined;
  if (shares.length === 1) return { cluster: only.cluster };
  return { weightedClusters: { clusters: shares.map(({ cluster, weight }) => ({ name: cluster, weight })) } };
}

function failed(name: string, match: Message, grpcStatus: number): Message {
  return { name, match, route: { cluster: nowhere }, ...failing(grpcStatus) };
}

const referenced = new WeakMap<PortPolicy, readonly string[]>();

/** The service ports that the routes of a service port lead to, each once. */
export function referencedPorts(model: MeshModel, { name, policy }: ServicePortRef): readonly ServicePortRef[] {
  let names = referenced.get(policy);
  if (names === undefined) {
    names = [...new Set(sharedRules(policy).flatMap(({ to }) => namesOf(to, name)))];
    referenced.set(policy, names);
  }
  return names.flatMap((found) => findServicePort(model, found) ?? []);
}

function namesOf(to: Distribution, self: string): readonly string[] {
  if (to.kind === 'fail') return [];
  if (to.kind === 'self') return [self];
  return to.targets.filter(({ weight }) => weight > 0).map(({ service, port }) => portName(service, port));
}
