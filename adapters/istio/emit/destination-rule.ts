import type { Artifact, MeshModel, PortPolicy, Service } from '../../../src/adapter/index.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { CircuitBreaker, ClusterPolicy, LoadBalancer, OutlierDetection } from '../../../src/model/policy.ts';
import { hostOf } from './destinations.ts';
import { duration, type Fields, istioObject } from './object.ts';

/** How clients treat the endpoints of a service. Nothing is said of TLS: Istio knows which endpoints have a sidecar. */
export function destinationRule(model: MeshModel, service: Service): readonly Artifact[] {
  const ports = Object.values(model.outbound[service.id]?.ports ?? {}).filter(({ protocol }) => protocol !== 'udp');
  const settings = ports.flatMap(portSettings);
  if (settings.length === 0) return [];
  const origins = originsWithin(
    { origins: service.origins },
    ports.map(({ endpoints }) => endpoints),
  );
  const { namespace, name } = service;
  const spec = { host: hostOf(service), trafficPolicy: { portLevelSettings: settings } };
  return [istioObject('DestinationRule', { namespace, name }, spec, origins)];
}

function portSettings({ port, endpoints }: PortPolicy): readonly Fields[] {
  const said = endpoints === undefined ? {} : clusterFields(endpoints.fields);
  return Object.keys(said).length === 0 ? [] : [{ port: { number: port }, ...said }];
}

function clusterFields({
  loadBalancer = {},
  connectTimeout,
  circuitBreaker = {},
  outlierDetection,
}: ClusterPolicy): Fields {
  const balancing = balancerFields(loadBalancer);
  const pool = poolFields(connectTimeout, circuitBreaker);
  const ejecting = outlierDetection !== undefined || loadBalancer.panicPercent !== undefined;
  return {
    ...(Object.keys(balancing).length === 0 ? {} : { loadBalancer: balancing }),
    ...(Object.keys(pool).length === 0 ? {} : { connectionPool: pool }),
    ...(ejecting ? { outlierDetection: outlierFields(outlierDetection ?? {}, loadBalancer) } : {}),
  };
}

const algorithms = {
  ewma: 'LEAST_REQUEST',
  leastRequest: 'LEAST_REQUEST',
  roundRobin: 'ROUND_ROBIN',
  random: 'RANDOM',
} as const;

function balancerFields({ algorithm, hashOn, locality }: LoadBalancer): Fields {
  const failoverPriority = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];
  return {
    ...(algorithm === undefined ? {} : algorithmFields(algorithm, hashOn)),
    ...(locality?.prefer === undefined
      ? {}
      : { localityLbSetting: locality.prefer ? { enabled: true, failoverPriority } : { enabled: false } }),
  };
}

function algorithmFields(algorithm: NonNullable<LoadBalancer['algorithm']>, on: LoadBalancer['hashOn']): Fields {
  if (algorithm !== 'ringHash' && algorithm !== 'maglev') return { simple: algorithms[algorithm] };
  // Without a key any endpoint is as good as another.
  if (on === undefined) return { simple: 'RANDOM' };
  return { consistentHash: { ...hashKey(on), [algorithm]: {} } };
}

function hashKey(on: NonNullable<LoadBalancer['hashOn']>): Fields {
  if ('header' in on) return { httpHeaderName: on.header };
  return 'cookie' in on ? { httpCookie: { name: on.cookie } } : { useSourceIp: true };
}

/** A limit of 0 would be Istio's own default. */
function poolFields(
  connectTimeout: number | undefined,
  { connections, pending, requests, retries }: CircuitBreaker,
): Fields {
  const limit = (name: string, value: number | undefined) =>
    value === undefined ? {} : { [name]: Math.max(1, value) };
  const tcp = {
    ...limit('maxConnections', connections),
    ...(connectTimeout ? { connectTimeout: duration(connectTimeout) } : {}),
  };
  const http = {
    ...limit('http1MaxPendingRequests', pending),
    ...limit('http2MaxRequests', requests),
    ...limit('maxRetries', retries),
  };
  return {
    ...(Object.keys(tcp).length === 0 ? {} : { tcp }),
    ...(Object.keys(http).length === 0 ? {} : { http }),
  };
}

function outlierFields(
  { consecutiveFailures, successRate, interval, ejection = {} }: OutlierDetection,
  { panicPercent }: LoadBalancer,
): Fields {
  return {
    ...(consecutiveFailures === undefined
      ? {}
      : { consecutiveGatewayErrors: consecutiveFailures, consecutive5xxErrors: 0 }),
    ...(successRate?.percent === undefined ? {} : { failurePercentageThreshold: Math.ceil(100 - successRate.percent) }),
    ...(interval === undefined ? {} : { interval: duration(interval) }),
    ...(ejection.time === undefined ? {} : { baseEjectionTime: duration(ejection.time) }),
    ...(ejection.maxPercent === undefined ? {} : { maxEjectionPercent: Math.floor(ejection.maxPercent) }),
    ...(panicPercent === undefined ? {} : { minHealthPercent: Math.floor(panicPercent) }),
  };
}
