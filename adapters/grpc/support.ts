import type { SupportTable } from '../../src/adapter/contract.ts';

/** What gRPC clients do with each feature of the model. Access, rate limits and tokens are the matter of the server's sidecar. */
export const support: SupportTable = {
  'http-routing': {
    level: 'approximate',
    how: 'gRPC calls to HTTP ports; clients look at the method, at metadata and at nothing else of a request',
  },
  'tcp-routing': { level: 'none', why: 'gRPC clients make calls, not connections' },
  'udp-routing': { level: 'none', why: 'gRPC clients make calls, not datagrams' },
  'weighted-split': { level: 'exact' },
  'split-with-matches': { level: 'exact' },
  'match-path-regex': { level: 'exact' },
  'match-method': { level: 'exact' },
  'match-header-regex': {
    level: 'approximate',
    how: 'metadata that the program sets is matched; not -bin keys, nor headers that gRPC adds when it sends (user-agent, te, grpc-timeout)',
  },
  'failed-distribution': { level: 'exact' },
  'mutual-tls': {
    level: 'approximate',
    how: 'a server may prove any identity that serves the port, not only its own; programs have to use xDS credentials',
  },
  'access-identity': { level: 'exact' },
  'access-pods': { level: 'exact' },
  'access-federated': { level: 'exact' },
  'access-http': { level: 'exact' },
  'access-port': { level: 'exact' },
  'access-udp': { level: 'none', why: 'gRPC clients make calls, not datagrams' },
  'access-audit': { level: 'exact' },
  'access-allow': { level: 'exact' },
  'client-access': {
    level: 'approximate',
    how: 'calls to a service that lets in none of them are refused by the client; others reach the server, which decides',
  },
  'external-services': { level: 'exact' },
  'outbound-passthrough': {
    level: 'none',
    why: 'a name that no Service has does not resolve; dns:/// targets do not ask',
  },
  'outbound-registry-only': {
    level: 'approximate',
    how: 'a name that no Service has does not resolve; other targets than xds:/// do not ask',
  },
  'plain-workloads': {
    level: 'approximate',
    how: 'endpoints without a sidecar get their part of the calls by their number among the ready ones',
  },
  'request-timeouts': { level: 'approximate', how: 'timeouts.request only' },
  retries: {
    level: 'approximate',
    how: 'only where methods name POST, on the conditions that begin with grpc, at most five tries in all, without a budget; calls that no server has seen are repeated by gRPC itself',
  },
  'fault-injection': { level: 'exact' },
  mirroring: { level: 'none', why: 'gRPC clients do not mirror' },
  'header-edits': { level: 'none', why: 'gRPC clients do not edit metadata' },
  'debug-routing': { level: 'none', why: 'not written for gRPC' },
  'load-balancing': {
    level: 'approximate',
    how: 'roundRobin and ringHash; maglev is a ring, leastRequest and ewma are least request where the library has it, otherwise round robin as is random; no cookies, no panic threshold',
  },
  locality: { level: 'none', why: 'endpoints carry their locality; gRPC clients spread calls over all of them' },
  'connect-timeout': { level: 'none', why: 'gRPC has its own' },
  'circuit-breaking': { level: 'approximate', how: 'circuitBreaker.requests only' },
  'outlier-detection': {
    level: 'approximate',
    how: 'by the share of calls that failed, where a policy gives successRate; not by failures in a row, and without probes',
  },
  'health-checks': { level: 'none', why: 'the readiness of endpoints is what clients know of them' },
  'rate-limits': { level: 'exact' },
  'end-user-authentication': { level: 'exact' },
  'tls-permissive': { level: 'exact' },
  'tls-off': { level: 'exact' },
  'http2-programs': { level: 'exact' },
  'metrics-none': { level: 'exact' },
  tracing: { level: 'none', why: 'xDS tells gRPC clients nothing of traces; programs report them' },
  'tracing-kept': { level: 'none', why: 'xDS tells gRPC clients nothing of traces' },
  'tracing-b3': { level: 'none', why: 'xDS tells gRPC clients nothing of traces' },
};
