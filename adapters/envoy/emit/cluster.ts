import type { Artifact } from '../../../src/adapter/contract.ts';
import { commonPolicy } from '../../../src/adapter/policy-cases.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { compareText } from '../../../src/lib/collections.ts';
import type { ClusterPolicy } from '../../../src/model/policy.ts';
import { portKey, transportOf } from '../../../src/model/ports.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { findServicePort, parseClusterName, type ServicePortRef, typeUrls } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { clusterPolicy } from './cluster-policy.ts';
import { lookups } from './dns.ts';
import { type Endpoint, endpointsOf, loadAssignment, plainPeer } from './endpoints.ts';
import { ads, type Message, originMetadata, socketAddress } from './message.ts';
import { preferenceOf } from './places.ts';
import { clientTls, plainText } from './tls.ts';
import { type UpstreamHttp, upstreamHttp } from './upstream-http.ts';

/** The cluster of a service port and its endpoints. */
export function emitCluster(model: MeshModel, name: string, options: EnvoyOptions): readonly Artifact[] {
  const { service: id, port, place } = parseClusterName(name);
  const ref = findServicePort(model, id, port);
  if (ref === undefined) return [];
  const { externalName, hosts } = ref.service;
  const { fields, budget, origins: asked } = policyOf(model, ref);
  const origins = [...ref.service.origins, ...asked];
  const common: Message = {
    name,
    ...(place === undefined ? {} : { altStatName: ref.name }),
    ...originMetadata(origins),
    ...clusterPolicy(fields, budget, { host: hosts[0], http2: ref.port.http2 === true }),
  };
  if (externalName !== undefined) {
    const body = { ...common, ...outsideCluster(name, ref, externalName, options) };
    return [{ name, format: typeUrls.cluster, body, origins }];
  }
  const endpoints = endpointsOf(model, ref.port.targets);
  const cluster: Message = {
    ...common,
    type: 'EDS',
    edsClusterConfig: { edsConfig: ads },
    ...upstreamHttp(httpOf(ref, endpoints)),
    ...transport(endpoints, options),
  };
  const assignment = loadAssignment(name, endpoints, preferenceOf(fields, place));
  return [
    { name, format: typeUrls.cluster, body: cluster, origins },
    { name, format: typeUrls.endpoints, body: assignment, origins },
  ];
}

export interface Asked {
  readonly fields: ClusterPolicy;
  readonly budget: NonNullable<ReturnType<typeof commonPolicy>['policy']['retries']>['budget'];
  readonly origins: readonly Origin[];
}

/** What TrafficPolicies say about a service port's endpoints; and the budget for retries, which Envoy keeps there too. */
export function policyOf(model: MeshModel, { service, port }: ServicePortRef): Asked {
  const { endpoints, policies = [] } =
    model.outbound[service.id]?.ports[portKey(port.port, transportOf(port.protocol))] ?? {};
  const { policy, originsOf } = commonPolicy(policies);
  return {
    fields: endpoints?.fields ?? {},
    budget: policy.retries?.budget,
    origins: [...(endpoints?.origins ?? []), ...originsOf('retries.budget')],
  };
}

/** Endpoints without TLS cannot negotiate, nor does Envoy let a cluster do so that has one of them. */
function httpOf({ port }: ServicePortRef, endpoints: readonly Endpoint[]): UpstreamHttp {
  const plain = endpoints.some(({ peer }) => peer === plainPeer);
  if (port.protocol === 'http' && !plain) return 'negotiated';
  return port.http2 === true ? 'http2' : 'http1';
}

/** A host outside the mesh, in plain text; each new connection goes to the address that DNS then has for it. */
function outsideCluster(name: string, { port }: ServicePortRef, host: string, options: EnvoyOptions): Message {
  return {
    type: 'LOGICAL_DNS',
    // A DNS server that does not answer keeps no pod from starting, where most traffic for the host needs no answer.
    ...(options.interception === undefined ? {} : { waitForWarmOnInit: false }),
    ...lookups(options),
    ...upstreamHttp(port.http2 === true ? 'http2' : 'http1'),
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(host, port.port) } }] }],
    },
  };
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
