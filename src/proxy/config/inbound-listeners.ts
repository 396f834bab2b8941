import type { ListenerSpec, Place } from '../listeners/manager.ts';
import type { Admission, EntryRefusal } from '../listeners/peer-server.ts';
import { UdpInboundListener } from '../listeners/udp-inbound.ts';
import { inboundPhases } from '../phases/inbound.ts';
import { refusedConnections } from '../telemetry/denials.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { ClustersTransaction } from '../upstream/clusters.ts';
import type { DialTarget } from '../upstream/dial.ts';
import { nowhere, programSettings } from './cluster-policy.ts';
import type { ListenerEnvironment } from './environment.ts';
import { compileInbound } from './inbound.ts';
import { httpSpec, listenerSpec, tcpSpec } from './listener-spec.ts';
import type { Messages, ResourceSet } from './resources.ts';
import { inboundTcp } from './tcp.ts';
import { inboundUdp } from './udp.ts';

type InboundListener = Messages['Workload']['inbound'][number];

/** What takes connections of others for the program. `placeOf`: where each is bound. */
export function inboundSpecs(
  resources: ResourceSet,
  workload: Messages['Workload'],
  material: TlsMaterial,
  clusters: ClustersTransaction,
  environment: ListenerEnvironment,
  placeOf: (listener: InboundListener) => Place,
): readonly ListenerSpec[] {
  return workload.inbound.map((listener) => {
    const key = inboundKey(listener);
    const place = placeOf(listener);
    const table = compileInbound(resources, workload, listener, environment);
    const admission = admissions[listener.tls];
    const refused = refusals(listener, environment);
    const { appAddress: address, appPort: port, appHttp2: http2 } = listener;
    const target: DialTarget = { address, port, identity: '', http2, program: true };
    if (listener.protocol === 'TCP') {
      const tcp = inboundTcp(table, target, environment.denials);
      return tcpSpec(key, place, { admission, refused, ...tcp }, environment, material);
    }
    if (listener.protocol === 'UDP') {
      const access = inboundUdp(table, target, environment.registry, environment.denials);
      return listenerSpec(key, place, access, () => new UdpInboundListener(environment.ticker, access, material));
    }
    const member = { target, ready: true, locality: nowhere };
    const app = clusters.cluster(`app ${address}:${port}`, programSettings, [member]);
    const phases = inboundPhases(table, app, environment);
    return httpSpec(key, place, { admission, refused, phases }, environment, material);
  });
}

/** Of callers that prove nothing where that is asked, the log and the metrics tell. */
function refusals(
  { address, containerPort }: InboundListener,
  { denials, registry }: ListenerEnvironment,
): (reason: EntryRefusal, from: string) => void {
  return (reason, from) => {
    refusedConnections(registry, 'inbound', reason).value++;
    denials.connection('inbound', from, `${address} port ${containerPort}`, reason);
  };
}

export function inboundKey({ protocol, address, port }: InboundListener): string {
  return `inbound ${protocol.toLowerCase()} ${address}:${port}`;
}

const admissions: Readonly<Record<InboundListener['tls'], Admission>> = {
  STRICT: 'mutual-tls',
  PERMISSIVE: 'either',
  OFF: 'plain',
};
