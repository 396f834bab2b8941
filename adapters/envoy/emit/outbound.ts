import { shared } from '../../../src/adapter/tracking.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { LoadBalancer } from '../../../src/model/policy.ts';
import { portKey } from '../../../src/model/ports.ts';
import type { MeshModel, Service, ServiceId, Workload } from '../../../src/model/types.ts';
import { emptyCluster, outboundName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { type Binding, bindings, namesAt, type Served, servedAt } from './bindings.ts';
import { type Caller, callerOf } from './caller.ts';
import { type ClientRefusals, clientRefusals, mayReach } from './client-access.ts';
import { isHashing } from './cluster-policy.ts';
import { any, type Message, originMetadata, socketAddress } from './message.ts';
import { interceptedSocket } from './original-destination.ts';
import { outboundHttp } from './outbound-http.ts';
import { type ClusterOf, clusterOf } from './places.ts';
import type { Target } from './route-action.ts';
import { appliesTo, httpPart, outboundRoutes } from './routes.ts';
import { tlsInspector } from './tls.ts';

export interface EmittedListener {
  readonly listener: Message;
  /** Of an HTTP listener. */
  readonly routes?: Message;
  /** What users wrote about the routes. */
  readonly origins: readonly Origin[];
}

/** What takes a workload's outbound connections. */
export function outboundListeners(
  model: MeshModel,
  client: Workload,
  options: EnvoyOptions,
): readonly EmittedListener[] {
  return bindings(model, client).map((binding) => emitListener(model, binding, client, options));
}

/** Names of the service ports' clusters that a workload's outbound listeners can lead to, each once. */
export function reachedClusters(model: MeshModel, client: Workload): readonly string[] {
  const caller = callerOf(client);
  const names = bindings(model, client).flatMap((binding) => namesAt(model, binding));
  return [
    ...new Set(
      names.flatMap((name) =>
        shared(model, `reached ${caller.key} ${name}`, (whole) =>
          referencedClusters(whole, name, caller).filter((cluster) => mayReach(whole, caller, cluster)),
        ),
      ),
    ),
  ];
}

function referencedClusters(model: MeshModel, name: string, client: Caller): readonly string[] {
  const nameOf = clusterOf(model, client);
  const served = servedAt(model, name);
  if (served === undefined) return [];
  const { service, port, policy } = served;
  return [
    ...policy.rules
      .filter((rule) => appliesTo(rule, client))
      .flatMap(({ to }) => {
        if (to.kind === 'fail') return [];
        return to.kind === 'self'
          ? [nameOf(service.id, port.port)]
          : to.targets.map((one) => nameOf(one.service, one.port));
      }),
    ...(policy.policies ?? []).flatMap(({ fields: { mirror } }) =>
      mirror === undefined ? [] : [nameOf(mirror.service, mirror.port)],
    ),
  ];
}

/** What a hashing backend binds requests to; by default the address of the client. */
function hashOn(model: MeshModel, service: ServiceId, port: number): LoadBalancer['hashOn'] {
  const balancer = model.outbound[service]?.ports[portKey(port, 'tcp')]?.endpoints?.fields.loadBalancer;
  return balancer === undefined || !isHashing(balancer) ? undefined : (balancer.hashOn ?? { source: true });
}

interface Settings {
  readonly refusals: ClientRefusals;
  readonly clusterOf: ClusterOf;
  readonly hashOn: (service: ServiceId, port: number) => LoadBalancer['hashOn'];
}

function settingsOf(model: MeshModel, client: Caller): Settings {
  return {
    refusals: clientRefusals(model, client),
    clusterOf: clusterOf(model, client),
    hashOn: (service, port) => hashOn(model, service, port),
  };
}

function emitListener(model: MeshModel, binding: Binding, client: Workload, options: EnvoyOptions): EmittedListener {
  const { address, port, passthrough, protocol, only } = binding;
  const caller = callerOf(client);
  const name = outboundName(client.id, address, port);
  const common = {
    name,
    ...originMetadata(client.origins),
    ...(caller.intercepted ? interceptedSocket(options, address, port) : { address: socketAddress(address, port) }),
    trafficDirection: 'OUTBOUND',
  };
  if (protocol === 'tcp') {
    const { chains, origins } = tcpChains(model, binding, caller);
    return { listener: { ...common, ...chains }, origins };
  }
  const what = `requests ${address} ${port} ${passthrough} ${only} ${caller.key}`;
  const http = shared(model, what, (whole) =>
    outboundRoutes(whole, name, binding, caller, (one, served) => {
      const { refusals, ...settings } = settingsOf(one, caller);
      const { testRandomHeader } = options;
      return httpPart(served, binding, caller, { ...settings, refusals: refusals.ofRequests, testRandomHeader });
    }),
  );
  const filters = [outboundHttp(http, passthrough, client, options, clientRefusals(model, caller))];
  return { listener: { ...common, filterChains: [{ filters }] }, routes: http.routes, origins: http.origins };
}

interface TcpPart {
  readonly serverNames: readonly string[];
  readonly filters: readonly Message[];
  readonly origins: readonly Origin[];
}

/** Of several services the one that the client's TLS names; the bytes go on as they came. No such name: no connection. */
function tcpChains(model: MeshModel, binding: Binding, client: Caller) {
  const parts = namesAt(model, binding).flatMap((name) =>
    shared(model, `connections ${client.key} ${name}`, (whole) => tcpPart(whole, name, client)),
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

function tcpPart(model: MeshModel, name: string, client: Caller): readonly TcpPart[] {
  const served = servedAt(model, name);
  if (served === undefined) return [];
  const { rules, policies = [] } = served.policy;
  return [
    {
      serverNames: namesOf(served.service, client),
      filters: [tcpProxy(served, client, settingsOf(model, client))],
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
