import type {
  CircuitBreaker,
  ClusterPolicy,
  HealthCheck,
  LoadBalancer,
  OutlierDetection,
  Retries,
} from '../../../src/model/policy.ts';
import { duration, type Message } from './message.ts';

/** What is asked with health checks. */
export interface CheckedServer {
  /** A name of the service. */
  readonly host: string;
  readonly http2: boolean;
}

/** How a client's Envoy treats the endpoints of a service port. */
export function clusterPolicy(policy: ClusterPolicy, budget: Retries['budget'], server: CheckedServer): Message {
  const { loadBalancer, connectTimeout, circuitBreaker, outlierDetection, healthCheck } = policy;
  return {
    connectTimeout: duration(connectTimeout || defaultConnectMillis),
    ...balancing(loadBalancer ?? {}),
    circuitBreakers: { thresholds: [thresholds(circuitBreaker ?? {}, budget ?? {})] },
    outlierDetection: outliers(outlierDetection ?? {}),
    ...(healthCheck === undefined ? {} : checks(healthCheck, server)),
  };
}

const defaultConnectMillis = 5_000;

/** Envoy has nothing that looks at latency; of two random endpoints it can take the one with less to do. */
const algorithms = {
  ewma: 'LEAST_REQUEST',
  leastRequest: 'LEAST_REQUEST',
  roundRobin: 'ROUND_ROBIN',
  random: 'RANDOM',
  ringHash: 'RING_HASH',
  maglev: 'MAGLEV',
} as const satisfies Record<NonNullable<LoadBalancer['algorithm']>, string>;

/** What is not said is the same in Envoy: half of the endpoints as threshold, tables of 65,537 places. */
function balancing({ algorithm = 'ewma', panicPercent }: LoadBalancer): Message {
  return {
    lbPolicy: algorithms[algorithm],
    ...(panicPercent === undefined ? {} : { commonLbConfig: { healthyPanicThreshold: { value: panicPercent } } }),
  };
}

/** Whether requests to it need a key. */
export function isHashing({ algorithm }: LoadBalancer): boolean {
  return algorithm === 'ringHash' || algorithm === 'maglev';
}

const unbounded = 4_294_967_295;
const defaultBudget = { percent: 20, minPerSecond: 10 };

/** Without a policy Envoy would bound what our model does not; requests that wait for a connection stay bounded (1024). */
function thresholds(breaker: CircuitBreaker, budget: NonNullable<Retries['budget']>): Message {
  const { connections = unbounded, pending, requests = unbounded, retries } = breaker;
  const { percent, minPerSecond } = { ...defaultBudget, ...budget };
  return {
    maxConnections: connections,
    // One that a connection is being opened for waits as well.
    ...(pending === undefined ? {} : { maxPendingRequests: Math.max(1, pending) }),
    maxRequests: requests,
    ...(retries === undefined
      ? { retryBudget: { budgetPercent: { value: percent }, minRetryConcurrency: minPerSecond } }
      : { maxRetries: retries }),
  };
}

function outliers({ consecutiveFailures = 5, successRate, interval = 10_000, ejection }: OutlierDetection): Message {
  const { time = 10_000, maxTime = 300_000, maxPercent = 50 } = ejection ?? {};
  const percent = successRate?.percent ?? 0;
  return {
    ...(consecutiveFailures === 0 ? {} : { consecutiveGatewayFailure: consecutiveFailures }),
    enforcingConsecutiveGatewayFailure: consecutiveFailures === 0 ? 0 : 100,
    // Answers 500 and 501 are the program's own affair, and endpoints are not compared with each other.
    enforcingConsecutive5xx: 0,
    enforcingSuccessRate: 0,
    ...(percent === 0 ? {} : failurePercentage(percent, successRate?.minRequests ?? 100)),
    // Who is out returns at the end of an interval.
    interval: duration(percent === 0 ? Math.min(interval, time) : interval),
    baseEjectionTime: duration(time),
    maxEjectionTime: duration(Math.max(time, maxTime)),
    maxEjectionPercent: Math.floor(maxPercent),
    alwaysEjectOneHost: true,
  };
}

function failurePercentage(successPercent: number, minRequests: number): Message {
  return {
    enforcingFailurePercentage: 100,
    failurePercentageThreshold: Math.ceil(100 - successPercent),
    failurePercentageMinimumHosts: 1,
    failurePercentageRequestVolume: Math.max(1, minRequests),
  };
}

/** What is no longer listed is not asked on; nor is anything asked less often because nobody uses it. */
function checks(check: HealthCheck, { host, http2 }: CheckedServer): Message {
  const { path, interval = 10_000, timeout = 1_000, unhealthyAfter = 3, healthyAfter = 2 } = check;
  return {
    healthChecks: [
      {
        timeout: duration(timeout),
        interval: duration(interval),
        noTrafficInterval: duration(interval),
        initialJitter: duration(Math.min(1_000, interval)),
        intervalJitterPercent: 10,
        unhealthyThreshold: unhealthyAfter,
        healthyThreshold: healthyAfter,
        ...(path === undefined
          ? { tcpHealthCheck: {} }
          : {
              httpHealthCheck: {
                host,
                path,
                expectedStatuses: [{ start: 200, end: 400 }],
                ...(http2 ? { codecClientType: 'HTTP2' } : {}),
              },
            }),
      },
    ],
    ignoreHealthOnHostRemoval: true,
  };
}
