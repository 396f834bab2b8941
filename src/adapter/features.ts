/** What a model can ask of a target. Adding a feature breaks the build until every adapter answers for it. */
export const features = [
  'http-routing',
  'tcp-routing',
  'udp-routing',
  'weighted-split',
  'split-with-matches',
  'match-path-regex',
  'match-method',
  'match-header-regex',
  'failed-distribution',
  'mutual-tls',
  'access-identity',
  'access-pods',
  'access-federated',
  'access-http',
  'access-port',
  'access-udp',
  'access-audit',
  'access-allow',
  'client-access',
  'plain-workloads',
] as const;

export type Feature = (typeof features)[number];
