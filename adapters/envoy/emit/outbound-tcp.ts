import { shared } from '../../../src/adapter/tracking.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { MeshModel, Service } from '../../../src/model/types.ts';
import { emptyCluster } from '../names.ts';
import { type Binding, namesAt, type Served, servedAt } from './bindings.ts';
import type { Caller } from './caller.ts';
import { any, type Message } from './message.ts';
import { type Settings, settingsOf } from './outbound-settings.ts';
import type { Target } from './route-action.ts';
import { appliesTo } from './routes.ts';
import { tlsInspector } from './tls.ts';

export interface TcpPart {
  readonly serverNames: readonly string[];
  readonly filters: readonly Message[];
  readonly origins: readonly Origin[];
}

/** Of several services the one that the client's TLS names; the bytes go on as they came. No such name: no connection. */
export function tcpChains(model: MeshModel, binding: Binding, client: Caller) {
  const parts = namesAt(model, binding).flatMap((name) =>
    shared(model, `connections ${client.key} ${name}`, (whole) =>
      tcpPart(whole, name, client, settingsOf(whole, client)),
    ),
  );
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
      serverNames: namesOf(served.service, client),
      filters: [tcpProxy(served, client, settings)],
      origins: [...served.service.origins, ...originsWithin(rules, policies)],
    },
  ];
}

function namesOf({ name, namespace, hosts }: Service, client: Caller): readonly string[] {
  return [...(namespace === client.namespace ? [name.toLowerCase()] : []), ...hosts];
}

/** Endpoints that a connection tries before it is given up. */
const maxConnectAttempts = 3;

/** Matches speak of requests, so the first rule without one decides about connections. */
function tcpProxy({ name, service, port, policy }: Served, client: Caller, settings: Settings): Message {
  const to = policy.rules.find((rule) => rule.match === 'any' && appliesTo(rule, client))?.to;
  const targets =
    to?.kind === 'weighted'
      ? to.targets
      : to?.kind === 'self'
        ? [{ service: service.id, port: port.port, weight: 1 }]
        : [];
  const hashing = targets.some((target) => settings.hashOn(target.service, target.port) !== undefined);
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      statPrefix: name,
      ...tcpDestination(targets, settings),
      maxConnectAttempts,
      ...(hashing ? { hashPolicy: [{ sourceIp: {} }] } : {}),
    }),
  };
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
