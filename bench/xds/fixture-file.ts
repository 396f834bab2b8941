import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import protobuf from 'protobufjs';
import { loadDescriptor } from '../../src/lib/descriptors.ts';
import { resourceVersion, type XdsResource } from '../../src/xds/index.ts';

/** The types that the benchmark serves, in the order in which clients ask for them; the program in Go has the same list. */
export const servedTypes: readonly string[] = [
  'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  'type.googleapis.com/envoy.config.listener.v3.Listener',
  'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
];

export type Variant = 'a' | 'b';

/** A resource, and which variant of it this is. */
export interface FixtureResource {
  readonly variant: Variant;
  readonly resource: Pick<XdsResource, 'typeUrl' | 'name' | 'body'>;
}

/** The file is a sequence of `Resource` messages, each with its length before it and the variant as its version. */
export function writeFixtureFile(path: string, resources: Iterable<FixtureResource>): void {
  const type = resourceType();
  const file = openSync(path, 'w');
  for (const { variant, resource } of resources) {
    const { name, typeUrl, body } = resource;
    const message = { name, version: variant, resource: { type_url: typeUrl, value: body } };
    writeSync(file, type.encodeDelimited(message).finish());
  }
  closeSync(file);
}

export function readFixture(path: string): readonly { readonly variant: Variant; readonly resource: XdsResource }[] {
  const reader = protobuf.Reader.create(readFileSync(path));
  const type = resourceType();
  const found: { readonly variant: Variant; readonly resource: XdsResource }[] = [];
  while (reader.pos < reader.len) {
    const { name, version, resource } = type.decodeDelimited(reader) as unknown as {
      readonly name: string;
      readonly version: Variant;
      readonly resource: { readonly type_url: string; readonly value: Uint8Array };
    };
    const body = Uint8Array.from(resource.value);
    found.push({
      variant: version,
      resource: { typeUrl: resource.type_url, name, version: resourceVersion(body), body },
    });
  }
  return found;
}

function resourceType(): protobuf.Type {
  return loadDescriptor('discovery').lookupType('envoy.service.discovery.v3.Resource');
}
