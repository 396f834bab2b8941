import type { Artifact } from '../../../src/adapter/contract.ts';
import { compareText } from '../../../src/lib/collections.ts';
import { findPort } from '../../../src/model/ports.ts';
import type { MeshModel, ServicePort, SpiffeId } from '../../../src/model/types.ts';
import { findUdpPort, parseUdpCluster, typeUrls } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { ads, any, type Message, originMetadata, socketAddress } from './message.ts';
import { clientTls } from './tls.ts';

interface Endpoint {
  readonly workload: string;
  readonly address: string;
  readonly port: number;
  readonly ready: boolean;
  /** Undefined: without a sidecar. */
  readonly peer: SpiffeId | undefined;
}

/**
 * The cluster of a UDP port of a service. Datagrams travel within mutual TLS to endpoints with a sidecar, and only where there is
 * none of them as they are.
 */
export function emitUdpCluster(model: MeshModel, name: string, options: EnvoyOptions): readonly Artifact[] {
  const { service, port } = parseUdpCluster(name);
  const ref = findUdpPort(model, service, port);
  if (ref === undefined) return [];
  const { origins } = ref.service;
  const endpoints = reachable(model, ref.port);
  const tunnelled = endpoints.some(({ peer }) => peer !== undefined);
  const cluster: Message = {
    name,
    ...originMetadata(origins),
    type: 'EDS',
    edsClusterConfig: { edsConfig: ads },
    connectTimeout: '5s',
    lbPolicy: 'LEAST_REQUEST',
    ...(tunnelled ? { ...streams, ...transportSockets(endpoints, options) } : {}),
  };
  const lbEndpoints = endpoints
    .filter(({ ready }) => ready)
    .map(({ workload, address, port: number, peer }) => ({
      endpoint: { address: peer === undefined ? datagramAddress(address, number) : socketAddress(address, number) },
      metadata: {
        filterMetadata: {
          ...(peer === undefined ? {} : { 'envoy.transport_socket_match': { peer } }),
          'smi-mesh': { workload },
        },
      },
    }));
  const assignment = { clusterName: name, endpoints: lbEndpoints.length === 0 ? [] : [{ lbEndpoints }] };
  return [
    { name, format: typeUrls.cluster, body: cluster, origins },
    { name, format: typeUrls.endpoints, body: assignment, origins },
  ];
}

/** Whether datagrams to a UDP port of a service travel as streams of other sidecars. */
export function isTunnelled(model: MeshModel, port: ServicePort): boolean {
  return reachable(model, port).some(({ peer }) => peer !== undefined);
}

/** Whoever has a sidecar, or all where nobody has one. */
function reachable(model: MeshModel, { targets }: ServicePort): readonly Endpoint[] {
  const all = targets.flatMap((target): Endpoint[] => {
    const workload = model.workloads[target.workload];
    const address = workload?.addresses[0];
    if (workload === undefined || address === undefined) return [];
    const port = findPort(workload.ports, target.port, 'udp')?.meshPort ?? target.port;
    const peer = workload.transport === 'plain' ? undefined : workload.identity;
    return [{ workload: workload.id, address, port, ready: workload.ready, peer }];
  });
  const meshed = all.filter(({ peer }) => peer !== undefined);
  return meshed.length === 0 ? all : meshed;
}

/** A connection that takes flows of datagrams as streams of HTTP/2 (RFC 9298). */
const http = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
export const streams: Message = {
  typedExtensionProtocolOptions: {
    [http]: any(http, { explicitHttpConfig: { http2ProtocolOptions: { allowConnect: true } } }),
  },
};

/** Each endpoint is held to its own identity. */
function transportSockets(endpoints: readonly Endpoint[], options: EnvoyOptions): Message {
  const peers = [...new Set(endpoints.flatMap(({ peer }) => peer ?? []))].sort(compareText);
  if (peers.length === 1) return { transportSocket: clientTls(options, peers) };
  return {
    transportSocket: clientTls(options, []),
    transportSocketMatches: peers.map((peer) => ({
      name: peer,
      match: { peer },
      transportSocket: clientTls(options, [peer]),
    })),
  };
}

function datagramAddress(address: string, portValue: number): Message {
  return { socketAddress: { protocol: 'UDP', address, portValue } };
}
