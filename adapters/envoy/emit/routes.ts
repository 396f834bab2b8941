import type { OutboundRule, PortPolicy, Service, WeightedTarget, Workload } from '../../../src/model/types.ts';
import { clusterName, type ServicePortRef } from '../names.ts';
import { faultRoutes } from './faults.ts';
import { routeMatch } from './match.ts';
import { type Message, originMetadata } from './message.ts';
import { outsideRoutes } from './outside.ts';

/** How a client's requests to a cluster are refused by its own sidecar; nothing where some may be let in. */
export type Refusals = (cluster: string) => Message;

export interface HttpListener {
  readonly address: string;
  readonly port: number;
  readonly passthrough: boolean;
  readonly services: readonly (ServicePortRef & { readonly policy: PortPolicy })[];
}

/** The route configuration of a client's HTTP listener: the authority chooses the service, its rules the cluster. */
export function outboundRoutes(
  name: string,
  listener: HttpListener,
  client: Workload,
  testRandomHeader: string | undefined,
  refusals: Refusals,
): Message {
  const taken = new Set<string>();
  const hosts = listener.services.flatMap(({ service, port, policy, name: cluster }) => {
    const domains = authorities(service, port.port, listener, client).filter((domain) => !taken.has(domain));
    for (const domain of domains) taken.add(domain);
    if (domains.length === 0) return [];
    const rules = policy.rules.filter((rule) => appliesTo(rule, client));
    const routes = rules.map((rule, index) =>
      emitRule(rule, `${cluster}#${index}`, cluster, { testRandomHeader, refusals }),
    );
    return [
      {
        name: cluster,
        domains,
        ...originMetadata(service.origins),
        routes: [...faultRoutes, ...routes, unroutedRule(cluster)],
      },
    ];
  });
  // Without a service of that name the answer is 404, after the path has been judged.
  const others = [...faultRoutes, ...(listener.passthrough ? outsideRoutes(listener.port) : [])];
  return { name, virtualHosts: [...hosts, { name: 'unknown', domains: ['*'], routes: others }] };
}

export function appliesTo(rule: OutboundRule, client: Workload): boolean {
  return rule.from === 'any' || rule.from.some((source) => source === client.namespace || source === client.set);
}

/** Every authority that means the service to this client on this listener. */
function authorities(service: Service, port: number, listener: HttpListener, client: Workload): readonly string[] {
  const names = [
    ...(service.namespace === client.namespace ? [service.name.toLowerCase()] : []),
    ...service.hosts,
    ...service.vips.map(uriHost),
    // An intercepted connection went to another address than the listener's.
    ...(client.outbound === 'intercepted' ? [] : [uriHost(listener.address)]),
  ];
  const ports = new Set([port, listener.port]);
  return [...new Set(names.flatMap((name) => [name, ...[...ports].map((number) => `${name}:${number}`)]))];
}

function uriHost(address: string): string {
  return address.includes(':') ? `[${address.toLowerCase()}]` : address;
}

interface RouteOptions {
  readonly testRandomHeader: string | undefined;
  readonly refusals: Refusals;
}

function emitRule(rule: OutboundRule, name: string, self: string, options: RouteOptions): Message {
  return {
    name,
    match: routeMatch(rule.match),
    ...originMetadata(rule.origins),
    ...action(rule, self, options),
  };
}

function action({ to }: OutboundRule, self: string, options: RouteOptions): Message {
  switch (to.kind) {
    case 'self':
      return { route: { cluster: self, timeout: '0s' }, ...options.refusals(self) };
    case 'weighted':
      return { route: { weightedClusters: weighted(to.targets, options), timeout: '0s' } };
    case 'fail':
      return { directResponse: { status: 503 } };
  }
}

function weighted(targets: readonly WeightedTarget[], { testRandomHeader, refusals }: RouteOptions): Message {
  return {
    clusters: targets.map(({ service, port, weight }) => {
      const name = clusterName(service, port);
      return { name, weight, ...refusals(name) };
    }),
    ...(testRandomHeader === undefined ? {} : { headerName: testRandomHeader }),
  };
}

/** What no rule covers fails; it never goes anywhere by default. */
function unroutedRule(cluster: string): Message {
  return { name: `${cluster}#none`, match: { prefix: '/' }, directResponse: { status: 503 } };
}
