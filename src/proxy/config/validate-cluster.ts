import type { Messages } from './resources.ts';

type Policy = NonNullable<Messages['Endpoints']['policy']>;

/** What is wrong with the policy of a service port's endpoints. */
export function clusterPolicyFault(policy: Policy | null): string | undefined {
  if (policy === null) return undefined;
  return (
    balancerFault(policy.loadBalancer) ?? outlierFault(policy.outlierDetection) ?? healthCheckFault(policy.healthCheck)
  );
}

function balancerFault(balancer: Policy['loadBalancer']): string | undefined {
  if (balancer === null) return undefined;
  const { algorithm, header, cookie, sourceAddress, failover, panicPercent } = balancer;
  if (typeof algorithm !== 'string') return `load_balancer.algorithm: ${String(algorithm)} is unknown`;
  if (header !== undefined && (header === '' || header !== header.toLowerCase())) {
    return 'load_balancer.header: not a lower-case name';
  }
  if (cookie === '') return 'load_balancer.cookie: empty';
  if (sourceAddress === false) return 'load_balancer.source_address: false';
  if (failover.includes('')) return 'load_balancer.failover: an empty name';
  return percentFault('load_balancer.panic_percent', panicPercent);
}

function outlierFault(detection: Policy['outlierDetection']): string | undefined {
  if (detection === null) return undefined;
  const { successRatePercent, intervalMs, ejectionMs, maxEjectedPercent, probePath } = detection;
  return (
    percentFault('outlier_detection.success_rate_percent', successRatePercent) ??
    percentFault('outlier_detection.max_ejected_percent', maxEjectedPercent) ??
    zeroFault('outlier_detection.interval_ms', intervalMs) ??
    zeroFault('outlier_detection.ejection_ms', ejectionMs) ??
    pathFault('outlier_detection.probe_path', probePath)
  );
}

function healthCheckFault(check: Policy['healthCheck']): string | undefined {
  if (check === null) return undefined;
  return (
    pathFault('health_check.path', check.path) ??
    zeroFault('health_check.interval_ms', check.intervalMs) ??
    zeroFault('health_check.timeout_ms', check.timeoutMs) ??
    zeroFault('health_check.unhealthy_after', check.unhealthyAfter) ??
    zeroFault('health_check.healthy_after', check.healthyAfter)
  );
}

function percentFault(field: string, percent: number | undefined): string | undefined {
  return percent === undefined || percent <= 100 ? undefined : `${field}: ${percent} is more than 100`;
}

function zeroFault(field: string, value: number | undefined): string | undefined {
  return value === 0 ? `${field}: 0` : undefined;
}

/** Printable ASCII that begins with a slash: it goes into a request line as it is. */
function pathFault(field: string, path: string | undefined): string | undefined {
  if (path === undefined || path === '' || /^\/[!-"$-~]*$/.test(path)) return undefined;
  return `${field}: ${JSON.stringify(path)} is no path`;
}
