import type { SupportTable } from '../../src/adapter/index.ts';

const datagrams = "Istio's sidecars take no datagrams: they reach pods as if there were no mesh, and nobody is asked";
const elsewhere = 'the Telemetry resources of the installation say so';

/**
 * What Istio (API v1 as of 1.32, sidecars) does with each feature of the model. Where routes of Gateway API say less than
 * VirtualService, the entry or a loss says so.
 */
export const support: SupportTable = {
  'http-routing': {
    level: 'approximate',
    how: 'a request goes by its authority, wherever its connection leads; paths without normal form are not answered 400, and pathNormalization of the mesh has to be DECODE_AND_MERGE_SLASHES; with routes: gateway-api, gRPC is HTTP unless the option grpc: GRPCRoute is given',
  },
  'tcp-routing': { level: 'exact' },
  'udp-routing': { level: 'none', why: datagrams },
  'weighted-split': {
    level: 'approximate',
    how: 'shares are exact while the weights, divided by what they have in common, fit into 32 bits; with routes: gateway-api, 16 backends, and weights up to 1,000,000 each',
    reported: true,
  },
  'split-with-matches': {
    level: 'approximate',
    how: 'a match is left out that asks twice for one header, for a header called uri, scheme, method or authority, or by an expression of more than 1,024 characters; with routes: gateway-api, a match of one split is repeated where precedence would prefer another',
    reported: true,
  },
  'client-rules': {
    level: 'approximate',
    how: "by the namespace and the labels of the caller's pods; those that no labels tell from pods of other accounts are left out; with routes: gateway-api, of requests alone, by the namespace of the caller",
    reported: true,
  },
  'match-path-regex': {
    level: 'approximate',
    how: 'of splits as it is (at most 1,024 characters), of policies as access-http says',
    reported: true,
  },
  'match-method': {
    level: 'approximate',
    how: 'with routes: gateway-api, the nine methods of that API, else exact',
    reported: true,
  },
  'match-header-regex': {
    level: 'approximate',
    how: 'of splits as it is (at most 1,024 characters), of policies as access-http says',
    reported: true,
  },
  'failed-distribution': {
    level: 'approximate',
    how: 'with routes: gateway-api, 500 instead of 503, else exact',
    reported: true,
  },
  'mutual-tls': { level: 'exact' },
  'access-identity': {
    level: 'approximate',
    how: 'pods that no labels tell from pods of other accounts let nobody in, nor do ports that only some of the pods have which labels tell from others',
    reported: true,
  },
  'access-pods': { level: 'approximate', how: 'by the addresses that the pods have when it is written' },
  'access-federated': {
    level: 'approximate',
    how: 'the roots of other trust domains are those of the installation (caCertificates)',
  },
  'access-http': {
    level: 'approximate',
    how: 'paths and header values by literals, beginnings, endings and path templates; what is left of an expression is less than it means, or nothing',
    reported: true,
  },
  'access-port': { level: 'exact' },
  'access-udp': { level: 'none', why: datagrams },
  'access-audit': {
    level: 'approximate',
    how: 'policies with istio.io/dry-run, which is experimental: Envoy counts and logs what they would refuse',
  },
  'access-allow': { level: 'exact' },
  'client-access': { level: 'none', why: "only the server's sidecar is asked" },
  'external-services': {
    level: 'approximate',
    how: 'as Istio itself treats Services of type ExternalName; with routes: gateway-api, policies for them are lost',
  },
  'outbound-passthrough': { level: 'approximate', how: 'as outboundTrafficPolicy of the installation says' },
  'outbound-registry-only': {
    level: 'approximate',
    how: 'a Sidecar for each namespace; HTTP requests to nobody are answered 502, not 404',
  },
  'plain-workloads': { level: 'exact' },
  'request-timeouts': {
    level: 'approximate',
    how: 'request and perTry, not idle; the time counts from the end of the request, and the next hop is not told what is left; with routes: gateway-api, perTry with retries alone',
  },
  retries: {
    level: 'approximate',
    how: 'without a budget and without the longest time between tries; reset includes perTryTimeout; where no policy says anything the installation retries twice; with routes: gateway-api, statuses alone, and always where no connection was possible and on gRPC unavailable and cancelled',
  },
  'fault-injection': {
    level: 'approximate',
    how: 'an abort is by its HTTP status, for gRPC too; lost with routes: gateway-api',
  },
  mirroring: { level: 'approximate', how: 'copies carry -shadow behind their host' },
  'header-edits': {
    level: 'approximate',
    how: 'answers of Envoy itself that stand for those of a server are edited too',
  },
  'debug-routing': { level: 'none', why: 'not written for Istio' },
  'load-balancing': {
    level: 'approximate',
    how: 'ewma is leastRequest; panicPercent is minHealthPercent of the outlier detection',
  },
  locality: { level: 'approximate', how: 'prefer, where outliers are detected; not the order of failover' },
  'connect-timeout': { level: 'exact' },
  'circuit-breaking': { level: 'approximate', how: 'limits of 0 are 1' },
  'outlier-detection': {
    level: 'approximate',
    how: 'an endpoint returns without a probe; maxTime and minRequests are those of Envoy',
  },
  'health-checks': { level: 'none', why: 'clients of Istio go by the readiness of pods' },
  'rate-limits': { level: 'none', why: 'Istio has them by EnvoyFilter only' },
  'end-user-authentication': {
    level: 'approximate',
    how: 'a missing token is answered 403, not 401; one without `exp`, which the mesh refuses, is good for ever; a bad one is refused at every port of the workloads; keys are cached as long as Istio says; claims that are lists or numbers grant nothing; programs see headers for claims that clients without token wrote themselves',
  },
  'tls-permissive': {
    level: 'approximate',
    how: 'where all pods of an account take plain callers at the port',
    reported: true,
  },
  'tls-off': {
    level: 'approximate',
    how: 'where all pods of an account take plain callers at the port',
    reported: true,
  },
  'http2-programs': { level: 'exact' },
  'metrics-none': { level: 'none', why: elsewhere },
  tracing: { level: 'none', why: elsewhere },
  'tracing-kept': { level: 'none', why: elsewhere },
  'tracing-b3': { level: 'none', why: elsewhere },
};
