import type { Origin } from '../../../src/diagnostics/origin.ts';
import { isShutOut } from '../../../src/model/admission.ts';
import { interceptedAddress } from '../../../src/model/hosts.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { LoadBalancer } from '../../../src/model/policy.ts';
import { portKey } from '../../../src/model/ports.ts';
import type { MeshModel, OutboundBinding, PortPolicy, Service, ServiceId, Workload } from '../../../src/model/types.ts';
import {
  emptyCluster,
  findServicePort,
  outboundName,
  parseClusterName,
  type ServicePortRef,
  servicePorts,
} from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { type ClientRefusals, clientRefusals } from './client-access.ts';
import { isHashing } from './cluster-policy.ts';
import { any, type Message, originMetadata, socketAddress } from './message.ts';
import { interceptedSocket } from './original-destination.ts';
import { outboundHttp } from './outbound-http.ts';
import { type ClusterOf, clusterOf } from './places.ts';
import type { Target } from './route-action.ts';
import { appliesTo, outboundRoutes } from './routes.ts';
import { tlsInspector } from './tls.ts';

type Served = ServicePortRef & { readonly policy: PortPolicy };

interface Binding {
  readonly address: string;
  readonly port: number;
  /** Requests for other hosts go there. */
  readonly passthrough: boolean;
  readonly services: readonly Served[];
}

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
  const settings: Settings = {
    options,
    refusals: clientRefusals(model, client),
    clusterOf: clusterOf(model, client),
    hashOn: (service, port) => hashOn(model, service, port),
  };
  return bindings(model, client).map((binding) => emitListener(binding, client, settings));
}

/** Names of the service ports' clusters that a workload's outbound listeners can lead to, each once. */
export function reachedClusters(model: MeshModel, client: Workload): readonly string[] {
  return referencedClusters(model, client).filter((name) => {
    const { service, port } = parseClusterName(name);
    const ref = findServicePort(model, service, port);
    return ref !== undefined && !isShutOut(model, client, ref.port);
  });
}

function referencedClusters(model: MeshModel, client: Workload): readonly string[] {
  const nameOf = clusterOf(model, client);
  const names = bindings(model, client).flatMap(({ services }) =>
    services.flatMap(({ service, port, policy }) => [
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
    ]),
  );
  return [...new Set(names)];
}

/** What a hashing backend binds requests to; by default the address of the client. */
function hashOn(model: MeshModel, service: ServiceId, port: number): LoadBalancer['hashOn'] {
  const balancer = model.outbound[service]?.ports[portKey(port, 'tcp')]?.endpoints?.fields.loadBalancer;
  return balancer === undefined || !isHashing(balancer) ? undefined : (balancer.hashOn ?? { source: true });
}

interface Settings {
  readonly options: EnvoyOptions;
  readonly refusals: ClientRefusals;
  readonly clusterOf: ClusterOf;
  readonly hashOn: (service: ServiceId, port: number) => LoadBalancer['hashOn'];
}

function bindings(model: MeshModel, client: Workload): readonly Binding[] {
  if (client.outbound !== 'intercepted')
    return client.outbound.flatMap((binding) => (binding.udp ? [] : bound(model, binding)));
  const refs = servicePorts(model).flatMap((ref) => served(model, ref));
  return intercepted(refs, interceptedAddress(client), model.settings.outboundMode === 'passthrough');
}

function bound(model: MeshModel, { service, port, listen }: OutboundBinding): readonly Binding[] {
  const ref = findServicePort(model, service, port);
  const services = ref === undefined ? [] : served(model, ref);
  return services.length === 0 ? [] : [{ ...listen, passthrough: false, services }];
}

function served(model: MeshModel, ref: ServicePortRef): readonly Served[] {
  const policy = model.outbound[ref.service.id]?.ports[String(ref.port.port)];
  return policy === undefined || policy.protocol === 'udp' ? [] : [{ ...ref, policy }];
}

/**
 * One listener for each port number. HTTP requests say which service they mean; of the TCP services that share a port number
 * the server name of TLS chooses. Connections to those that share one with HTTP fail.
 */
function intercepted(refs: readonly Served[], address: string, passthrough: boolean): readonly Binding[] {
  const numbers = [...new Set(refs.map(({ port }) => port.port))].sort((a, b) => a - b);
  return numbers.flatMap((port): Binding[] => {
    const here = refs.filter((ref) => ref.port.port === port);
    const http = here.filter(({ policy }) => policy.protocol === 'http');
    return [{ address, port, passthrough: passthrough && http.length > 0, services: http.length > 0 ? http : here }];
  });
}

function emitListener(binding: Binding, client: Workload, settings: Settings): EmittedListener {
  const { options, refusals, clusterOf, hashOn } = settings;
  const name = outboundName(client.id, binding.address, binding.port);
  const [first] = binding.services;
  const common = {
    name,
    ...originMetadata(client.origins),
    ...(client.outbound === 'intercepted'
      ? interceptedSocket(options, binding.address, binding.port)
      : { address: socketAddress(binding.address, binding.port) }),
    trafficDirection: 'OUTBOUND',
  };
  const origins = binding.services.flatMap(({ service, policy: { rules, policies = [] } }) => [
    ...service.origins,
    ...originsWithin(rules, policies),
  ]);
  if (first?.policy.protocol === 'tcp') {
    return { listener: { ...common, ...tcpChains(binding.services, client, settings) }, origins };
  }
  const routes = outboundRoutes(name, binding, client, {
    clusterOf,
    refusals: refusals.ofRequests,
    hashOn,
    testRandomHeader: options.testRandomHeader,
  });
  const filters = [outboundHttp(routes, binding, client, options, refusals)];
  return { listener: { ...common, filterChains: [{ filters }] }, routes, origins };
}

/** Of several services the one that the client's TLS names; the bytes go on as they came. No such name: no connection. */
function tcpChains(services: readonly Served[], client: Workload, settings: Settings): Message {
  const chain = (served: Served): Message => ({ filters: [tcpProxy(served, client, settings)] });
  if (services.length === 1) return { filterChains: services.map(chain) };
  return {
    listenerFilters: [tlsInspector],
    listenerFiltersTimeout: '3s',
    filterChains: services.map((served) => ({
      filterChainMatch: { serverNames: namesOf(served.service, client) },
      ...chain(served),
    })),
  };
}

function namesOf({ name, namespace, hosts }: Service, client: Workload): readonly string[] {
  return [...(namespace === client.namespace ? [name.toLowerCase()] : []), ...hosts];
}

/** Endpoints that a connection tries before it is given up. */
const maxConnectAttempts = 3;

/** Matches speak of requests, so the first rule without one decides about connections. */
function tcpProxy({ name, service, port, policy }: Served, client: Workload, settings: Settings): Message {
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
