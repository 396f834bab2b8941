import type { Artifact } from '../../../src/adapter/contract.ts';
import { compareText } from '../../../src/lib/collections.ts';
import type { ClusterPolicy, LoadBalancer, OutlierDetection } from '../../../src/model/policy.ts';
import type { MeshModel, SpiffeId } from '../../../src/model/types.ts';
import { certificateProvider, nowhere, type ServicePortRef, typeUrls } from '../names.ts';
import { isRing } from './hash.ts';
import { any, type Message, originMetadata, overAds, seconds } from './message.ts';
import { type Endpoint, type EndpointGroup, endpointGroups } from './targets.ts';

/** The clusters of a service port and their endpoints. */
export function emitClusters(model: MeshModel, ref: ServicePortRef): readonly Artifact[] {
  const { service, port, policy, name } = ref;
  const { origins, externalName } = service;
  const said = [...origins, ...(policy.endpoints?.origins ?? [])];
  const common = { ...originMetadata(origins), ...clusterPolicy(policy.endpoints?.fields ?? {}) };
  if (externalName !== undefined) {
    const body = { name, ...common, ...outside(name, externalName, port.port) };
    return [{ name, format: typeUrls.cluster, body, origins: said }];
  }
  return endpointGroups(model, ref).flatMap((group) => [
    {
      name: group.cluster,
      format: typeUrls.cluster,
      body: { name: group.cluster, ...common, ...discovered, ...transport(group.peers) },
      origins: said,
    },
    {
      name: group.cluster,
      format: typeUrls.endpoints,
      body: loadAssignment(group),
      origins,
    },
  ]);
}

/** The cluster without endpoints. */
export function emitNowhere(): readonly Artifact[] {
  const assignment = { clusterName: nowhere };
  return [
    {
      name: nowhere,
      format: typeUrls.cluster,
      body: { name: nowhere, ...discovered, lbPolicy: 'ROUND_ROBIN' },
      origins: [],
    },
    { name: nowhere, format: typeUrls.endpoints, body: assignment, origins: [] },
  ];
}

const discovered: Message = { type: 'EDS', edsClusterConfig: { edsConfig: overAds } };

/** A host outside the mesh, in plain text. */
function outside(clusterName: string, address: string, portValue: number): Message {
  const endpoint = { address: { socketAddress: { address, portValue } } };
  return {
    type: 'LOGICAL_DNS',
    loadAssignment: { clusterName, endpoints: [{ locality: {}, lbEndpoints: [{ endpoint }] }] },
  };
}

/**
 * Mutual TLS with what the client's bootstrap names, to servers that prove one of these identities (gRFC A29). Without it
 * clients use the fallback of their credentials, which has to be plain text.
 */
function transport(peers: EndpointGroup['peers']): Message {
  return peers === 'plain' ? {} : { transportSocket: tls(peers) };
}

function tls(servers: readonly SpiffeId[]): Message {
  const instance = { instanceName: certificateProvider };
  const commonTlsContext = {
    tlsCertificateProviderInstance: instance,
    validationContext: {
      caCertificateProviderInstance: instance,
      // An empty list would take everybody; no certificate of the mesh has this name.
      matchSubjectAltNames: servers.length === 0 ? [{ exact: 'nobody' }] : servers.map((exact) => ({ exact })),
    },
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', { commonTlsContext }),
  };
}

/** Only ready endpoints. Each locality weighs as much as it has endpoints, so that every endpoint gets the same. */
function loadAssignment({ cluster, endpoints }: EndpointGroup): Message {
  const ready = endpoints.filter(({ workload }) => workload.ready);
  const localities = Map.groupBy(ready, ({ workload: { locality } }) =>
    JSON.stringify([locality?.region ?? '', locality?.zone ?? '']),
  );
  const groups = [...localities].sort(([a], [b]) => compareText(a, b));
  return {
    clusterName: cluster,
    ...(groups.length === 0 ? {} : { endpoints: groups.map(([, members]) => localityEndpoints(members)) }),
  };
}

function localityEndpoints(members: readonly Endpoint[]): Message {
  return {
    locality: members[0]?.workload.locality ?? {},
    loadBalancingWeight: members.length,
    lbEndpoints: members.map(({ workload, address, port }) => ({
      endpoint: { address: { socketAddress: { address, portValue: port } } },
      metadata: { filterMetadata: { 'smi-mesh': { workload: workload.id } } },
    })),
  };
}

function clusterPolicy({ loadBalancer, circuitBreaker, outlierDetection }: ClusterPolicy): Message {
  const requests = circuitBreaker?.requests;
  return {
    ...balancing(loadBalancer),
    ...(requests === undefined ? {} : { circuitBreakers: { thresholds: [{ maxRequests: requests }] } }),
    ...ejection(outlierDetection),
  };
}

const policies = 'envoy.extensions.load_balancing_policies';

/** Of a list of policies clients take the first that they have (gRFC A52). */
function balancing(loadBalancer: LoadBalancer | undefined): Message {
  const algorithm = loadBalancer?.algorithm;
  if (isRing(algorithm)) return { lbPolicy: 'RING_HASH' };
  if (algorithm !== 'leastRequest' && algorithm !== 'ewma') return { lbPolicy: 'ROUND_ROBIN' };
  const endpointPickingPolicy = {
    policies: [
      policy(`${policies}.least_request.v3.LeastRequest`, {}),
      policy(`${policies}.round_robin.v3.RoundRobin`, {}),
    ],
  };
  const ofLocality = policy(`${policies}.wrr_locality.v3.WrrLocality`, { endpointPickingPolicy });
  return { lbPolicy: 'ROUND_ROBIN', loadBalancingPolicy: { policies: [ofLocality] } };
}

function policy(type: string, message: Message): Message {
  return { typedExtensionConfig: { name: type, typedConfig: any(type, message) } };
}

/** gRPC ejects by the share of calls that failed (gRFC A50); it does not count failures in a row. */
function ejection(detection: OutlierDetection | undefined): Message {
  const percent = detection?.successRate?.percent;
  if (detection === undefined || percent === undefined) return {};
  const { interval, ejection: times, successRate } = detection;
  return {
    outlierDetection: {
      ...(interval === undefined ? {} : { interval: seconds(interval) }),
      ...(times?.time === undefined ? {} : { baseEjectionTime: seconds(times.time) }),
      ...(times?.maxTime === undefined ? {} : { maxEjectionTime: seconds(times.maxTime) }),
      maxEjectionPercent: times?.maxPercent ?? 50,
      enforcingSuccessRate: 0,
      enforcingFailurePercentage: 100,
      failurePercentageThreshold: 100 - percent,
      failurePercentageMinimumHosts: 1,
      ...(successRate?.minRequests === undefined ? {} : { failurePercentageRequestVolume: successRate.minRequests }),
    },
  };
}
