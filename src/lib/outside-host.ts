const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
/** 1 to 223 without 127 and 169. */
const ordinaryOctet = '(?:[1-9]|[1-9][0-9]|1(?:[013-5789][0-9]|2[0-689]|6[0-8])|2(?:[01][0-9]|2[0-3]))';
const ipv4 = `(?:${ordinaryOctet}\\.${octet}|169\\.(?:25[0-35]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9]))(?:\\.${octet}){2}`;
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';

/**
 * Authorities that can mean a host outside the mesh on a port, lower case, in the syntax of RE2: names of two labels or
 * more, and IPv4 addresses that are neither local nor of many hosts. Without a port they mean 80 (RFC 9110 section 4.2.1).
 */
export function outsideAuthorities(port: number): string {
  return `(?:(?:${label}\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?|${ipv4})(?::${port})${port === 80 ? '?' : ''}`;
}

/** Names that stand for the machine itself (RFC 6761 section 6.3), in the same syntax. */
export const localAuthorities = '(?:.*\\.)?localhost(?::[0-9]+)?';

/** Reads the authority of a request to a port: the host outside the mesh that it means, or `undefined`. */
export function outsideHostReader(port: number): (authority: string) => string | undefined {
  const outside = new RegExp(`^${outsideAuthorities(port)}$`);
  const local = new RegExp(`^${localAuthorities}$`);
  return (authority) => {
    if (!outside.test(authority) || local.test(authority)) return undefined;
    const colon = authority.lastIndexOf(':');
    return colon < 0 ? authority : authority.slice(0, colon);
  };
}
