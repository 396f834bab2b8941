import type { SupportTable } from '../../src/adapter/contract.ts';

/** What Envoy does with each feature of the model. */
export const support: SupportTable = {
  'http-routing': { level: 'exact' },
  'tcp-routing': { level: 'exact' },
  'udp-routing': {
    level: 'approximate',
    how: 'endpoints without a sidecar get datagrams only where no endpoint of the service has one, and not of a split',
  },
  'weighted-split': { level: 'exact' },
  'split-with-matches': { level: 'exact' },
  'client-rules': { level: 'exact' },
  'match-path-regex': { level: 'exact' },
  'match-method': { level: 'exact' },
  'match-header-regex': { level: 'exact' },
  'failed-distribution': { level: 'exact' },
  'mutual-tls': { level: 'exact' },
  'access-identity': { level: 'exact' },
  'access-pods': { level: 'exact' },
  'access-federated': { level: 'exact' },
  'access-http': { level: 'exact' },
  'access-port': { level: 'exact' },
  'access-udp': { level: 'exact' },
  'access-audit': { level: 'exact' },
  'access-allow': { level: 'exact' },
  'client-access': { level: 'exact' },
  'external-services': { level: 'exact' },
  'outbound-passthrough': {
    level: 'approximate',
    how: 'without redirection HTTP requests at ports that a Service has go to the host that their authority names, which Envoy does not keep from leading back to itself by DNS, and nothing else passes the sidecar; with it, pods that no headless Service has are called in plain text',
  },
  'outbound-registry-only': {
    level: 'approximate',
    how: 'HTTP requests at ports that a Service has are refused; what goes to other ports passes the sidecar only with the option `interception`',
  },
  'plain-workloads': { level: 'exact' },
  'request-timeouts': {
    level: 'approximate',
    how: 'the next hop is told the whole limit, or what the caller said, and not what is left of it',
  },
  retries: {
    level: 'approximate',
    how: "the budget is a share of the requests under way at a backend, with minPerSecond as the number of retries under way that are always allowed, and the window is ignored; it is that of the backend's own policies without matches; of a policy with circuitBreaker.retries only that number counts; reset includes perTryTimeout, which does nothing alone; a server's pushback is waited for by Retry-After in seconds only",
  },
  'fault-injection': { level: 'exact' },
  mirroring: {
    level: 'approximate',
    how: 'requests that a fault aborts are not copied; a copy without an answer lasts as long as its connection, and copies under way are bounded by the circuit breaker of their Service alone',
  },
  'header-edits': {
    level: 'approximate',
    how: 'answers of Envoy itself that stand for those of a server are edited too',
  },
  'debug-routing': { level: 'exact' },
  'load-balancing': {
    level: 'approximate',
    how: 'ewma is leastRequest; where locality counts, panicPercent does so only when all places together cannot carry the load; backends of one split that hash on different things have one key of all of them; an address is that of X-Forwarded-For where a program sends it',
  },
  locality: { level: 'exact' },
  'connect-timeout': { level: 'exact' },
  'circuit-breaking': {
    level: 'approximate',
    how: 'requests that wait for a connection that is being opened count as pending, of which at least 1 is allowed; each endpoint may have one connection in any case',
  },
  'outlier-detection': {
    level: 'approximate',
    how: "an endpoint returns without a probe, and probePath is ignored; the word of a server's sidecar that it has too much to do counts as a failure; ejections in a row grow by their number and do not double; the success rate counts every 5xx as a failure, and its percent is met by what equals it",
  },
  'health-checks': { level: 'approximate', how: 'an endpoint that was not checked yet counts as unhealthy' },
  'rate-limits': {
    level: 'approximate',
    how: 'a request that one of several limits refuses counts for those before it, and plain callers of a permissive port have counters of their own',
  },
  'end-user-authentication': {
    level: 'approximate',
    how: 'while the keys of an issuer cannot be had, its tokens are answered 401 and not 503',
  },
  'tls-permissive': { level: 'exact' },
  'tls-off': { level: 'exact' },
  'http2-programs': { level: 'exact' },
  'metrics-none': { level: 'exact' },
  tracing: { level: 'exact' },
  'tracing-kept': { level: 'none', why: 'its tracer decides when a request begins, before it can fail or be slow' },
  'tracing-b3': {
    level: 'approximate',
    how: 'a context is read from several headers where they say whether it is sampled, not from the single one; B3 goes on as it came, beside a traceparent',
  },
};
