import type { Artifact } from '../../../src/adapter/contract.ts';
import { compareText } from '../../../src/lib/collections.ts';
import { findPort, portKey, transportOf } from '../../../src/model/ports.ts';
import type { MeshModel, SpiffeId, Workload, WorkloadPort } from '../../../src/model/types.ts';
import { findServicePort, parseClusterName, type ServicePortRef, typeUrls } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { lookups } from './dns.ts';
import { ads, any, type Message, originMetadata, socketAddress } from './message.ts';
import { clientTls, plainText } from './tls.ts';

/** Marks an endpoint without a sidecar in the metadata that chooses the transport socket. */
const plainPeer = 'plain';

interface Endpoint {
  readonly workload: Workload;
  readonly address: string;
  readonly port: number;
  readonly peer: SpiffeId | typeof plainPeer;
}

/** The cluster of a service port and its endpoints. */
export function emitCluster(model: MeshModel, name: string, options: EnvoyOptions): readonly Artifact[] {
  const { service: id, port } = parseClusterName(name);
  const ref = findServicePort(model, id, port);
  if (ref === undefined) return [];
  const { origins, externalName } = ref.service;
  if (externalName !== undefined) {
    const body = { ...outsideCluster(name, ref, externalName, options), ...connectTimeout(model, ref) };
    return [{ name, format: typeUrls.cluster, body, origins }];
  }
  const endpoints = endpointsOf(model, ref.port.targets);
  const cluster: Message = {
    name,
    ...originMetadata(origins),
    type: 'EDS',
    edsClusterConfig: { edsConfig: ads },
    connectTimeout: '5s',
    ...connectTimeout(model, ref),
    lbPolicy: 'LEAST_REQUEST',
    ...upstreamHttp(ref.port.http2 === true),
    ...transport(endpoints, options),
  };
  return [
    { name, format: typeUrls.cluster, body: cluster, origins },
    { name, format: typeUrls.endpoints, body: loadAssignment(name, endpoints), origins },
  ];
}

/** What TrafficPolicies say about it. */
function connectTimeout(model: MeshModel, { service, port }: ServicePortRef): Message {
  const key = portKey(port.port, transportOf(port.protocol));
  const millis = model.outbound[service.id]?.ports[key]?.endpoints?.fields.connectTimeout;
  return millis === undefined ? {} : { connectTimeout: `${millis / 1_000}s` };
}

/** A host outside the mesh, in plain text; each new connection goes to the address that DNS then has for it. */
function outsideCluster(name: string, { service, port }: ServicePortRef, host: string, options: EnvoyOptions): Message {
  return {
    name,
    ...originMetadata(service.origins),
    type: 'LOGICAL_DNS',
    ...lookups(options),
    connectTimeout: '5s',
    ...upstreamHttp(port.http2 === true),
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(host, port.port) } }] }],
    },
  };
}

/**
 * Idle connections are closed here before common servers close them (after 5 s), so that no request meets a closing one.
 * HTTP/2 to programs that speak it, and then between sidecars too, so that trailers survive.
 */
export function upstreamHttp(http2: boolean): Message {
  const type = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    typedExtensionProtocolOptions: {
      [type]: any(type, {
        commonHttpProtocolOptions: { idleTimeout: '4s' },
        explicitHttpConfig: http2 ? { http2ProtocolOptions: {} } : { httpProtocolOptions: {} },
      }),
    },
  };
}

/** A cluster that is the program behind a sidecar. */
export function appCluster(name: string, { app, http2 }: WorkloadPort): Message {
  return {
    name,
    type: 'STATIC',
    connectTimeout: '5s',
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(app.address, app.port) } }] }],
    },
    ...upstreamHttp(http2 === true),
  };
}

/** Workloads whose address is known; the order is the model's. */
function endpointsOf(
  model: MeshModel,
  targets: readonly { readonly workload: Workload['id']; readonly port: number }[],
): readonly Endpoint[] {
  return targets.flatMap((target): Endpoint[] => {
    const workload = model.workloads[target.workload];
    const address = workload?.addresses[0];
    if (workload === undefined || address === undefined) return [];
    const reached = findPort(workload.ports, target.port);
    const plain = workload.transport === 'plain' || reached?.tls === 'off';
    const port = reached?.meshPort ?? target.port;
    return [{ workload, address, port, peer: plain ? plainPeer : workload.identity }];
  });
}

/**
 * Each endpoint is held to its own identity: with several among the endpoints, metadata chooses the transport socket. The
 * identities of unready endpoints count too, so that readiness changes no cluster.
 */
function transport(endpoints: readonly Endpoint[], options: EnvoyOptions): Message {
  const peers = [...new Set(endpoints.map(({ peer }) => peer))].sort(compareText);
  const [only] = peers;
  if (peers.length === 1 && only !== undefined && only !== plainPeer)
    return { transportSocket: clientTls(options, [only]) };
  return {
    // For an endpoint that nothing below names.
    transportSocket: clientTls(options, []),
    ...(peers.length === 0 ? {} : { transportSocketMatches: peers.map((peer) => socketMatch(peer, options)) }),
  };
}

function socketMatch(peer: Endpoint['peer'], options: EnvoyOptions): Message {
  return {
    name: peer,
    match: { peer },
    transportSocket: peer === plainPeer ? plainText : clientTls(options, [peer]),
  };
}

/** Unready endpoints are left out; without any left, requests are answered 503. */
function loadAssignment(name: string, endpoints: readonly Endpoint[]): Message {
  const lbEndpoints = endpoints
    .filter(({ workload }) => workload.ready)
    .map(({ workload, address, port, peer }) => ({
      endpoint: { address: socketAddress(address, port) },
      metadata: {
        filterMetadata: { 'envoy.transport_socket_match': { peer }, 'smi-mesh': { workload: workload.id } },
      },
    }));
  return { clusterName: name, endpoints: lbEndpoints.length === 0 ? [] : [{ lbEndpoints }] };
}
