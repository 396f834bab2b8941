import { isShutOut } from '../../../src/model/admission.ts';
import { interceptedAddress } from '../../../src/model/hosts.ts';
import type { MeshModel, OutboundBinding, PortPolicy, WeightedTarget, Workload } from '../../../src/model/types.ts';
import {
  clusterName,
  emptyCluster,
  findServicePort,
  outboundName,
  parseClusterName,
  type ServicePortRef,
  servicePorts,
} from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { type ClientRefusals, clientRefusals } from './client-access.ts';
import { httpConnectionManager } from './http.ts';
import { ads, any, type Message, originMetadata, socketAddress } from './message.ts';
import { outsideFilter } from './outside.ts';
import { appliesTo, outboundRoutes } from './routes.ts';

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
}

/** What takes a workload's outbound connections. */
export function outboundListeners(
  model: MeshModel,
  client: Workload,
  options: EnvoyOptions,
): readonly EmittedListener[] {
  const refusals = clientRefusals(model, client);
  return bindings(model, client).map((binding) => emitListener(binding, client, options, refusals));
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
  const names = bindings(model, client).flatMap(({ services }) =>
    services.flatMap(({ name, policy }) =>
      policy.rules
        .filter((rule) => appliesTo(rule, client))
        .flatMap(({ to }) => {
          if (to.kind === 'fail') return [];
          return to.kind === 'self' ? [name] : to.targets.map(({ service, port }) => clusterName(service, port));
        }),
    ),
  );
  return [...new Set(names)];
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
 * One listener for each port number. HTTP requests say which service they mean; bytes do not, so a port number that
 * several TCP services share, or that HTTP uses too, has no listener for them and their connections fail.
 */
function intercepted(refs: readonly Served[], address: string, passthrough: boolean): readonly Binding[] {
  const numbers = [...new Set(refs.map(({ port }) => port.port))].sort((a, b) => a - b);
  return numbers.flatMap((port): Binding[] => {
    const here = refs.filter((ref) => ref.port.port === port);
    const http = here.filter(({ policy }) => policy.protocol === 'http');
    if (http.length === 0 && here.length > 1) return [];
    return [{ address, port, passthrough: passthrough && http.length > 0, services: http.length > 0 ? http : here }];
  });
}

function emitListener(
  binding: Binding,
  client: Workload,
  options: EnvoyOptions,
  refusals: ClientRefusals,
): EmittedListener {
  const name = outboundName(client.id, binding.address, binding.port);
  const [first] = binding.services;
  const common = {
    name,
    ...originMetadata(client.origins),
    address: socketAddress(binding.address, binding.port),
    trafficDirection: 'OUTBOUND',
  };
  if (first?.policy.protocol === 'tcp') {
    return { listener: { ...common, filterChains: [{ filters: [tcpProxy(first, client, refusals)] }] } };
  }
  const filters = [...refusals.filters, ...(binding.passthrough ? [outsideFilter(options)] : [])];
  const rds = { rds: { routeConfigName: name, configSource: ads } };
  return {
    listener: { ...common, filterChains: [{ filters: [httpConnectionManager(name, rds, filters)] }] },
    routes: outboundRoutes(name, binding, client, options.testRandomHeader, refusals.ofRequests),
  };
}

/** Matches speak of requests, so the first rule without one decides about connections. */
function tcpProxy({ name, policy }: Served, client: Workload, { ofBytes }: ClientRefusals): Message {
  const admitting = (cluster: string) => (ofBytes(cluster) ? emptyCluster : cluster);
  const to = policy.rules.find((rule) => rule.match === 'any' && appliesTo(rule, client))?.to;
  const route =
    to?.kind === 'weighted'
      ? { weightedClusters: { clusters: tcpWeights(to.targets, admitting) } }
      : { cluster: to?.kind === 'self' ? admitting(name) : emptyCluster };
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', { statPrefix: name, ...route }),
  };
}

/** For connections, Envoy refuses a weight of 0 instead of never choosing it. */
function tcpWeights(targets: readonly WeightedTarget[], admitting: (cluster: string) => string): readonly Message[] {
  return targets
    .filter(({ weight }) => weight > 0)
    .map(({ service, port, weight }) => ({ name: admitting(clusterName(service, port)), weight }));
}
