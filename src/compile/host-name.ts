import { isIP } from 'node:net';

const labels = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** Whether a text is the name of a host in lower case (RFC 1123), and not an address. */
export function isHostName(text: string): boolean {
  return labels.test(text) && isIP(text) === 0;
}
