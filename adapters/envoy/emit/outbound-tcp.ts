import { shared } from '../../../src/adapter/tracking.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import type { ConnectionWay } from '../../../src/lib/traffic-context.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { MeshModel, Service, Workload } from '../../../src/model/types.ts';
import { emptyCluster } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { type Binding, namesAt, type Served, servedAt } from './bindings.ts';
import { type Caller, callerOf } from './caller.ts';
import { any, type Message } from './message.ts';
import { type Settings, settingsOf } from './outbound-settings.ts';
import type { Target } from './route-action.ts';
import { appliesTo } from './routes.ts';
import { splitOf } from './rule-routes.ts';
import { connectionStream, outboundContext, tellingConnections } from './telemetry.ts';
import { tlsInspector } from './tls.ts';

export interface TcpPart {
  readonly serverNames: readonly string[];
  readonly filter: Message;
  /** What its connections are counted as. */
  readonly way: ConnectionWay;
  readonly origins: readonly Origin[];
}

/** Of several services the one that the client's TLS names; the bytes go on as they came. No such name: no connection. */
export function tcpChains(model: MeshModel, binding: Binding, workload: Workload, options: EnvoyOptions) {
  const client = callerOf(model, workload);
  const parts = namesAt(model, binding)
    .flatMap((name) =>
      shared(model, `connections ${client.key} ${name}`, (whole) =>
        tcpPart(whole, name, client, settingsOf(whole, client)),
      ),
    )
    .map(({ serverNames, origins, ...part }) => ({
      serverNames,
      origins,
      filters: [counted(part, workload, options)],
    }));
  const origins = parts.flatMap((part) => part.origins);
  if (parts.length === 1) return { chains: { filterChains: parts.map(({ filters }) => ({ filters })) }, origins };
  const chains: Message = {
    listenerFilters: [tlsInspector],
    listenerFiltersTimeout: '3s',
    filterChains: parts.map(({ serverNames, filters }) => ({ filterChainMatch: { serverNames }, filters })),
  };
  return { chains, origins };
}

/** What takes connections to a service port; nothing where there is no such port. */
export function tcpPart(model: MeshModel, name: string, client: Caller, settings: Settings): readonly TcpPart[] {
  const served = servedAt(model, name);
  if (served === undefined) return [];
  const { rules, policies = [] } = served.policy;
  return [
    {
      serverNames: hostsOf(served.service, client),
      ...tcpProxy(served, client, settings),
      origins: [...served.service.origins, ...originsWithin(rules, policies)],
    },
  ];
}

/** The network filter, which tells of its connections. */
export function counted(
  { filter, way }: Pick<TcpPart, 'filter' | 'way'>,
  client: Workload,
  options: EnvoyOptions,
): Message {
  const logs = connectionStream(options, outboundContext(client, way));
  return { ...filter, typedConfig: { ...(filter.typedConfig as Message), ...tellingConnections(logs) } };
}

function hostsOf({ name, namespace, hosts }: Service, client: Caller): readonly string[] {
  return [...(namespace === client.namespace ? [name.toLowerCase()] : []), ...hosts];
}

/** Endpoints that a connection tries before it is given up. */
const maxConnectAttempts = 3;

/** Matches speak of requests, so the first rule without one decides about connections. */
function tcpProxy(
  { name, service, port, policy }: Served,
  client: Caller,
  settings: Settings,
): Pick<TcpPart, 'filter' | 'way'> {
  const rules = policy.rules.filter((each) => appliesTo(each, client));
  const index = rules.findIndex(({ match }) => match === 'any');
  const rule = rules[index];
  const to = rule?.to;
  const targets =
    to?.kind === 'weighted'
      ? to.targets
      : to?.kind === 'self'
        ? [{ service: service.id, port: port.port, weight: 1 }]
        : [];
  const chosen = targets.filter(({ weight }) => weight > 0);
  const hashing = targets.some((target) => settings.hashOn(target.service, target.port) !== undefined);
  return {
    filter: {
      name: 'envoy.filters.network.tcp_proxy',
      typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
        statPrefix: name,
        ...tcpDestination(targets, settings),
        maxConnectAttempts,
        ...(hashing ? { hashPolicy: [{ sourceIp: {} }] } : {}),
      }),
    },
    way: {
      destination: name,
      route: rule === undefined ? '' : `${name}#${index}`,
      split: rule === undefined ? '' : splitOf(rule),
      backends: namesOf(chosen),
      denied: namesOf(chosen.filter((to) => settings.refusals.ofBytes(settings.clusterOf(to.service, to.port)))),
    },
  };
}

function namesOf(targets: readonly Target[]): readonly string[] {
  return [...new Set(targets.map(({ service }) => service))];
}

/** For connections, Envoy refuses a weight of 0 instead of never choosing it. */
function tcpDestination(targets: readonly Target[], { refusals, clusterOf }: Settings): Message {
  const clusters = targets
    .filter(({ weight }) => weight > 0)
    .map(({ service, port, weight }) => {
      const name = clusterOf(service, port);
      return { name: refusals.ofBytes(name) ? emptyCluster : name, weight };
    });
  const [only, ...others] = clusters;
  return others.length > 0 ? { weightedClusters: { clusters } } : { cluster: only?.name ?? emptyCluster };
}
