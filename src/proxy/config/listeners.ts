import { HttpListener } from '../listeners/http.ts';
import type { ListenerSpec, ManagedListener } from '../listeners/manager.ts';
import { type TcpDecision, TcpListener } from '../listeners/tcp.ts';
import { type InboundSettings, inboundPhases } from '../phases/inbound.ts';
import { type OutboundSettings, outboundPhases } from '../phases/outbound.ts';
import type { CompiledPhases } from '../phases/phase.ts';
import type { PolicyMemory } from '../policy/memory.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';
import type { Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { ClustersTransaction } from '../upstream/clusters.ts';
import type { Dialer } from '../upstream/dial.ts';
import { nowhere, programSettings } from './cluster-policy.ts';
import { compileInbound } from './inbound.ts';
import { OutboundCompiler } from './outbound.ts';
import type { Messages, ResourceSet } from './resources.ts';
import { inboundTcp, outboundTcp } from './tcp.ts';

/** What listeners are made with. */
export interface ListenerEnvironment extends OutboundSettings, InboundSettings {
  readonly registry: MetricsRegistry;
  readonly ticker: Ticker;
  readonly dialer: Dialer;
  readonly memory: PolicyMemory;
}

/** Everything that a workload's proxy listens on. Without `material` there are no inbound listeners: they need mutual TLS. */
export function listenerSpecs(
  resources: ResourceSet,
  workload: Messages['Workload'],
  material: TlsMaterial | undefined,
  clusters: ClustersTransaction,
  environment: ListenerEnvironment,
): readonly ListenerSpec[] {
  const compiler = new OutboundCompiler(resources, workload, environment.registry, clusters, environment.memory);
  const outbound = workload.outbound.map((listener) => {
    const key = `outbound ${listener.protocol.toLowerCase()} ${listener.address}:${listener.port}`;
    if (listener.protocol === 'TCP') {
      const decide = outboundTcp(compiler.service(listener.services[0] ?? ''));
      return tcpSpec(key, listener, decide, undefined, environment);
    }
    return httpSpec(key, listener, outboundPhases(compiler.table(listener), environment), undefined, environment);
  });
  if (material === undefined) return outbound;
  const inbound = workload.inbound.map((listener) => {
    const key = `inbound ${listener.protocol.toLowerCase()} ${listener.address}:${listener.port}`;
    const table = compileInbound(resources, workload, listener, environment);
    const { appAddress, appPort, appHttp2 } = listener;
    const target = { address: appAddress, port: appPort, identity: '', http2: appHttp2 };
    if (listener.protocol === 'TCP') {
      const decide = inboundTcp(table, target, environment.denials);
      return tcpSpec(key, listener, decide, material, environment);
    }
    const name = `app ${listener.appAddress}:${listener.appPort}`;
    const app = clusters.cluster(name, programSettings, [{ target, locality: nowhere }]);
    return httpSpec(key, listener, inboundPhases(table, app, environment), material, environment);
  });
  return [...outbound, ...inbound];
}

interface Place {
  readonly address: string;
  readonly port: number;
}

function httpSpec(
  key: string,
  { address, port }: Place,
  phases: CompiledPhases,
  material: TlsMaterial | undefined,
  { ticker }: ListenerEnvironment,
): ListenerSpec {
  return {
    key,
    address,
    port,
    create: () => new HttpListener(ticker, phases, material),
    update: (listener: ManagedListener) => (listener as HttpListener).use(phases),
  };
}

function tcpSpec(
  key: string,
  { address, port }: Place,
  decide: TcpDecision,
  material: TlsMaterial | undefined,
  { dialer }: ListenerEnvironment,
): ListenerSpec {
  return {
    key,
    address,
    port,
    create: () => new TcpListener(dialer, decide, material),
    update: (listener: ManagedListener) => (listener as TcpListener).use(decide),
  };
}
