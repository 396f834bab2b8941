import { type ClientDuplexStream, credentials, makeClientConstructor } from '@grpc/grpc-js';
import { envoyAdapter } from '../../adapters/envoy/index.ts';
import { typeUrls } from '../../adapters/envoy/names.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import { loadDescriptor } from '../../src/lib/descriptors.ts';
import type { SimulatedProxy } from './fleet-messages.ts';

const root = loadDescriptor('discovery');
const requestType = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryRequest');
const responseType = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryResponse');

/** A response as it came, and what answering it takes. */
interface Received {
  readonly bytes: Buffer;
  readonly typeUrl: string;
  readonly nonce: string;
  readonly names: readonly string[];
}

const AdsClient = makeClientConstructor(
  {
    Delta: {
      path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      requestStream: true,
      responseStream: true,
      requestSerialize: (value: object) => Buffer.from(requestType.encode(requestType.fromObject(value)).finish()),
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: () => Buffer.alloc(0),
      responseDeserialize: received,
    },
  },
  'Ads',
);

function received(bytes: Buffer): Received {
  const { typeUrl, nonce, resources } = responseType.decode(bytes) as unknown as {
    readonly typeUrl: string;
    readonly nonce: string;
    readonly resources: readonly { readonly name: string }[];
  };
  return { bytes, typeUrl, nonce, names: resources.map(({ name }) => name) };
}

const kinds = {
  proxy: { types: proxyAdapter.typeOrder, userAgentName: 'smi-mesh-proxy' },
  // Endpoints are asked for by the names of the clusters.
  envoy: { types: envoyAdapter.typeOrder.filter((type) => type !== typeUrls.endpoints), userAgentName: 'envoy' },
} as const;

export interface ProxyClientEvents {
  /** After the acknowledgement is on its way. */
  readonly acknowledged: (bytes: Buffer, resources: number) => void;
  readonly failed: (because: string) => void;
}

/** A delta client that acknowledges everything, and keeps nothing: many of them fit into one process. */
export class ProxyClient {
  readonly #stream: ClientDuplexStream<object, Received>;
  readonly #named = new Set<string>();

  constructor(address: string, { node, dataPlane, identity }: SimulatedProxy, events: ProxyClientEvents) {
    const channel = credentials.createSsl(
      Buffer.from(identity.trustBundle),
      Buffer.from(identity.privateKey),
      Buffer.from(identity.certificateChain),
      // SPIFFE servers are known by their id, not by a host name.
      { checkServerIdentity: () => undefined },
    );
    const client = new AdsClient(address, channel, {
      'grpc.ssl_target_name_override': 'control-plane',
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    });
    this.#stream = client.Delta!() as unknown as ClientDuplexStream<object, Received>;
    this.#stream.on('error', (error: Error) => events.failed(`${node}: ${error.message}`));
    this.#stream.on('end', () => events.failed(`${node}: the stream ended`));
    this.#stream.on('data', (response: Received) => {
      const { bytes, typeUrl, nonce, names } = response;
      this.#stream.write({ typeUrl, responseNonce: nonce });
      if (typeUrl === typeUrls.cluster) this.#askForEndpoints(names);
      events.acknowledged(bytes, names.length);
    });
    const { types, userAgentName } = kinds[dataPlane];
    for (const typeUrl of types) this.#stream.write({ node: { id: node, userAgentName }, typeUrl });
  }

  #askForEndpoints(clusters: readonly string[]): void {
    const names = clusters.filter((name) => !this.#named.has(name));
    if (names.length === 0) return;
    for (const name of names) this.#named.add(name);
    this.#stream.write({ typeUrl: typeUrls.endpoints, resourceNamesSubscribe: names });
  }
}
