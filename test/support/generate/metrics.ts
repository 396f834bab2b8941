import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';
import { fields, manifest, namespaces, serviceName } from './parts.ts';
import { quantity } from './split.ts';

const reference = {
  kind: fc.constantFrom('Pod', 'Deployment', 'TrafficSplit', 'Namespace'),
  namespace: fc.constantFrom(...namespaces),
  name: serviceName,
  apiVersion: fc.constantFrom('v1', 'apps/v1'),
};

/** TrafficMetrics documents of a version: questions, and answers of a metrics server. */
export function trafficMetrics(version: string): fc.Arbitrary<Fields> {
  const edge = fields(
    {
      direction: fc.constantFrom('to', 'from'),
      side: fc.constantFrom('client', 'server'),
      resource: fc.oneof(fields(reference, []), fc.constant(null)),
    },
    ['direction'],
  );
  const metric = fields(
    { name: fc.constantFrom('p99_response_latency', 'success_count'), unit: fc.constant('ms'), value: quantity },
    ['name', 'value'],
  );
  const body = fields(
    {
      resource: fields(reference, ['kind']),
      edge: fc.oneof(edge, fc.constant(null)),
      backend: fields({ apex: serviceName, name: serviceName, weight: fc.integer({ min: 0, max: 100 }) }),
      timestamp: fc.constant('2021-04-29T15:04:05Z'),
      window: fc.constantFrom('30s', '1m'),
      metrics: fc.array(metric, { maxLength: 3 }),
    },
    ['resource'],
  );
  return manifest(`metrics.smi-spec.io/${version}`, 'TrafficMetrics', fc.constantFrom('question'), body);
}
