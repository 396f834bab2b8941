import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import protobuf from 'protobufjs';

const deps = resolve('node_modules/@grpc/grpc-js-xds/deps');
const includes = [
  ...['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds'].map((name) => join(deps, name)),
  resolve('node_modules/protobufjs'),
];

const root = new protobuf.Root();
root.resolvePath = (_, target) => includes.map((folder) => join(folder, target)).find(existsSync) ?? target;
root.loadSync('envoy/service/accesslog/v3/als.proto');
const messages = root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage');

/** What Envoy sends: the bytes of a `StreamAccessLogsMessage`. */
export function encodeMessage(message: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(messages.encode(messages.fromObject(message)).finish());
}

export const address = (host: string, port: number) => ({ socketAddress: { address: host, portValue: port } });

const text = (value: string) => ({ stringValue: value });

/** The metadata in which access control notes what it found. */
export const noted = (found: Readonly<Record<string, string>>, filter = 'envoy.filters.http.rbac') => ({
  filterMetadata: {
    other: { fields: { ignored: text('x') } },
    [filter]: { fields: Object.fromEntries(Object.entries(found).map(([key, value]) => [key, text(value)])) },
  },
});
