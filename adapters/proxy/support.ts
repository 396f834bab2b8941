import type { SupportTable } from '../../src/adapter/contract.ts';

/** What our own proxy does with each feature of the model. */
export const support: SupportTable = {
  'http-routing': { level: 'exact' },
  'tcp-routing': { level: 'exact' },
  'udp-routing': { level: 'none', why: 'UDP is not carried' },
  'weighted-split': { level: 'exact' },
  'split-with-matches': { level: 'exact' },
  'match-path-regex': { level: 'exact' },
  'match-method': { level: 'exact' },
  'match-header-regex': { level: 'exact' },
  'failed-distribution': { level: 'exact' },
  'mutual-tls': { level: 'exact' },
  'access-identity': { level: 'exact' },
  'access-pods': { level: 'exact' },
  'access-federated': {
    level: 'none',
    why: 'only the roots of the own trust domain are trusted, so nobody can prove it',
  },
  'access-http': { level: 'exact' },
  'access-port': { level: 'exact' },
  'access-udp': { level: 'none', why: 'UDP is not carried' },
  'access-audit': { level: 'exact' },
  'access-allow': { level: 'exact' },
  'client-access': { level: 'exact' },
  'plain-workloads': { level: 'exact' },
};
