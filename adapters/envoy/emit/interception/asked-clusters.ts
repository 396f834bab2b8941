import type { MeshModel, ServiceId, SpiffeId, Workload } from '../../../../src/model/types.ts';
import { askedClusterName, findServicePort, originalDestinationName, parseClusterName } from '../../names.ts';
import type { EnvoyOptions } from '../../options.ts';
import { policyOf } from '../cluster.ts';
import { clusterPolicy } from '../cluster-policy.ts';
import { plainPeer } from '../endpoints.ts';
import { any, type Message, originMetadata } from '../message.ts';
import { clientTls, plainText } from '../tls.ts';
import { upstreamHttp } from '../upstream-http.ts';
import { type Meant, meantPorts } from './meant.ts';

/** Clusters that are whatever address a program asked for: of what the mesh does not know, and of what has no cluster IP. */
export function askedClusters(model: MeshModel, client: Workload, options: EnvoyOptions): readonly Message[] {
  const meant = meantPorts(model).flatMap(({ byAddress }) => byAddress);
  const peers = new Map(meant.flatMap((one) => (one.peer === undefined ? [] : [[one.id, one] as const])));
  return [
    { name: originalDestinationName(client.id, 'outbound'), ...asked, ...sameProtocol },
    ...[...peers.values()].flatMap((one) => clusterOf(model, one, options)),
  ];
}

const asked: Message = { type: 'ORIGINAL_DST', connectTimeout: '5s', lbPolicy: 'CLUSTER_PROVIDED' };

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const sameProtocol: Message = {
  typedExtensionProtocolOptions: {
    [httpOptions]: any(httpOptions, {
      useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
    }),
  },
};

function clusterOf(model: MeshModel, { name, peer = plainPeer }: Meant, options: EnvoyOptions): readonly Message[] {
  const { service, port } = parseClusterName(name);
  const ref = findServicePort(model, service, port);
  if (ref === undefined) return [];
  const { fields, budget, origins } = policyOf(model, ref);
  const http2 = ref.port.http2 === true;
  const { connectTimeout, circuitBreakers } = clusterPolicy(fields, budget, { host: ref.service.hosts[0], http2 });
  const plain = peer === plainPeer;
  const negotiates = ref.port.protocol === 'http' && !plain;
  return [
    {
      name: askedClusterName(service as ServiceId, port, peer),
      altStatName: ref.name,
      ...originMetadata([...ref.service.origins, ...origins]),
      ...asked,
      ...{ connectTimeout, circuitBreakers },
      ...upstreamHttp(negotiates ? 'negotiated' : http2 ? 'http2' : 'http1'),
      transportSocket: plain ? plainText : clientTls(options, [peer as SpiffeId]),
    },
  ];
}
