import type { OutboundRule, PortPolicy, Service, Workload } from '../../../src/model/types.ts';
import type { ServicePortRef } from '../names.ts';
import { overdue } from './deadline.ts';
import { faultRoutes } from './faults.ts';
import { meshFields } from './mesh-fields.ts';
import { type Message, originMetadata } from './message.ts';
import { outsideRoutes } from './outside.ts';
import { commonPolicy } from './request-policies.ts';
import { retryPolicy } from './retry-policy.ts';
import type { ForwardSettings } from './route-action.ts';
import { ruleRoutes } from './rule-routes.ts';

export interface HttpListener {
  readonly address: string;
  readonly port: number;
  readonly passthrough: boolean;
  readonly services: readonly (ServicePortRef & { readonly policy: PortPolicy })[];
}

/** Of a body, what is kept for sending it again, or to a mirror. */
const replayBytes = 65_536;

/** The route configuration of a client's HTTP listener: the authority chooses the service, its rules the cluster. */
export function outboundRoutes(
  name: string,
  listener: HttpListener,
  client: Workload,
  settings: ForwardSettings,
): Message & { readonly name: string } {
  const taken = new Set<string>();
  const hosts = listener.services.flatMap(({ service, port, policy, name: cluster }) => {
    const domains = authorities(service, port.port, listener, client).filter((domain) => !taken.has(domain));
    for (const domain of domains) taken.add(domain);
    if (domains.length === 0) return [];
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
    return [
      {
        name: cluster,
        domains,
        ...originMetadata(service.origins),
        ...(ordinaryRetries === undefined ? {} : { retryPolicy: ordinaryRetries }),
        perRequestBufferLimitBytes: replayBytes,
        routes: [...faultRoutes, overdue, ...routes, unroutedRule(cluster)],
      },
    ];
  });
  // Without a service of that name the answer is 404, after the path has been judged.
  const others = [...faultRoutes, ...(listener.passthrough ? outsideRoutes(listener.port) : [])];
  return {
    name,
    ...meshFields,
    virtualHosts: [...hosts, { name: 'unknown', domains: ['*'], routes: others }],
  };
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

/** What no rule covers fails; it never goes anywhere by default. */
function unroutedRule(cluster: string): Message {
  return { name: `${cluster}#none`, match: { prefix: '/' }, directResponse: { status: 503 } };
}
