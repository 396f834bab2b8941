import type { Authenticators } from '../auth/authenticators.ts';
import { HttpListener, type HttpTable } from '../listeners/http.ts';
import type { Listener } from '../listeners/listener.ts';
import type { ListenerSpec, ManagedListener } from '../listeners/manager.ts';
import type { Admission } from '../listeners/peer-server.ts';
import { TcpListener, type TcpTable } from '../listeners/tcp.ts';
import { UdpInboundListener } from '../listeners/udp-inbound.ts';
import { UdpOutboundListener } from '../listeners/udp-outbound.ts';
import { type InboundSettings, inboundPhases } from '../phases/inbound.ts';
import { type OutboundSettings, outboundPhases } from '../phases/outbound.ts';
import type { PolicyMemory } from '../policy/memory.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';
import type { Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { ClustersTransaction } from '../upstream/clusters.ts';
import type { Dialer } from '../upstream/dial.ts';
import type { Outside } from '../upstream/outside.ts';
import { nowhere, programSettings } from './cluster-policy.ts';
import { compileInbound } from './inbound.ts';
import { OutboundCompiler } from './outbound.ts';
import type { Messages, ResourceSet } from './resources.ts';
import { inboundTcp, outboundTcp, outboundTls } from './tcp.ts';
import { inboundUdp, outboundUdp } from './udp.ts';

/** What listeners are made with. */
export interface ListenerEnvironment extends OutboundSettings, InboundSettings {
  readonly registry: MetricsRegistry;
  readonly ticker: Ticker;
  readonly dialer: Dialer;
  readonly authenticators: Authenticators;
  readonly memory: PolicyMemory;
  readonly outside: Outside;
}

/** Everything that a workload's proxy listens on. Without `material` there are no inbound listeners: they need mutual TLS. */
export function listenerSpecs(
  resources: ResourceSet,
  workload: Messages['Workload'],
  material: TlsMaterial | undefined,
  clusters: ClustersTransaction,
  environment: ListenerEnvironment,
): readonly ListenerSpec[] {
  const admission = 'plain';
  const compiler = new OutboundCompiler(
    resources,
    workload,
    environment.registry,
    clusters,
    environment.memory,
    environment.outside,
  );
  const outbound = workload.outbound.flatMap((listener) => {
    const key = `outbound ${listener.protocol.toLowerCase()} ${listener.address}:${listener.port}`;
    if (listener.protocol === 'TCP') {
      return tcpSpec(key, listener, { admission, ...outboundBytes(compiler, listener) }, environment);
    }
    if (listener.protocol === 'UDP') {
      const service = compiler.service(listener.services[0] ?? '');
      if (service === undefined) return [];
      const route = outboundUdp(service, environment.registry);
      return listenerSpec(key, listener, route, () => new UdpOutboundListener(environment.ticker, route));
    }
    const phases = outboundPhases(compiler.table(listener), environment);
    return httpSpec(key, listener, { admission, phases }, environment);
  });
  if (material === undefined) return outbound;
  const inbound = workload.inbound.map((listener) => {
    const key = `inbound ${listener.protocol.toLowerCase()} ${listener.address}:${listener.port}`;
    const table = compileInbound(resources, workload, listener, environment);
    const admission = admissions[listener.tls];
    const { appAddress, appPort, appHttp2 } = listener;
    const target = { address: appAddress, port: appPort, identity: '', http2: appHttp2 };
    if (listener.protocol === 'TCP') {
      const tcp = inboundTcp(table, target, environment.denials);
      return tcpSpec(key, listener, { admission, ...tcp }, environment, material);
    }
    if (listener.protocol === 'UDP') {
      const access = inboundUdp(table, target, environment.registry, environment.denials);
      return listenerSpec(key, listener, access, () => new UdpInboundListener(environment.ticker, access, material));
    }
    const name = `app ${listener.appAddress}:${listener.appPort}`;
    const app = clusters.cluster(name, programSettings, [{ target, ready: true, locality: nowhere }]);
    const phases = inboundPhases(table, app, environment);
    return httpSpec(key, listener, { admission, phases }, environment, material);
  });
  return [...outbound, ...inbound];
}

const admissions: Readonly<Record<Messages['Workload']['inbound'][number]['tls'], Admission>> = {
  STRICT: 'mutual-tls',
  PERMISSIVE: 'either',
  OFF: 'plain',
};

function outboundBytes(
  compiler: OutboundCompiler,
  listener: Messages['Workload']['outbound'][number],
): Omit<TcpTable, 'admission'> {
  const [only, another] = listener.services;
  if (another === undefined) return outboundTcp(compiler.service(only ?? ''));
  return outboundTls(compiler.serverNames(listener), compiler.rejected);
}

interface Place {
  readonly address: string;
  readonly port: number;
}

/** A listener of one kind: made with its table, or one that is bound already given the table. */
function listenerSpec<Table>(
  key: string,
  { address, port }: Place,
  table: Table,
  create: () => ManagedListener & Pick<Listener<Table>, 'use'>,
): ListenerSpec {
  const update = (listener: ManagedListener) => (listener as ReturnType<typeof create>).use(table);
  return { key, address, port, create, update };
}

function httpSpec(
  key: string,
  place: Place,
  table: HttpTable,
  { ticker }: ListenerEnvironment,
  material?: TlsMaterial,
): ListenerSpec {
  return listenerSpec(key, place, table, () => new HttpListener(ticker, table, material));
}

function tcpSpec(
  key: string,
  place: Place,
  table: TcpTable,
  { dialer }: ListenerEnvironment,
  material?: TlsMaterial,
): ListenerSpec {
  return listenerSpec(key, place, table, () => new TcpListener(dialer, table, material));
}
