import { type ClientDuplexStream, credentials, makeClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { loadDescriptor } from '../../src/lib/descriptors.ts';

/** PEM texts. */
export interface ClientIdentity {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

export interface RawResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** State of the world only. */
  readonly versionInfo: string;
  readonly resources: readonly { readonly name?: string; readonly version?: string; readonly value?: Uint8Array }[];
  /** Delta only. */
  readonly removedResources: readonly string[];
}

const methods = {
  delta: { method: 'DeltaAggregatedResources', request: 'DeltaDiscoveryRequest', response: 'DeltaDiscoveryResponse' },
  sotw: { method: 'StreamAggregatedResources', request: 'DiscoveryRequest', response: 'DiscoveryResponse' },
} as const;

const waitMillis = 20_000;

/** The channel credentials of an identity; plain text without one. */
export function channelOf(identity: ClientIdentity | undefined) {
  if (identity === undefined) return credentials.createInsecure();
  const { trustBundle, privateKey, certificateChain } = identity;
  // SPIFFE servers are known by their id, not by a host name.
  const options = { checkServerIdentity: () => undefined };
  return credentials.createSsl(
    Buffer.from(trustBundle),
    Buffer.from(privateKey),
    Buffer.from(certificateChain),
    options,
  );
}

/** A stream on which nothing happens by itself: the test says every request, right or wrong. */
export class RawAdsClient {
  readonly responses: RawResponse[] = [];
  error: ServiceError | undefined;
  ended = false;
  readonly #client;
  readonly #stream: ClientDuplexStream<object, RawResponse>;
  readonly #waiting = new Set<() => void>();

  constructor(address: string, variant: keyof typeof methods, identity?: ClientIdentity) {
    const { method, request, response } = methods[variant];
    const lookup = (name: string) => loadDescriptor('discovery').lookupType(`envoy.service.discovery.v3.${name}`);
    const [requestType, responseType] = [lookup(request), lookup(response)];
    const Client = makeClientConstructor(
      {
        Open: {
          path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${method}`,
          requestStream: true,
          responseStream: true,
          requestSerialize: (value: object | Buffer) =>
            Buffer.isBuffer(value) ? value : Buffer.from(requestType.encode(requestType.fromObject(value)).finish()),
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: () => Buffer.alloc(0),
          responseDeserialize: (bytes: Buffer) =>
            responseType.toObject(responseType.decode(bytes), { defaults: true, arrays: true }) as RawResponse,
        },
      },
      'Ads',
    );
    this.#client = new Client(address, channelOf(identity), { 'grpc.ssl_target_name_override': 'control-plane' });
    this.#stream = this.#client.Open!() as unknown as ClientDuplexStream<object, RawResponse>;
    this.#stream.on('data', (message: RawResponse) => {
      this.responses.push(message);
      this.#wake();
    });
    this.#stream.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    this.#stream.on('error', (error: ServiceError) => {
      this.error = error;
      this.#wake();
    });
  }

  get latest(): RawResponse | undefined {
    return this.responses.at(-1);
  }

  /** A message as JSON, or bytes that need not be one. */
  send(request: object | Buffer): void {
    this.#stream.write(request);
  }

  /** Accepts the latest response, or refuses it; in the state of the world `resourceNames` must be said again. */
  answer(more: object = {}, { typeUrl, nonce } = this.latest!): void {
    this.send({ typeUrl, responseNonce: nonce, ...more });
  }

  /** Reads nothing more: what the server sends stays on its side of the connection. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Says that it will ask for nothing more. */
  halfClose(): void {
    this.#stream.end();
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  /** Waits until the condition holds after something arrived; rejects after twenty seconds. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(new Error(`it did not happen; error: ${this.error?.message}; last: ${JSON.stringify(this.latest)}`)),
        waitMillis,
      );
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

  /** Waits for so many responses altogether, and gives the last of them. */
  async response(count: number): Promise<RawResponse> {
    await this.until(() => this.responses.length >= count);
    return this.responses[count - 1]!;
  }

  /** Waits for the end with an error, and gives its code. */
  async refusal(): Promise<number | undefined> {
    await this.until(() => this.error !== undefined);
    return this.error?.code;
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }
}
