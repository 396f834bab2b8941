import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { entryLimits } from '../../../src/smi/entry-limits.ts';
import type { SourceDocument } from '../../../src/source/types.ts';

function codes(group: string, kind: string, spec: unknown): readonly string[] {
  const apiVersion = `${group}.smi-spec.io/v1alpha4`;
  const object = { apiVersion, kind, metadata: { name: 'x' }, spec };
  const key = objectKey(`${group}.smi-spec.io`, kind, 'default', 'x');
  const document = { key, apiVersion, kind, file: 'x.yaml', index: 0, object } as unknown as SourceDocument;
  return assemble([document]).diagnostics.map(({ code, origin }) => `${code} ${origin?.path}`);
}

const list = <T>(count: number, entry: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => entry(index));
const matches = (count: number) => list(count, (index) => ({ name: `m${index}`, pathRegex: `/p${index}` }));

describe('lists of an object', () => {
  it.each([
    [
      'matches of a group',
      'specs',
      'HTTPRouteGroup',
      (n: number) => ({ matches: matches(n) }),
      'groupMatches',
      'spec.matches',
    ],
    [
      'expressions of a group',
      'specs',
      'HTTPRouteGroup',
      (n: number) => ({
        matches: [{ name: 'm', headers: Object.fromEntries(list(n, (index) => [`h${index}`, 'x'])) }],
      }),
      'groupExpressions',
      'spec.matches',
    ],
    [
      'matches of a split',
      'split',
      'TrafficSplit',
      (n: number) => ({
        service: 's',
        backends: [{ service: 's', weight: 1 }],
        matches: list(n, () => ({ kind: 'HTTPRouteGroup', name: 'g' })),
      }),
      'splitMatches',
      'spec.matches',
    ],
    [
      'backends of a split',
      'split',
      'TrafficSplit',
      (n: number) => ({ service: 's', backends: list(n, () => ({ service: 's', weight: 1 })) }),
      'splitBackends',
      'spec.backends',
    ],
    [
      'rules of a target',
      'access',
      'TrafficTarget',
      (n: number) => target(list(n, () => ({ kind: 'TCPRoute', name: 'r' }))),
      'targetRules',
      'spec.rules',
    ],
    [
      'matches of a rule',
      'access',
      'TrafficTarget',
      (n: number) => target([{ kind: 'HTTPRouteGroup', name: 'g', matches: list(n, (index) => `m${index}`) }]),
      'ruleMatches',
      'spec.rules[0].matches',
    ],
  ] as const)('%s have a bound', (_, group, kind, spec, limit, path) => {
    expect(codes(group, kind, spec(entryLimits[limit]))).toEqual([]);
    expect(codes(group, kind, spec(entryLimits[limit] + 1))).toEqual([`SMI2015 ${path}`]);
  });

  it('above it are not looked into', () => {
    const broken = { matches: list(100_000, (index) => ({ name: `m${index}`, pathRegex: `(${index}` })) };
    expect(codes('specs', 'HTTPRouteGroup', broken)).toEqual(['SMI2015 spec.matches', 'SMI2015 spec.matches']);
  });
});

function target(rules: unknown) {
  const account = { kind: 'ServiceAccount', name: 'a', namespace: 'default' };
  return { destination: account, sources: [account], rules };
}
