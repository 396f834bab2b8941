import type { Locality } from '../../lib/locality.ts';
import { limits } from '../limits.ts';
import { compileKey, type HashOn } from '../upstream/balance/key.ts';
import type { BreakerLimits } from '../upstream/breaker.ts';
import type { ClusterSettings } from '../upstream/cluster-settings.ts';
import type { Messages } from './resources.ts';

type Policy = NonNullable<Messages['Endpoints']['policy']>;

const defaultPanicPercent = 50;
/** What is said of an endpoint without a place. */
export const nowhere: Locality = { region: '', zone: '' };

/** How a client at `own` treats the endpoints of a validated policy; without a policy, the defaults. */
export function compileClusterPolicy(policy: Policy | null, own: Locality | null): ClusterSettings {
  const balancer = policy?.loadBalancer ?? null;
  const algorithm = balancer?.algorithm ?? 'EWMA';
  const hashing = algorithm === 'RING_HASH' || algorithm === 'MAGLEV';
  const breaker = breakerLimits(policy?.circuitBreaker ?? null);
  return {
    algorithm,
    keyOf: hashing ? compileKey(hashOn(balancer)) : undefined,
    panicPercent: balancer?.panicPercent ?? defaultPanicPercent,
    preference: {
      own: own ?? nowhere,
      preferLocal: balancer?.preferLocal ?? false,
      failover: balancer?.failover ?? [],
    },
    outlier: outlierSettings(policy?.outlierDetection ?? null),
    health: healthSettings(policy?.healthCheck ?? null),
    breaker,
    connectMillis: policy?.connectTimeoutMs || limits.connectMillis,
    ownConnections: breaker !== undefined || Boolean(policy?.connectTimeoutMs),
  };
}

/** For the program behind the proxy: there is nothing to choose from. */
export const programSettings: ClusterSettings = { ...compileClusterPolicy(null, null), outlier: undefined };

/** Without anything said, the address of the client. */
function hashOn(balancer: Policy['loadBalancer']): HashOn {
  const { header, cookie } = balancer ?? {};
  if (header !== undefined) return { header };
  return cookie === undefined ? { source: true } : { cookie };
}

function outlierSettings(detection: Policy['outlierDetection']): ClusterSettings['outlier'] {
  const consecutiveFailures = detection?.consecutiveFailures ?? 5;
  const successRatePercent = detection?.successRatePercent ?? 0;
  if (consecutiveFailures === 0 && successRatePercent === 0) return undefined;
  const ejectionMillis = detection?.ejectionMs ?? 10_000;
  return {
    consecutiveFailures,
    successRatePercent,
    successRateMinRequests: detection?.successRateMinRequests ?? 100,
    intervalMillis: detection?.intervalMs ?? 10_000,
    ejectionMillis,
    maxEjectionMillis: Math.max(ejectionMillis, detection?.maxEjectionMs ?? 300_000),
    maxEjectedPercent: detection?.maxEjectedPercent ?? 50,
    probePath: detection?.probePath ?? '',
  };
}

function healthSettings(check: Policy['healthCheck']): ClusterSettings['health'] {
  if (check === null) return undefined;
  return {
    path: check.path,
    intervalMillis: check.intervalMs ?? 10_000,
    timeoutMillis: check.timeoutMs ?? 1_000,
    unhealthyAfter: check.unhealthyAfter ?? 3,
    healthyAfter: check.healthyAfter ?? 2,
  };
}

function breakerLimits(breaker: Policy['circuitBreaker']): BreakerLimits | undefined {
  if (breaker === null) return undefined;
  const { connections, pending, requests, retries } = breaker;
  if ([connections, pending, requests, retries].every((bound) => bound === undefined)) return undefined;
  const bound = (said: number | undefined) => said ?? Number.POSITIVE_INFINITY;
  return {
    connections: bound(connections),
    pending: bound(pending),
    requests: bound(requests),
    retries: bound(retries),
  };
}
