import type { InboundListener } from '../../../generated/types/proxy/smi/proxy/v1/InboundListener.ts';
import type { OutboundListener } from '../../../generated/types/proxy/smi/proxy/v1/OutboundListener.ts';
import type { TargetAccess } from '../../../generated/types/proxy/smi/proxy/v1/TargetAccess.ts';
import type { Workload as WorkloadMessage } from '../../../generated/types/proxy/smi/proxy/v1/Workload.ts';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { shared } from '../../../src/adapter/tracking.ts';
import { admitted } from '../../../src/model/admission.ts';
import { interceptedAddress } from '../../../src/model/hosts.ts';
import { ownerOf } from '../../../src/model/owners.ts';
import { findPort } from '../../../src/model/ports.ts';
import { traceService } from '../../../src/model/trace-service.ts';
import type {
  MeshModel,
  MeshSettings,
  OutboundBinding,
  ServicePort,
  Workload,
  WorkloadId,
} from '../../../src/model/types.ts';
import { parsePortName, portName, protocols, servicePorts, typeUrls } from '../names.ts';
import { emitMatch } from './match.ts';
import { referencedEndpoints } from './service.ts';

/** What one sidecar listens on. */
export function emitWorkload(model: MeshModel, id: WorkloadId): readonly Artifact[] {
  const workload = model.workloads[id];
  if (workload === undefined) return [];
  const body: WorkloadMessage = {
    name: id,
    identity: workload.identity,
    outbound: [...outboundListeners(model, workload)],
    inbound: inboundListeners(workload),
    inboundPolicy: workload.set,
    namespace: workload.namespace,
    owner: ownerOf(workload),
    ...sourceAddress(workload),
    ...outsideMode(model, workload),
    ...(workload.locality === undefined ? {} : { locality: workload.locality }),
    ...clientAccess(model, workload),
    ...trustDomains(model),
    ...telemetry(model, workload),
  };
  return [{ name: id, format: typeUrls.workload, body, origins: workload.origins }];
}

/** Pods that share a machine's network do not call from their own address by themselves. */
function sourceAddress({ outbound, addresses: [address] }: Workload): Pick<WorkloadMessage, 'sourceAddress'> {
  return outbound === 'intercepted' || address === undefined ? {} : { sourceAddress: address };
}

/** Connections that are not intercepted never ask for what is outside. */
function outsideMode({ settings }: MeshModel, { outbound }: Workload): Pick<WorkloadMessage, 'outboundPassthrough'> {
  return outbound === 'intercepted' && settings.outboundMode === 'passthrough' ? { outboundPassthrough: true } : {};
}

function trustDomains({ settings }: MeshModel): Pick<WorkloadMessage, 'trustDomains'> {
  const domains = Object.entries(settings.trustDomains ?? {});
  return domains.length === 0
    ? {}
    : { trustDomains: domains.map(([name, { bundle }]) => ({ name, trustBundle: bundle })) };
}

const propagations = { w3c: 'W3C', b3: 'B3', b3multi: 'B3_MULTI' } as const;

function telemetry(
  { settings: { tracing, accessLog, metrics } }: MeshModel,
  workload: Workload,
): Pick<WorkloadMessage, 'tracing' | 'logRequests' | 'uncounted'> {
  const logs = {
    ...(accessLog === 'all' ? { logRequests: true } : {}),
    ...(metrics === 'none' ? { uncounted: true } : {}),
  };
  if (tracing === undefined) return logs;
  const { collector, protocol, sampling, keepErrors, keepSlowMillis, propagation } = tracing;
  return {
    ...logs,
    tracing: {
      ...collector,
      protocol: protocol === 'http' ? 'HTTP' : 'GRPC',
      service: traceService(workload),
      share: Math.round(sampling * 100),
      keepErrors,
      ...(keepSlowMillis === undefined ? {} : { keepSlowMs: keepSlowMillis }),
      propagation: propagation.map((form) => propagations[form]),
    },
  };
}

/** The targets that would not let in every request of this workload. */
function clientAccess(model: MeshModel, workload: Workload): Pick<WorkloadMessage, 'access'> {
  if (model.settings.clientAccess !== 'refuse') return {};
  const names = new Set(servedPorts(model, workload).flatMap((name) => referencedEndpoints(model, name)));
  const access = [...names].flatMap((name): TargetAccess[] => {
    const { service, port, transport } = parsePortName(name);
    const servicePort = findPort(model.services[service]?.ports ?? [], port, transport);
    const matches = servicePort === undefined ? 'any' : admitted(model, workload, servicePort);
    return matches === 'any' ? [] : [{ endpoints: name, matches: matches.map(emitMatch) }];
  });
  return access.length === 0 ? {} : { access };
}

/** Names of the service ports that a workload's outbound listeners serve, each once. */
export function servedPorts(model: MeshModel, workload: Workload): readonly string[] {
  return namesIn(outboundListeners(model, workload));
}

function namesIn(listeners: readonly OutboundListener[]): readonly string[] {
  return [
    ...new Set(listeners.flatMap(({ services = [], connectionServices = [] }) => [...services, ...connectionServices])),
  ];
}

interface ListeningPort {
  readonly name: string;
  readonly port: Pick<ServicePort, 'port' | 'protocol'>;
}

/** What of the service ports decides about listeners: who is behind them changes more often. */
function listeningPorts(model: MeshModel): readonly ListeningPort[] {
  return shared(model, 'listening ports', (whole) =>
    servicePorts(whole).map(({ name, port: { port, protocol } }) => ({ name, port: { port, protocol } })),
  );
}

/** Names of the service ports that every workload serves whose traffic is intercepted, each once. */
export function interceptedPorts(model: MeshModel): readonly string[] {
  return namesIn(interceptedListeners(listeningPorts(model), '', model.settings.outboundMode));
}

function outboundListeners(model: MeshModel, workload: Workload): readonly OutboundListener[] {
  return workload.outbound === 'intercepted'
    ? interceptedListeners(listeningPorts(model), interceptedAddress(workload), model.settings.outboundMode)
    : workload.outbound.flatMap((binding) => boundListener(model, binding));
}

function boundListener(model: MeshModel, { service, port, udp, listen }: OutboundBinding): readonly OutboundListener[] {
  const transport = udp ? 'udp' : 'tcp';
  const protocol = findPort(model.services[service]?.ports ?? [], port, transport)?.protocol;
  if (protocol === undefined) return [];
  return [
    {
      address: listen.address,
      port: listen.port,
      protocol: protocols[protocol],
      services: [portName(service, port, transport)],
    },
  ];
}

/**
 * One listener for each port number and transport. HTTP requests say which service they mean; of the TCP services that share a
 * port number the server name of TLS chooses. Those that share one with HTTP are told by the address that a program connected
 * to, where that is known. Nothing tells apart the UDP services that share a port number, so they have no listener.
 */
function interceptedListeners(
  refs: readonly ListeningPort[],
  address: string,
  outside: MeshSettings['outboundMode'],
): readonly OutboundListener[] {
  const numbers = [...new Set(refs.map(({ port }) => port.port))].sort((a, b) => a - b);
  return numbers.flatMap((number): OutboundListener[] => {
    const datagrams = refs.filter(({ port }) => port.port === number && port.protocol === 'udp');
    const here = refs.filter(({ port }) => port.port === number && port.protocol !== 'udp');
    const http = here.filter(({ port }) => port.protocol === 'http');
    const served = http.length > 0 ? http : here;
    const others = http.length > 0 ? here.filter(({ port }) => port.protocol === 'tcp') : [];
    const udp = { address, port: number, protocol: 'UDP' as const, services: datagrams.map(({ name }) => name) };
    const connections: OutboundListener = {
      address,
      port: number,
      protocol: http.length > 0 ? 'HTTP' : 'TCP',
      services: served.map(({ name }) => name),
      intercepted: true,
      ...(others.length === 0 ? {} : { connectionServices: others.map(({ name }) => name) }),
      ...(http.length > 0 && outside === 'passthrough' ? { passthrough: true } : {}),
    };
    return [...(served.length > 0 ? [connections] : []), ...(datagrams.length === 1 ? [udp] : [])];
  });
}

const tlsModes = { permissive: 'PERMISSIVE', off: 'OFF' } as const;

/** What a proxy takes for its pod's own addresses, which it knows before we do. */
const anyAddress = '0.0.0.0';

/**
 * A workload without sidecar has none. Datagrams come within connections: their listener needs a port of TCP that nothing else
 * has. Where connections are intercepted they come to any address of the pod, and go on to the program at the same; its
 * proxy takes them before the address is known here, since callers may hear of it at the same time, and be sooner.
 */
function inboundListeners(workload: Workload): InboundListener[] {
  if (workload.transport === 'plain') return [];
  const { addresses, outbound } = workload;
  const intercepted = addresses.length === 0 ? [anyAddress] : addresses;
  return (outbound === 'intercepted' ? intercepted : addresses.slice(0, 1)).flatMap((address) =>
    listenersAt(workload, address),
  );
}

function listenersAt(workload: Workload, address: string): InboundListener[] {
  const connections = workload.ports.filter(({ protocol }) => protocol !== 'udp').map(({ meshPort }) => meshPort);
  return workload.ports
    .filter(({ protocol, meshPort }) => protocol !== 'udp' || !connections.includes(meshPort))
    .map(({ port, protocol, meshPort, app, http2, tls }) => ({
      address,
      port: meshPort,
      containerPort: port,
      protocol: protocols[protocol],
      appAddress: app.address,
      appPort: app.port,
      ...(http2 === true ? { appHttp2: true } : {}),
      ...(tls === undefined ? {} : { tls: tlsModes[tls] }),
    }));
}
