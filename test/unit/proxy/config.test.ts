import { expect, test } from 'vitest';
import { compileClusterPolicy } from '../../../src/proxy/config/cluster-policy.ts';
import { resourceFromJson } from '../../../src/proxy/config/decode.ts';
import type { Messages } from '../../../src/proxy/config/resources.ts';
import { NO_KEY } from '../../../src/proxy/upstream/balance/key.ts';
import { endpoints } from './support/mesh.ts';

const decode = (policy: object) => resourceFromJson({ ...endpoints('store', 80, []), policy });
const fault = (policy: object) => {
  const result = decode(policy);
  return result.ok ? undefined : result.error;
};
const settings = (policy: object) => {
  const result = decode(policy);
  if (!result.ok) throw new Error(result.error);
  return compileClusterPolicy((result.value.message as Messages['Endpoints']).policy, null);
};

test.each([
  [{}],
  [{ loadBalancer: { algorithm: 'MAGLEV', cookie: 'id', panicPercent: 0, failover: ['eu'] }, connectTimeoutMs: 0 }],
  [{ loadBalancer: { algorithm: 'RING_HASH', sourceAddress: true } }],
  [{ circuitBreaker: { connections: 0, pending: 0, requests: 0, retries: 0 } }],
  [{ outlierDetection: { consecutiveFailures: 0, maxEjectedPercent: 100, probePath: '/live?x=1' } }],
  [{ healthCheck: {} }],
])('the policy %j can be used', (policy) => expect(fault(policy)).toBeUndefined());

test.each([
  [{ loadBalancer: { algorithm: 17 } }, 'load_balancer.algorithm: 17'],
  [{ loadBalancer: { header: 'X-User' } }, 'load_balancer.header: not a lower-case name'],
  [{ loadBalancer: { cookie: '' } }, 'load_balancer.cookie: empty'],
  [{ loadBalancer: { panicPercent: 101 } }, 'load_balancer.panic_percent: 101'],
  [{ loadBalancer: { failover: [''] } }, 'load_balancer.failover: an empty name'],
  [{ outlierDetection: { intervalMs: 0 } }, 'outlier_detection.interval_ms: 0'],
  [{ outlierDetection: { ejectionMs: 0 } }, 'outlier_detection.ejection_ms: 0'],
  [{ outlierDetection: { maxEjectedPercent: 101 } }, 'outlier_detection.max_ejected_percent: 101'],
  [{ outlierDetection: { successRatePercent: 101 } }, 'outlier_detection.success_rate_percent: 101'],
  [{ outlierDetection: { probePath: 'live' } }, 'outlier_detection.probe_path: "live" is no path'],
  [{ outlierDetection: { probePath: '/a\r\nx: y' } }, 'outlier_detection.probe_path: "/a\\r\\nx: y" is no path'],
  [{ healthCheck: { path: '/a b' } }, 'health_check.path: "/a b" is no path'],
  [{ healthCheck: { path: '/a#b' } }, 'health_check.path: "/a#b" is no path'],
  [{ healthCheck: { intervalMs: 0 } }, 'health_check.interval_ms: 0'],
  [{ healthCheck: { unhealthyAfter: 0 } }, 'health_check.unhealthy_after: 0'],
])('the policy %j is refused', (policy, text) => {
  expect(fault(policy)).toContain(`Endpoints default/store:80: policy.${text}`);
});

test('without a policy endpoints are chosen by latency and ejected after five failures in a row', () => {
  expect(compileClusterPolicy(null, null)).toMatchObject({
    algorithm: 'EWMA',
    keyOf: undefined,
    panicPercent: 50,
    outlier: { consecutiveFailures: 5, successRatePercent: 0, ejectionMillis: 10_000, maxEjectedPercent: 50 },
    health: undefined,
    breaker: undefined,
    ownConnections: false,
  });
});

test('detection that looks at nothing is off, and only hashing algorithms read a key', () => {
  expect(settings({ outlierDetection: { consecutiveFailures: 0 } }).outlier).toBeUndefined();
  expect(settings({ outlierDetection: { consecutiveFailures: 0, successRatePercent: 80 } }).outlier).toBeDefined();
  expect(settings({ loadBalancer: { algorithm: 'EWMA', header: 'x-user' } }).keyOf).toBeUndefined();
  const request = { header: (name: string) => (name === 'x-user' ? 'a' : undefined), peerAddress: '10.0.0.1' };
  const key = (loadBalancer: object) => settings({ loadBalancer }).keyOf?.(request);
  expect(key({ algorithm: 'RING_HASH', header: 'x-user' })).not.toBe(NO_KEY);
  expect(key({ algorithm: 'RING_HASH', header: 'x-other' })).toBe(NO_KEY);
  expect(key({ algorithm: 'MAGLEV' })).toBe(key({ algorithm: 'MAGLEV', sourceAddress: true }));
});

test('a maximum below the first ejection is that of the first', () => {
  const { outlier } = settings({ outlierDetection: { ejectionMs: 500_000 } });
  expect(outlier?.maxEjectionMillis).toBe(500_000);
});

test('bounds that are not said are none', () => {
  expect(settings({ circuitBreaker: {} }).breaker).toBeUndefined();
  expect(settings({ circuitBreaker: { requests: 3 } }).breaker).toEqual({
    requests: 3,
    connections: Number.POSITIVE_INFINITY,
    pending: Number.POSITIVE_INFINITY,
    retries: Number.POSITIVE_INFINITY,
  });
});
