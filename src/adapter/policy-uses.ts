import type { Origin } from '../diagnostics/origin.ts';
import type { PolicyLayer } from '../model/policy.ts';
import { fieldsOf, placesOf } from '../model/policy-fields.ts';
import type { WorkloadPort } from '../model/types.ts';
import type { Feature } from './features.ts';

/** The features behind the fields of TrafficPolicies, by the beginning of their paths; the first that fits counts. */
const featureOfField: readonly (readonly [string, Feature])[] = [
  ['timeouts', 'request-timeouts'],
  ['retries', 'retries'],
  ['faults', 'fault-injection'],
  ['mirror', 'mirroring'],
  ['headers', 'header-edits'],
  ['debugRouting', 'debug-routing'],
  ['loadBalancer.locality', 'locality'],
  ['loadBalancer', 'load-balancing'],
  ['connectTimeout', 'connect-timeout'],
  ['circuitBreaker', 'circuit-breaking'],
  ['outlierDetection', 'outlier-detection'],
  ['healthCheck', 'health-checks'],
  ['rateLimit', 'rate-limits'],
  ['authentication', 'end-user-authentication'],
];

interface Use {
  readonly feature: Feature;
  readonly origins: readonly Origin[];
}

/** What the layers of policies ask of a target, each field with the place that says it. */
export function policyUses(layers: readonly PolicyLayer<object>[]): readonly Use[] {
  return layers.flatMap(({ fields, origins }) =>
    fieldsOf(fields).flatMap(({ path }): Use[] => {
      const found = featureOfField.find(([start]) => path === start || path.startsWith(`${start}.`));
      if (found === undefined) return [];
      return [{ feature: found[1], origins: placesOf(path, origins) }];
    }),
  );
}

/** What the ports of a workload ask of a target. */
export function portUses(ports: readonly WorkloadPort[], origins: readonly Origin[]): readonly Use[] {
  return ports.flatMap((port): Use[] => [
    ...(port.http2 === true ? [{ feature: 'http2-programs' as const, origins }] : []),
    ...(port.tls !== undefined ? [{ feature: `tls-${port.tls}` as const, origins: port.origins ?? origins }] : []),
  ]);
}
