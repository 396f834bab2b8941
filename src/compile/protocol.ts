import type { Protocol } from '../model/types.ts';

const httpProtocols = new Set(['http', 'http2', 'h2c', 'grpc', 'ws', 'kubernetes.io/h2c', 'kubernetes.io/ws']);

/** Prefixes of port names that say "not HTTP in the clear"; by custom they stand before the first `-`. */
const byteProtocols = new Set([
  'tcp',
  'tls',
  'https',
  'amqp',
  'kafka',
  'ldap',
  'ldaps',
  'mongo',
  'mongodb',
  'mqtt',
  'mysql',
  'nats',
  'postgres',
  'postgresql',
  'redis',
  'smtp',
  'thrift',
  'zookeeper',
]);

/**
 * What is spoken on a TCP port. `appProtocol` decides when it is there: what is not known as HTTP is bytes. Otherwise the
 * port's name up to the first `-`; without any hint the port is HTTP, since that is what SMI's routes speak of.
 */
export function protocolOf(port: { readonly name?: string; readonly appProtocol?: string }): Exclude<Protocol, 'udp'> {
  if (port.appProtocol !== undefined) return httpProtocols.has(port.appProtocol.toLowerCase()) ? 'http' : 'tcp';
  const prefix = (port.name ?? '').toLowerCase().split('-')[0] ?? '';
  return byteProtocols.has(prefix) ? 'tcp' : 'http';
}

const http2Protocols = new Set(['http2', 'h2c', 'grpc', 'kubernetes.io/h2c']);

/** Whether the program behind an HTTP port speaks HTTP/2 with prior knowledge; told as the protocol is. */
export function speaksHttp2(port: { readonly name?: string; readonly appProtocol?: string }): boolean {
  if (port.appProtocol !== undefined) return http2Protocols.has(port.appProtocol.toLowerCase());
  const name = (port.name ?? '').toLowerCase();
  // gRPC-Web is made for HTTP/1.1.
  return http2Protocols.has(name.split('-')[0] ?? '') && name !== 'grpc-web' && !name.startsWith('grpc-web-');
}
