import type { SupportTable } from '../../src/adapter/contract.ts';

const elsewhere =
  'the API has no access control (GEP-3779 is none yet): the mesh is refused unless the option access: elsewhere says who has';
const traces = 'XTelemetryPolicy is for Gateways, not for Services';
const endpoints = 'routes say nothing of endpoints';

/** What routes that are attached to Services can say of each feature of the model. */
export const support: SupportTable = {
  'http-routing': {
    level: 'approximate',
    how: 'Services with a cluster IP; how implementations normalise a path, and how a Service is told from the authority or the address, is theirs; gRPC is HTTP unless the option grpc: GRPCRoute is given',
  },
  'tcp-routing': { level: 'exact' },
  'udp-routing': { level: 'exact' },
  'weighted-split': {
    level: 'approximate',
    how: '16 backends, and weights up to 1,000,000 each',
    reported: true,
  },
  'split-with-matches': {
    level: 'approximate',
    how: 'a match of one split is repeated where precedence would prefer another',
    reported: true,
  },
  'client-rules': { level: 'approximate', how: 'for the clients of a namespace', reported: true },
  'match-path-regex': {
    level: 'approximate',
    how: 'Exact and PathPrefix where they mean the same, else RegularExpression, which is up to implementations, up to 1024 characters',
    reported: true,
  },
  'match-method': { level: 'approximate', how: 'the nine methods of the API', reported: true },
  'match-header-regex': {
    level: 'approximate',
    how: 'Exact where it means the same, else RegularExpression, which is up to implementations; the host as header host',
    reported: true,
  },
  'failed-distribution': { level: 'approximate', how: '500 instead of 503', reported: true },
  'mutual-tls': { level: 'none', why: 'how workloads prove who they are is up to the implementation' },
  'access-identity': { level: 'none', why: elsewhere },
  'access-pods': { level: 'none', why: elsewhere },
  'access-federated': { level: 'none', why: elsewhere },
  'access-http': { level: 'none', why: elsewhere },
  'access-port': { level: 'none', why: elsewhere },
  'access-udp': { level: 'none', why: elsewhere },
  'access-audit': { level: 'none', why: elsewhere },
  'access-allow': { level: 'exact' },
  'client-access': { level: 'none', why: elsewhere },
  'external-services': {
    level: 'approximate',
    how: 'the Service stays as it is; no route may be attached to it, so that policies for it are lost',
  },
  'outbound-passthrough': { level: 'none', why: 'what happens to other hosts is up to the implementation' },
  'outbound-registry-only': { level: 'none', why: 'what happens to other hosts is up to the implementation' },
  'plain-workloads': { level: 'none', why: 'who is in the mesh is up to the implementation' },
  'request-timeouts': {
    level: 'approximate',
    how: 'request; perTry up to the end of an answer; idle is lost',
    reported: true,
  },
  retries: {
    level: 'approximate',
    how: 'statuses, attempts and the first pause; always where no connection was possible; reset, budgets and the longest pause are lost',
    reported: true,
  },
  'fault-injection': { level: 'none', why: 'the API injects no faults' },
  mirroring: { level: 'exact' },
  'header-edits': { level: 'approximate', how: '16 of each action, printable ASCII', reported: true },
  'debug-routing': { level: 'none', why: 'no match refers to backends' },
  'load-balancing': {
    level: 'approximate',
    how: 'hashOn.cookie as session persistence, with channel: experimental; the implementation sets the cookie and chooses the algorithm',
  },
  locality: { level: 'none', why: endpoints },
  'connect-timeout': { level: 'none', why: endpoints },
  'circuit-breaking': { level: 'none', why: endpoints },
  'outlier-detection': { level: 'none', why: endpoints },
  'health-checks': { level: 'none', why: endpoints },
  'rate-limits': { level: 'none', why: 'the API limits no rates' },
  'end-user-authentication': { level: 'none', why: elsewhere },
  'tls-permissive': { level: 'none', why: 'how workloads prove who they are is up to the implementation' },
  'tls-off': { level: 'none', why: 'how workloads prove who they are is up to the implementation' },
  'http2-programs': { level: 'approximate', how: 'the appProtocol of the Service, which stays as it is, says so' },
  'metrics-none': { level: 'none', why: 'the API says nothing of metrics' },
  tracing: { level: 'none', why: traces },
  'tracing-kept': { level: 'none', why: traces },
  'tracing-b3': { level: 'none', why: traces },
};
