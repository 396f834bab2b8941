import { commonPolicy } from '../../../src/adapter/policy-cases.ts';
import { shared } from '../../../src/adapter/tracking.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { Faults } from '../../../src/model/policy.ts';
import { allRequestLayers } from '../../../src/model/policy-fields.ts';
import type { MeshModel, NamespaceId, OutboundRule, Service, Workload } from '../../../src/model/types.ts';
import { parseClusterName } from '../names.ts';
import { type Binding, namesAt, type Served, servedAt } from './bindings.ts';
import type { Caller } from './caller.ts';
import { overdue } from './deadline.ts';
import { faultRoutes } from './faults.ts';
import { faultFilters } from './injected-faults.ts';
import { pathHeader } from './match.ts';
import { meshFields } from './mesh-fields.ts';
import { ads, type Message, originMetadata } from './message.ts';
import { outsideRoutes } from './outside.ts';
import { retryPolicy } from './retry-policy.ts';
import type { ForwardSettings } from './route-action.ts';
import { ruleRoutes } from './rule-routes.ts';

/** Of a body, what is kept for sending it again, or to a mirror. */
const replayBytes = 65_536;

/** Where requests come in. */
type Listen = Pick<Binding, 'address' | 'port'>;

/** What a client's HTTP listener needs for one of its services. */
export interface HttpPart {
  readonly host: Message;
  readonly origins: readonly Origin[];
  readonly faults: readonly Faults[];
  /** Whether some route has conditions on the path for which a header stands. */
  readonly asksForPath: boolean;
}

/** What a client's HTTP listener has to know of the routes of its requests. */
export interface HttpRouting {
  readonly name: string;
  /** Where the HTTP connection manager finds them. */
  readonly from: Message;
  /** Of what decides about the listener. */
  readonly origins: readonly Origin[];
  /** The filters that inject faults. */
  readonly faults: readonly Message[];
  readonly asksForPath: boolean;
  /** The header that routes are told by, where it is not the authority; the listener writes the address into it. */
  readonly destinationHeader?: string;
}

/** All service ports of a listener in one route configuration: the authority chooses the service, its rules the cluster. */
export interface HttpRoutes extends HttpRouting {
  readonly routes: Message;
}

/**
 * The virtual host of a service port is another object only when what it says is different: whoever compares or encodes the
 * routes need look at nothing else.
 */
export function outboundRoutes(
  model: MeshModel,
  name: string,
  binding: Binding,
  client: Caller,
  partOf: (whole: MeshModel, served: Served) => HttpPart,
): HttpRoutes {
  const { address, port, passthrough, only } = binding;
  const at = `${address} ${port} ${client.key}`;
  const lost = shared(model, `lost domains ${at} ${only}`, (whole) => lostDomains(whole, binding, client));
  const parts = namesAt(model, binding).map((service) => {
    const { part } = shared(model, `routes ${at} ${service}`, (whole) => {
      const served = servedAt(whole, service);
      return { part: served === undefined ? undefined : partOf(whole, served) };
    });
    const domains = part && lost.get(String(part.host.name));
    return part === undefined || domains === undefined ? part : { ...part, host: { ...part.host, domains } };
  });
  return routesOf(name, parts, passthrough ? outsideRoutes(port) : []);
}

/** The routes of a listener. `others`: of what none of the hosts has, which is otherwise answered 404. */
export function routesOf(
  name: string,
  found: readonly (HttpPart | undefined)[],
  others: readonly Message[],
): HttpRoutes {
  const parts = found.filter(
    (part) => part !== undefined && (part.host.domains as readonly string[]).length > 0,
  ) as readonly HttpPart[];
  // The path is judged first.
  const unknown = { name: 'unknown', domains: ['*'], routes: [...faultRoutes, ...others] };
  const virtualHosts = [...parts.map(({ host }) => host), unknown];
  return {
    name,
    from: { rds: { routeConfigName: name, configSource: ads } },
    routes: { name, ...meshFields, virtualHosts },
    origins: parts.flatMap(({ origins }) => origins),
    faults: faultFilters(parts.flatMap(({ faults }) => faults)),
    asksForPath: parts.some(({ asksForPath }) => asksForPath),
  };
}

/** The domains of services some of which belong to an earlier one: what is left to them. */
function lostDomains(model: MeshModel, binding: Binding, client: Caller): ReadonlyMap<string, readonly string[]> {
  const taken = new Set<string>();
  const left = new Map<string, readonly string[]>();
  for (const name of namesAt(model, binding)) {
    const { service, port } = parseClusterName(name);
    const { domains } = shared(model, `domains ${binding.address} ${binding.port} ${client.key} ${name}`, (whole) => {
      const found = whole.services[service];
      return { domains: found === undefined ? [] : authorities(found, port, binding, client) };
    });
    const own = domains.filter((domain) => !taken.has(domain));
    for (const domain of own) taken.add(domain);
    if (own.length < domains.length) left.set(name, own);
  }
  return left;
}

/** A service's virtual host at these domains. */
export function httpPart(
  { service, port, policy, name: cluster }: Served,
  domains: readonly string[],
  client: Caller,
  settings: ForwardSettings,
): HttpPart {
  const rules = policy.rules.filter((rule) => appliesTo(rule, client));
  const { policies = [] } = policy;
  const { timeouts, retries = {} } = commonPolicy(policies).policy;
  const ordinaryRetries = retryPolicy(retries, timeouts?.perTry ?? 0, false);
  const routes = rules.flatMap((rule, index) =>
    ruleRoutes(
      { rule, name: `${cluster}#${index}`, service: service.id, port: port.port, policies },
      { ...settings, ordinaryRetries },
    ),
  );
  return {
    host: {
      name: cluster,
      domains,
      ...originMetadata(service.origins),
      ...(ordinaryRetries === undefined ? {} : { retryPolicy: ordinaryRetries }),
      perRequestBufferLimitBytes: replayBytes,
      routes: [...faultRoutes, overdue, ...routes, unroutedRule(cluster)],
    },
    origins: [...service.origins, ...originsWithin(policy.rules, policies)],
    faults: allRequestLayers({ rules, policies }).flatMap(({ fields }) => fields.faults ?? []),
    asksForPath: asksForPath(routes),
  };
}

interface MatchedHeaders {
  readonly match?: { readonly headers?: readonly { readonly name: string }[] };
}

function asksForPath(routes: readonly MatchedHeaders[]): boolean {
  return routes.some(({ match }) => match?.headers?.some(({ name }) => name === pathHeader) === true);
}

export function appliesTo(rule: OutboundRule, client: Pick<Workload, 'namespace' | 'set'>): boolean {
  return rule.from === 'any' || rule.from.some((source) => source === client.namespace || source === client.set);
}

/** Every authority that means the service to this client on this listener. */
export function authorities(service: Service, port: number, listener: Listen, client: Caller): readonly string[] {
  const names = [
    ...ownNames(service, client.namespace),
    ...service.vips.map(uriHost),
    // An intercepted connection went to another address than the listener's.
    ...(client.intercepted ? [] : [uriHost(listener.address)]),
  ];
  return authoritiesOf(names, [port, listener.port]);
}

/** Names by which clients of a namespace know a service. */
export function ownNames({ namespace, name, hosts }: Service, client: NamespaceId): readonly string[] {
  return [...(namespace === client ? [name.toLowerCase()] : []), ...hosts];
}

/** With each of the ports and without. */
export function authoritiesOf(names: readonly string[], ports: readonly number[]): readonly string[] {
  return [...new Set(names.flatMap((name) => [name, ...ports.map((port) => `${name}:${port}`)]))];
}

function uriHost(address: string): string {
  return address.includes(':') ? `[${address.toLowerCase()}]` : address;
}

/** What no rule covers fails; it never goes anywhere by default. */
function unroutedRule(cluster: string): Message {
  return { name: `${cluster}#none`, match: { prefix: '/' }, directResponse: { status: 503 } };
}
