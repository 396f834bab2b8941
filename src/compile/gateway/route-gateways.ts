import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { RouteKind } from '../../gateway/types.ts';
import { compareText, type NonEmpty } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import { Table } from '../../lib/incremental/table.ts';
import { portKey, transportOf } from '../../model/ports.ts';
import type { NamespaceId, OutboundRule, Protocol, Service, ServiceId, ServicePort } from '../../model/types.ts';
import type { CompileState, PassContext } from '../state.ts';
import { at } from '../state.ts';
import { type AttachedRoute, attachRoutes } from './attach-routes.ts';
import type { Read } from './backends.ts';
import type { GatewayPorts } from './ports.ts';
import { routeRules } from './rules.ts';

/** Kinds of routes by what is spoken, the most specific first: of several for one port it alone is in force. */
const kindsFor: Readonly<Record<Protocol, readonly RouteKind[]>> = {
  http: ['GRPCRoute', 'HTTPRoute'],
  tcp: ['TCPRoute'],
  udp: ['UDPRoute'],
};

/**
 * What the routes of Gateway API say of each Service that has some. A Service with a TrafficSplit is governed by that alone:
 * two sources of one thing would each be half right.
 */
export function routeGateways(
  services: Table<ServiceId, Service>,
  { splits }: Pick<CompileState, 'splits'>,
  context: PassContext,
): Table<ServiceId, GatewayPorts> {
  const { graph, input } = context;
  const attached = attachRoutes(context);
  const grants: Read['grants'] = new Groups(graph, input.referenceGrants, (grant) => [[grant.meta.namespace, grant]]);
  return new Table<ServiceId, GatewayPorts>(graph, [attached], (id) => {
    const service = services.get(id);
    const routes = attached.get(id) ?? [];
    if (service === undefined) return undefined;
    if (splits.has(id)) {
      for (const route of routes) reportIdle(route, `a TrafficSplit governs Service ${id}`, context);
      return undefined;
    }
    for (const route of routes) reportPort(route, service, context);
    const ports = service.ports.flatMap((port): [string, NonEmpty<OutboundRule>][] => {
      const rules = rulesAt(port, service, routes, { services, grants }, context);
      return rules === undefined ? [] : [[portKey(port.port, transportOf(port.protocol)), rules]];
    });
    return ports.length === 0 ? undefined : Object.fromEntries(ports);
  });
}

function fits({ route, parent }: AttachedRoute, { port, name, protocol }: ServicePort): boolean {
  const meant = (parent.port ?? port) === port && (parent.section ?? name) === name;
  return meant && kindsFor[protocol].includes(route.kind);
}

function rulesAt(
  port: ServicePort,
  service: Service,
  routes: readonly AttachedRoute[],
  state: Read,
  context: PassContext,
): NonEmpty<OutboundRule> | undefined {
  const here = routes.filter((route) => fits(route, port));
  const kind = kindsFor[port.protocol].find((candidate) => here.some(({ route }) => route.kind === candidate));
  if (kind === undefined) return undefined;
  const named = `port ${port.port} of Service ${service.id}`;
  for (const other of here.filter(({ route }) => route.kind !== kind)) {
    reportIdle(other, `a ${kind} governs ${named}`, context);
  }
  const taking = [...new Map(here.filter(({ route }) => route.kind === kind).map((one) => [one.route, one])).values()];
  const byNamespace = Map.groupBy(taking, ({ route }) => route.meta.namespace);
  const consumers = [...byNamespace].filter(([namespace]) => namespace !== service.namespace);
  const own = byNamespace.get(service.namespace) ?? [];
  const inForce = (group: readonly AttachedRoute[]) =>
    port.protocol === 'http' ? group : onlyOne(group, named, context);
  const last: OutboundRule = { from: 'any', match: 'any', to: { kind: 'self' }, origins: [] };
  return [
    ...consumers
      .sort(([a], [b]) => compareText(a, b))
      .flatMap(([namespace, group]) =>
        routeRules(inForce(group), [namespace as NamespaceId], { service, port }, state, context),
      ),
    ...(own.length === 0 ? [last] : routeRules(inForce(own), 'any', { service, port }, state, context)),
  ] as readonly OutboundRule[] as NonEmpty<OutboundRule>;
}

/** A connection says nothing by which several routes could share it. */
function onlyOne([first, ...others]: readonly AttachedRoute[], named: string, context: PassContext) {
  for (const other of others) reportIdle(other, `an older route governs ${named}`, context);
  return first === undefined ? [] : [first];
}

function reportIdle({ route, parent }: AttachedRoute, why: string, { report }: PassContext): void {
  const message = `${route.kind} ${route.meta.namespace}/${route.meta.name} is not in force: ${why}`;
  report(diagnostic('SMI4706', { message, origin: at(route, parent.path) }));
}

function reportPort(attached: AttachedRoute, service: Service, { report }: PassContext): void {
  if (service.ports.some((port) => fits(attached, port))) return;
  const { route, parent } = attached;
  const what = ['no port', parent.port, parent.section].filter((part) => part !== undefined).join(' ');
  const message = `Service ${service.id} has ${what} for ${route.kind}s`;
  report(diagnostic('SMI4705', { message, origin: at(route, parent.path) }));
}
