import type { Origin } from '../../../src/diagnostics/origin.ts';

/** A protobuf message as proto JSON: lowerCamelCase fields, enums by name, durations as text. */
export type Message = Readonly<Record<string, unknown>>;

/** A message inside `google.protobuf.Any`. */
export function any(type: string, message: Message): Message {
  return { '@type': `type.googleapis.com/${type}`, ...message };
}

/** Milliseconds as proto JSON says them. */
export function duration(millis: number): string {
  return `${millis / 1_000}s`;
}

/** That a resource comes over the stream that everything comes over. */
export const ads: Message = { ads: {}, resourceApiVersion: 'V3' };

/** What an HTTP connection manager says to take flows of datagrams as streams of HTTP/2, and nothing else. */
export const connectUdp: Message = {
  codecType: 'HTTP2',
  http2ProtocolOptions: { allowConnect: true },
  upgradeConfigs: [{ upgradeType: 'CONNECT-UDP' }],
};

export function socketAddress(address: string, port: number): Message {
  return { socketAddress: { address, portValue: port } };
}

/** The range that holds one address. */
export function cidr(address: string): Message {
  return { addressPrefix: address, prefixLen: address.includes(':') ? 128 : 32 };
}

/** Where a resource comes from, as Envoy's admin endpoint and access logs can show it: object and field, never a line. */
export function originMetadata(origins: readonly Origin[], more: Message = {}): { readonly metadata?: Message } {
  if (origins.length === 0) return {};
  const places = origins.map(({ object, path }) => ({ object, path }));
  return { metadata: { filterMetadata: { 'smi-mesh': { origins: places, ...more } } } };
}
