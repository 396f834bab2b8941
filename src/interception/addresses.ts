import { readFileSync } from 'node:fs';

/** Scopes in /proc/net/if_inet6: addresses of the machine itself, and of its link. */
const nearScopes: readonly (string | undefined)[] = ['10', '20'];

/**
 * What addresses of IPv6 the network has that this process is in: none at all (the kernel has no IPv6, or it is switched off), none
 * beyond its own link, or others.
 */
export function ipv6Addresses(): 'unsupported' | 'link' | 'some' {
  let text: string;
  try {
    text = readFileSync('/proc/net/if_inet6', 'utf8');
  } catch {
    return 'unsupported';
  }
  const scopes = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/)[3]);
  if (scopes.length === 0) return 'unsupported';
  return scopes.some((scope) => !nearScopes.includes(scope)) ? 'some' : 'link';
}
