import type { ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { loadDescriptor } from '../lib/descriptors.ts';
import type { NodeInfo } from './contract.ts';
import type { DeltaRequest } from './stream-state.ts';
import type { Batch } from './subscription.ts';
import type { XdsResource } from './view.ts';

/** A request with the node that sends it, which must be named only in the first one of a stream. */
export interface WireRequest extends DeltaRequest {
  readonly node: NodeInfo | undefined;
}

const encoded = new WeakMap<XdsResource, Uint8Array>();

/** The delta half of `envoy.service.discovery.v3.AggregatedDiscoveryService`. */
export function deltaService(): ServiceDefinition<Record<'DeltaAggregatedResources', never>> {
  const root = loadDescriptor('discovery');
  const request = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryRequest');
  const response = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryResponse');
  const resource = root.lookupType('envoy.service.discovery.v3.Resource');
  return {
    DeltaAggregatedResources: {
      path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      requestStream: true,
      responseStream: true,
      requestSerialize: () => unused(),
      requestDeserialize: (bytes: Buffer) => readRequest(request, bytes),
      responseSerialize: (batch: Batch) => writeBatch(response, resource, batch),
      responseDeserialize: () => unused(),
    },
  } as ServiceDefinition<Record<'DeltaAggregatedResources', never>>;
}

function unused(): never {
  throw new Error('a server neither writes requests nor reads responses');
}

function readRequest(type: protobuf.Type, bytes: Buffer): WireRequest {
  const message = type.toObject(type.decode(bytes), { defaults: true, arrays: true, objects: true }) as {
    node: WireNode | null;
    typeUrl: string;
    resourceNamesSubscribe: string[];
    resourceNamesUnsubscribe: string[];
    initialResourceVersions: Record<string, string>;
    responseNonce: string;
    errorDetail: { message?: string } | null;
  };
  const { errorDetail } = message;
  return {
    node: message.node === null ? undefined : readNode(message.node),
    typeUrl: message.typeUrl,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: message.initialResourceVersions,
    nonce: message.responseNonce,
    ...(errorDetail === null ? {} : { error: errorDetail.message ?? '' }),
  };
}

type WireNode = Omit<NodeInfo, 'metadata'> & { readonly metadata: WireStruct | null };
type WireStruct = { readonly fields: Readonly<Record<string, WireValue>> };
type WireValue = {
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: WireStruct;
  readonly listValue?: { readonly values: readonly WireValue[] };
};

function readNode({ id, cluster, userAgentName, userAgentVersion = '', metadata }: WireNode): NodeInfo {
  return { id, cluster, userAgentName, userAgentVersion, metadata: metadata === null ? {} : readStruct(metadata) };
}

function readStruct({ fields }: WireStruct): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, readValue(value)]));
}

function readValue({ numberValue, stringValue, boolValue, structValue, listValue }: WireValue): unknown {
  if (structValue !== undefined) return readStruct(structValue);
  if (listValue !== undefined) return listValue.values.map(readValue);
  return numberValue ?? stringValue ?? boolValue ?? null;
}

/** The fields are written in place, so that a resource is encoded once for all the streams that it goes to. */
function writeBatch(type: protobuf.Type, resourceType: protobuf.Type, batch: Batch): Buffer {
  const writer = protobuf.Writer.create();
  const field = (name: string) => writer.uint32((type.fields[name]!.id << 3) | 2);
  for (const resource of batch.resources) field('resources').bytes(encodeResource(resourceType, resource));
  field('typeUrl').string(batch.typeUrl);
  field('nonce').string(batch.nonce);
  for (const name of batch.removed) field('removedResources').string(name);
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function encodeResource(type: protobuf.Type, resource: XdsResource): Uint8Array {
  let bytes = encoded.get(resource);
  if (bytes === undefined) {
    const { name, version, typeUrl, body } = resource;
    bytes = type.encode(type.fromObject({ name, version, resource: { type_url: typeUrl, value: body } })).finish();
    encoded.set(resource, bytes);
  }
  return bytes;
}
