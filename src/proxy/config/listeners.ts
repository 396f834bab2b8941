import type { ListenerSpec } from '../listeners/manager.ts';
import type { TcpTable } from '../listeners/tcp.ts';
import { UdpOutboundListener } from '../listeners/udp-outbound.ts';
import { outboundPhases } from '../phases/outbound.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { ClustersTransaction } from '../upstream/clusters.ts';
import type { ListenerEnvironment } from './environment.ts';
import { inboundSpecs } from './inbound-listeners.ts';
import { interceptedSpecs } from './intercepted.ts';
import { httpSpec, listenerSpec, tcpSpec } from './listener-spec.ts';
import { OutboundCompiler } from './outbound.ts';
import type { Messages, ResourceSet } from './resources.ts';
import { outboundTcp, outboundTls } from './tcp.ts';
import { outboundUdp } from './udp.ts';

/** Everything that a workload's proxy listens on. Without `material` there are no inbound listeners: they need mutual TLS. */
export function listenerSpecs(
  resources: ResourceSet,
  workload: Messages['Workload'],
  material: TlsMaterial | undefined,
  clusters: ClustersTransaction,
  environment: ListenerEnvironment,
): readonly ListenerSpec[] {
  const { registry, memory, outside, interception } = environment;
  const compiler = new OutboundCompiler(resources, workload, registry, clusters, memory, outside);
  const inbound = (placeOf: Parameters<typeof inboundSpecs>[5], at = workload) =>
    material === undefined ? [] : inboundSpecs(resources, at, material, clusters, environment, placeOf);
  if (interception !== undefined) {
    // Bound as well, where nobody is sent: a pod that calls itself by a service is not redirected on its way back.
    const bound = inbound(({ address }) => ({ address, port: 0 }), withProgramsWhereCalled(workload));
    return [...interceptedSpecs(resources, workload, compiler, environment, interception), ...bound];
  }
  const outbound = workload.outbound.flatMap((listener) => boundSpec(listener, compiler, environment));
  return [...outbound, ...inbound(({ address, port }) => ({ address, port }))];
}

/** A redirected connection goes on to where it went. */
function withProgramsWhereCalled(workload: Messages['Workload']): Messages['Workload'] {
  const inbound = workload.inbound.map((listener) => ({
    ...listener,
    appAddress: listener.address,
    appPort: listener.containerPort,
  }));
  return { ...workload, inbound };
}

function boundSpec(
  listener: Messages['Workload']['outbound'][number],
  compiler: OutboundCompiler,
  environment: ListenerEnvironment,
): readonly ListenerSpec[] {
  const { address, port } = listener;
  const key = `outbound ${listener.protocol.toLowerCase()} ${address}:${port}`;
  const admission = 'plain';
  if (listener.protocol === 'TCP') {
    return [tcpSpec(key, { address, port }, { admission, ...outboundBytes(compiler, listener) }, environment)];
  }
  if (listener.protocol === 'UDP') {
    const service = compiler.service(listener.services[0] ?? '');
    if (service === undefined) return [];
    const route = outboundUdp(service, environment.registry);
    return [listenerSpec(key, { address, port }, route, () => new UdpOutboundListener(environment.ticker, route))];
  }
  const phases = outboundPhases(compiler.table(listener), environment);
  return [httpSpec(key, { address, port }, { admission, phases }, environment)];
}

function outboundBytes(
  compiler: OutboundCompiler,
  listener: Messages['Workload']['outbound'][number],
): Omit<TcpTable, 'admission'> {
  const [only, another] = listener.services;
  if (another === undefined) return outboundTcp(compiler.service(only ?? ''));
  return outboundTls(compiler.serverNames(listener), compiler.rejected);
}
