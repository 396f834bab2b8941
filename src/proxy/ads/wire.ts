import { Client, type ClientDuplexStream, type ClientOptions, connectivityState, credentials } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import type { DeltaDiscoveryRequest } from '../../../generated/types/discovery/envoy/service/discovery/v3/DeltaDiscoveryRequest.ts';
import { loadDescriptor } from '../../lib/descriptors.ts';
import { peerSpiffeId } from '../../lib/spiffe.ts';
import type { BootstrapSecret, ProxyBootstrap } from '../bootstrap.ts';

/** What we read of a DeltaDiscoveryResponse. */
export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    /** A google.protobuf.Any; protobufjs keeps the names of its fields as they are in the source. */
    readonly resource: { readonly type_url: string; readonly value: Uint8Array } | null;
  }[];
  readonly removedResources: readonly string[];
}

export type DeltaStream = ClientDuplexStream<DeltaDiscoveryRequest, DeltaResponse>;

export interface Channel {
  open(): DeltaStream;
  /** Whether there is a connection now. */
  readonly connected: boolean;
  close(): void;
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

const options: ClientOptions = {
  'grpc.ssl_target_name_override': 'control-plane',
  'grpc.default_authority': 'control-plane',
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.enable_retries': 0,
};

/** A connection to the control plane: mutual TLS, and the server must have the SPIFFE id that the bootstrap names. */
export function connect(server: NonNullable<ProxyBootstrap['ads']>, secret: BootstrapSecret): Channel {
  const tls = credentials.createSsl(
    Buffer.from(secret.trustBundle),
    Buffer.from(secret.privateKey),
    Buffer.from(secret.certificateChain),
    {
      checkServerIdentity: (_host, certificate) =>
        peerSpiffeId(certificate.subjectaltname) === server.serverIdentity
          ? undefined
          : new Error('the control plane has another identity'),
    },
  );
  const host = server.address.includes(':') ? `[${server.address}]` : server.address;
  const client = new Client(`${host}:${server.port}`, tls, options);
  const discovery = loadDescriptor('discovery');
  const request = discovery.lookupType('envoy.service.discovery.v3.DeltaDiscoveryRequest');
  const response = discovery.lookupType('envoy.service.discovery.v3.DeltaDiscoveryResponse');
  return {
    open: () => client.makeBidiStreamRequest(path, encoder(request), decoder(response)),
    get connected() {
      return client.getChannel().getConnectivityState(false) === connectivityState.READY;
    },
    close: () => client.close(),
  };
}

function encoder(type: protobuf.Type): (message: DeltaDiscoveryRequest) => Buffer {
  return (message) => Buffer.from(type.encode(type.fromObject(message)).finish());
}

function decoder(type: protobuf.Type): (bytes: Buffer) => DeltaResponse {
  return (bytes) => type.toObject(type.decode(bytes), { defaults: true, arrays: true }) as DeltaResponse;
}
