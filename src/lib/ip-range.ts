import { isIP } from 'node:net';
import { canonicalIp } from './ip-address.ts';

/** Addresses that begin with the same bits. */
export interface IpRange {
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefix: number;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or one address; `undefined` for anything else. */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const canonical = address.includes('%') ? undefined : canonicalIp(address);
  if (canonical === undefined || more.length > 0) return undefined;
  const family = isIP(canonical) === 4 ? 4 : 6;
  const longest = family === 4 ? 32 : 128;
  if (bits === undefined) return { family, address: canonical, prefix: longest };
  // The prefix of an IPv4 address that is spelled as IPv6 counts other bits.
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > longest || isIP(address) !== family) return undefined;
  return { family, address: canonical, prefix: Number(bits) };
}

export function formatIpRange({ address, prefix }: IpRange): string {
  return `${address}/${prefix}`;
}
