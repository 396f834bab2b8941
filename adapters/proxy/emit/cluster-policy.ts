import type { ClusterPolicy as ClusterPolicyMessage } from '../../../generated/types/proxy/smi/proxy/v1/ClusterPolicy.ts';
import type { HealthCheck as HealthCheckMessage } from '../../../generated/types/proxy/smi/proxy/v1/HealthCheck.ts';
import type { LoadBalancer as LoadBalancerMessage } from '../../../generated/types/proxy/smi/proxy/v1/LoadBalancer.ts';
import type { OutlierDetection as OutlierDetectionMessage } from '../../../generated/types/proxy/smi/proxy/v1/OutlierDetection.ts';
import type { ClusterPolicy, HealthCheck, LoadBalancer, OutlierDetection } from '../../../src/model/policy.ts';
import { stated } from './stated.ts';

/** How clients treat the endpoints of a service port. */
export function emitClusterPolicy(policy: ClusterPolicy): ClusterPolicyMessage {
  const { loadBalancer, connectTimeout, circuitBreaker, outlierDetection, healthCheck } = policy;
  return stated({
    loadBalancer: loadBalancer && emitLoadBalancer(loadBalancer),
    connectTimeoutMs: connectTimeout,
    circuitBreaker,
    outlierDetection: outlierDetection && emitOutlierDetection(outlierDetection),
    healthCheck: healthCheck && emitHealthCheck(healthCheck),
  });
}

const algorithms = {
  ewma: 'EWMA',
  leastRequest: 'LEAST_REQUEST',
  roundRobin: 'ROUND_ROBIN',
  random: 'RANDOM',
  ringHash: 'RING_HASH',
  maglev: 'MAGLEV',
} as const satisfies Record<NonNullable<LoadBalancer['algorithm']>, string>;

function emitLoadBalancer({ algorithm, hashOn, locality, panicPercent }: LoadBalancer): LoadBalancerMessage {
  return {
    ...stated({ algorithm: algorithm && algorithms[algorithm], panicPercent }),
    ...hashKey(hashOn),
    ...stated({ preferLocal: locality?.prefer, failover: locality?.failover && [...locality.failover] }),
  };
}

function hashKey(on: LoadBalancer['hashOn']): Pick<LoadBalancerMessage, 'header' | 'cookie' | 'sourceAddress'> {
  if (on === undefined) return {};
  if ('header' in on) return { header: on.header };
  return 'cookie' in on ? { cookie: on.cookie } : { sourceAddress: true };
}

function emitOutlierDetection(outlier: OutlierDetection): OutlierDetectionMessage {
  const { consecutiveFailures, successRate, interval, ejection, probePath } = outlier;
  return stated({
    consecutiveFailures,
    successRatePercent: successRate?.percent,
    successRateMinRequests: successRate?.minRequests,
    intervalMs: interval,
    ejectionMs: ejection?.time,
    maxEjectionMs: ejection?.maxTime,
    maxEjectedPercent: ejection?.maxPercent,
    probePath,
  });
}

function emitHealthCheck({ path, interval, timeout, unhealthyAfter, healthyAfter }: HealthCheck): HealthCheckMessage {
  return stated({ path, intervalMs: interval, timeoutMs: timeout, unhealthyAfter, healthyAfter });
}
