import { type ClientDuplexStream, credentials, makeClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { loadDescriptor } from '../../src/lib/descriptors.ts';

/** PEM texts. */
interface ClientIdentity {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

export interface ReceivedBatch {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly resource: { readonly value: Uint8Array };
  }[];
  readonly removedResources: readonly string[];
}

const root = loadDescriptor('discovery');
const requestType = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryRequest');
const responseType = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryResponse');

const AdsClient = makeClientConstructor(
  {
    Delta: {
      path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      requestStream: true,
      responseStream: true,
      requestSerialize: (value: object) => Buffer.from(requestType.encode(requestType.fromObject(value)).finish()),
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: () => Buffer.alloc(0),
      responseDeserialize: (bytes: Buffer) =>
        responseType.toObject(responseType.decode(bytes), { defaults: true, arrays: true }) as unknown as ReceivedBatch,
    },
  },
  'Ads',
);

/** A plain delta client, written apart from the proxy's so that the server is tested against the protocol. */
export class TestAdsClient {
  readonly batches: ReceivedBatch[] = [];
  /** Type URL to name to version. */
  readonly held = new Map<string, Map<string, string>>();
  readonly bodies = new Map<string, Uint8Array>();
  error: ServiceError | undefined;
  /** Leaves responses unanswered. */
  silent = false;
  /** Resources that it refuses: by name, or by type and name (`Workload default/shop`). */
  readonly refuses: Set<string>;
  readonly #client: InstanceType<typeof AdsClient>;
  readonly #stream: ClientDuplexStream<object, ReceivedBatch>;
  readonly #waiting = new Set<() => void>();

  constructor(
    address: string,
    node: string,
    types: readonly string[],
    options: {
      readonly identity?: ClientIdentity;
      readonly held?: ReadonlyMap<string, ReadonlyMap<string, string>>;
      readonly refuses?: readonly string[];
    } = {},
  ) {
    const { identity, held, refuses = [] } = options;
    this.refuses = new Set(refuses);
    const channel =
      identity === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(
            Buffer.from(identity.trustBundle),
            Buffer.from(identity.privateKey),
            Buffer.from(identity.certificateChain),
            // SPIFFE servers are known by their id, not by a host name.
            { checkServerIdentity: () => undefined },
          );
    this.#client = new AdsClient(address, channel, { 'grpc.ssl_target_name_override': 'control-plane' });
    this.#stream = this.#client.Delta!() as unknown as ClientDuplexStream<object, ReceivedBatch>;
    this.#stream.on('data', (batch: ReceivedBatch) => this.#receive(batch));
    this.#stream.on('error', (error: ServiceError) => {
      this.error = error;
      this.#wake();
    });
    for (const typeUrl of types) {
      const initial = held?.get(typeUrl);
      if (initial !== undefined) this.held.set(typeUrl, new Map(initial));
      this.#stream.write({ node: { id: node }, typeUrl, initialResourceVersions: Object.fromEntries(initial ?? []) });
    }
  }

  get names(): readonly string[] {
    return [...this.held].flatMap(([typeUrl, names]) =>
      [...names.keys()].map((name) => `${typeUrl.split('.').at(-1)} ${name}`),
    );
  }

  /** Waits until the condition holds after something arrived; rejects after ten seconds. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it did not happen; held: ${this.names.join(', ')}`)), 10_000);
      const check = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Names the node only where it is the first request of the stream. */
  subscribe(typeUrl: string, names: readonly string[], node?: string): void {
    const first = node === undefined ? {} : { node: { id: node } };
    this.#stream.write({ ...first, typeUrl, resourceNamesSubscribe: names });
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #receive(batch: ReceivedBatch): void {
    this.batches.push(batch);
    const { typeUrl, nonce } = batch;
    const type = typeUrl.split('.').at(-1);
    const refused = batch.resources.find(({ name }) => this.refuses.has(name) || this.refuses.has(`${type} ${name}`));
    if (refused === undefined) {
      const held = this.held.get(typeUrl) ?? new Map<string, string>();
      this.held.set(typeUrl, held);
      for (const { name, version, resource } of batch.resources) {
        held.set(name, version);
        this.bodies.set(`${typeUrl} ${name}`, resource.value);
      }
      for (const name of batch.removedResources) held.delete(name);
    }
    if (this.silent) {
      this.#wake();
      return;
    }
    const answer = refused === undefined ? {} : { errorDetail: { code: 3, message: `refused ${refused.name}` } };
    this.#stream.write({ typeUrl, responseNonce: nonce, ...answer });
    this.#wake();
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }
}
