import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';
import { fields, groupNames, manifest, serviceName } from './parts.ts';

const group = 'split.smi-spec.io';

const whole = fc.oneof(fc.constantFrom(0, 1, 10, 90, 100), fc.integer({ min: 0, max: 1_000_000 }));

/** Kubernetes quantities, as number or text. */
export const quantity: fc.Arbitrary<number | string> = fc.oneof(
  whole,
  fc.constantFrom(
    0.5,
    1.25,
    '0',
    '1',
    '500m',
    '900m',
    '100m',
    '1500m',
    '1.5',
    '.5',
    '2.',
    '+3',
    '1k',
    '1Ki',
    '2e2',
    '5E-1',
  ),
  fc
    .tuple(fc.integer({ min: 0, max: 2_000 }), fc.constantFrom('', 'm', 'k', 'Ki'))
    .map(([size, suffix]) => `${size}${suffix}`),
);

function backends(weight: fc.Arbitrary<unknown>): fc.Arbitrary<readonly Fields[]> {
  return fc.array(fields({ service: serviceName, weight }), { maxLength: 4 });
}

const root = fc.oneof(
  serviceName,
  serviceName.map((name) => `${name}.default`),
);
const matches = fc.array(
  fields({ kind: fc.constant('HTTPRouteGroup'), name: fc.constantFrom(...groupNames, 'gone') }),
  { maxLength: 3 },
);

/** TrafficSplits of a version. */
export function trafficSplit(version: string): fc.Arbitrary<Fields> {
  const basic = { service: root, backends: backends(version === 'v1alpha1' ? quantity : whole) };
  const conditional = version === 'v1alpha3' || version === 'v1alpha4';
  const spec = fields(conditional ? { ...basic, matches } : basic, ['service', 'backends']);
  return manifest(`${group}/${version}`, 'TrafficSplit', fc.constantFrom('split', 'canary'), fields({ spec }));
}
