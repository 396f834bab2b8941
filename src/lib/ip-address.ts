import { isIPv4, isIPv6 } from 'node:net';

/** IPv4 addresses as IPv6 sockets show them (RFC 4291 section 2.5.5.2). */
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The one spelling of an IP address: dotted IPv4, also where it was mapped into IPv6, and IPv6 in RFC 5952 form without
 * zone. `undefined` for anything else.
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const ipv4 = mapped.exec(text)?.[1];
  if (ipv4 !== undefined) return isIPv4(ipv4) ? ipv4 : undefined;
  if (!isIPv6(text)) return undefined;
  const [address = ''] = text.split('%');
  const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  return canonicalMapped(spelled) ?? spelled;
}

/** `::ffff:a00:1` is `10.0.0.1`. */
function canonicalMapped(address: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const value = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}
