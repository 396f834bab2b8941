import type { Socket } from 'node:net';
import { canonicalIp } from '../../lib/ip-address.ts';
import { err, ok, type Result } from '../../lib/result.ts';

/** Where a program connected to before its connection was redirected. */
export interface Destination {
  /** In canonical form. */
  readonly address: string;
  readonly port: number;
}

/** Undefined when the system does not say: the connection is gone, or nothing keeps track of it. */
export type DestinationReader = (socket: Socket) => Destination | undefined;

/** Numbers of Linux, for every processor: `SO_ORIGINAL_DST` and `IP6T_SO_ORIGINAL_DST` at `SOL_IP` and `SOL_IPV6`. */
const originalDestination = 80;
const levels = { ipv4: 0, ipv6: 41 } as const;
/** `AF_INET` and `AF_INET6` as they stand in a `sockaddr`. */
const families = { 2: 'ipv4', 10: 'ipv6' } as const;
/** Size of `struct sockaddr_in6`, the larger of the two. */
const addressBytes = 28;

/**
 * Loads what asks Linux for the original destination of redirected connections. Node has no such call: it takes the package
 * `koffi`, which nobody needs who does not intercept. The error is a sentence with the way out.
 */
export async function loadDestinationReader(): Promise<Result<DestinationReader, string>> {
  if (process.platform !== 'linux')
    return err(`connections are intercepted on Linux only, this is ${process.platform}`);
  try {
    const { default: koffi } = await import('koffi');
    const getsockopt = koffi
      .load(null)
      .func('int getsockopt(int fd, int level, int option, void *value, void *length)') as Getsockopt;
    return ok(readerBy(getsockopt));
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0];
    return err(`interception needs the package koffi with its binary for this machine: ${reason}`);
  }
}

type Getsockopt = (fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array) => number;

function readerBy(getsockopt: Getsockopt): DestinationReader {
  const value = Buffer.alloc(addressBytes);
  const length = Buffer.alloc(4);
  return (socket) => {
    const fd = descriptorOf(socket);
    if (fd === undefined) return undefined;
    // A socket for both stacks shows IPv4 as mapped addresses and answers by the level of IPv4.
    const mapped = socket.remoteFamily === 'IPv4' || socket.remoteAddress?.startsWith('::ffff:') === true;
    const level = mapped ? levels.ipv4 : levels.ipv6;
    new Uint32Array(length.buffer, length.byteOffset, 1)[0] = addressBytes;
    return getsockopt(fd, level, originalDestination, value, length) === 0 ? parse(value) : undefined;
  };
}

/** Node keeps it to itself; libuv's handle shows it where descriptors are numbers. */
function descriptorOf(socket: Socket): number | undefined {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fd;
}

/** Reads a `sockaddr`. The family is in the order of the machine's bytes and below 256. */
function parse(value: Buffer): Destination | undefined {
  const family = families[(value[0]! | value[1]!) as keyof typeof families];
  const port = value.readUInt16BE(2);
  if (family === 'ipv4') return { address: value.subarray(4, 8).join('.'), port };
  if (family === undefined) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => value.readUInt16BE(8 + 2 * index).toString(16));
  const address = canonicalIp(groups.join(':'));
  return address === undefined ? undefined : { address, port };
}
