import type { Protocol } from './types.ts';

/** A TCP and a UDP port under one number are two ports. */
export type Transport = 'tcp' | 'udp';

export function transportOf(protocol: Protocol): Transport {
  return protocol === 'udp' ? 'udp' : 'tcp';
}

/** What stands for a port of a service: the number, with `/udp` behind it for a UDP port. */
export function portKey(port: number, transport: Transport = 'tcp'): string {
  return transport === 'udp' ? `${port}/udp` : String(port);
}

/** Reads what `portKey` wrote. */
export function parsePortKey(key: string): { readonly port: number; readonly transport: Transport } {
  const udp = key.endsWith('/udp');
  return { port: Number(udp ? key.slice(0, -'/udp'.length) : key), transport: udp ? 'udp' : 'tcp' };
}

/** The port of a service or of a workload with this number. */
export function findPort<P extends { readonly port: number; readonly protocol: Protocol }>(
  ports: readonly P[],
  port: number,
  transport: Transport = 'tcp',
): P | undefined {
  return ports.find((candidate) => candidate.port === port && transportOf(candidate.protocol) === transport);
}

/** By number; of one number TCP first. */
export function comparePorts(
  a: { readonly port: number; readonly protocol: Protocol },
  b: { readonly port: number; readonly protocol: Protocol },
): number {
  return a.port - b.port || (transportOf(a.protocol) < transportOf(b.protocol) ? -1 : 1);
}
