import { createHash } from 'node:crypto';
import protobuf from 'protobufjs';
import { lasting } from '../lib/lasting-bytes.ts';
import type { Batch } from './subscription.ts';
import type { XdsResource } from './view.ts';

/** Lengths of the protobuf wire type 2. */
const tag = (field: number) => (field << 3) | 2;

/** Fields of `google.protobuf.Any`. */
const any = { typeUrl: tag(1), value: tag(2) };
/** Fields of `envoy.service.discovery.v3.Resource`. */
const deltaResource = { version: tag(1), resource: tag(2), name: tag(3) };
/** Fields of `envoy.service.discovery.v3.DeltaDiscoveryResponse`. */
const deltaResponse = { resources: tag(2), typeUrl: tag(4), nonce: tag(5), removedResources: tag(6) };
/** Fields of `envoy.service.discovery.v3.DiscoveryResponse`. */
const sotwResponse = { versionInfo: tag(1), resources: tag(2), typeUrl: tag(4), nonce: tag(5) };

/** A resource is encoded once for all the streams that it goes to. */
const deltaFields = new WeakMap<XdsResource, Uint8Array>();
const sotwFields = new WeakMap<XdsResource, Uint8Array>();
const digests = new WeakMap<XdsResource, Uint32Array>();
/** And so is a list of resources that several streams get. */
const sotwLists = new WeakMap<readonly XdsResource[], { readonly version: string; readonly fields: Uint8Array }>();

export function encodeDelta({ typeUrl, nonce, resources, removed }: Batch): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32(deltaResponse.typeUrl).string(typeUrl).uint32(deltaResponse.nonce).string(nonce);
  for (const name of removed) writer.uint32(deltaResponse.removedResources).string(name);
  return Buffer.concat([...resources.map(deltaField), writer.finish()]);
}

export function encodeSotw({ typeUrl, nonce, resources }: Batch): Buffer {
  let list = sotwLists.get(resources);
  if (list === undefined) {
    list = { version: stateVersion(resources), fields: Buffer.concat(resources.map(sotwField)) };
    sotwLists.set(resources, list);
  }
  const writer = protobuf.Writer.create();
  writer.uint32(sotwResponse.versionInfo).string(list.version);
  writer.uint32(sotwResponse.typeUrl).string(typeUrl).uint32(sotwResponse.nonce).string(nonce);
  return Buffer.concat([list.fields, writer.finish()]);
}

/** A version for a set of resources: the same set has the same version whatever its order and whoever computed it. */
export function stateVersion(resources: readonly XdsResource[]): string {
  const sum = new Uint32Array(4);
  for (const resource of resources) {
    const digest = digestOf(resource);
    for (let index = 0; index < sum.length; index += 1) sum[index]! ^= digest[index]!;
  }
  return Buffer.from(sum.buffer).toString('base64url');
}

function digestOf(resource: XdsResource): Uint32Array {
  let digest = digests.get(resource);
  if (digest === undefined) {
    const bytes = createHash('sha256').update(`${resource.name}\0${resource.version}`).digest();
    digest = new Uint32Array(Uint8Array.prototype.slice.call(bytes, 0, 16).buffer);
    digests.set(resource, digest);
  }
  return digest;
}

function deltaField(resource: XdsResource): Uint8Array {
  let bytes = deltaFields.get(resource);
  if (bytes === undefined) {
    const { name, version } = resource;
    const writer = protobuf.Writer.create();
    writer.uint32(deltaResponse.resources).fork();
    writer.uint32(deltaResource.version).string(version).uint32(deltaResource.name).string(name);
    writeAny(writer.uint32(deltaResource.resource).fork(), resource).ldelim();
    bytes = lasting(writer.ldelim().finish());
    deltaFields.set(resource, bytes);
  }
  return bytes;
}

function sotwField(resource: XdsResource): Uint8Array {
  let bytes = sotwFields.get(resource);
  if (bytes === undefined) {
    const writer = protobuf.Writer.create();
    bytes = lasting(writeAny(writer.uint32(sotwResponse.resources).fork(), resource).ldelim().finish());
    sotwFields.set(resource, bytes);
  }
  return bytes;
}

function writeAny(writer: protobuf.Writer, { typeUrl, body }: XdsResource): protobuf.Writer {
  return writer.uint32(any.typeUrl).string(typeUrl).uint32(any.value).bytes(body);
}
