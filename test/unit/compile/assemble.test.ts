import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { readSourceText } from '../../../src/source/read.ts';
import type { SourceDocument } from '../../../src/source/types.ts';

const account = (more: string) =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, labels: { x: ${more} } }\n`;

describe('assembling', () => {
  test('an object that is defined twice in different ways is refused, whichever was meant', () => {
    const { input, refused } = assemble(readSourceText('a', `${account('b')}---\n${account('c')}`).documents);
    expect(input.serviceAccounts).toEqual([]);
    expect(refused).toEqual(['core/ServiceAccount/default/a']);
  });

  test('kinds that nothing here needs are passed over in silence', () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nspec: 7';
    expect(assemble(readSourceText('a', text).documents)).toMatchObject({ diagnostics: [], refused: [] });
  });

  test('a kind of an SMI group that SMI does not have is not silent', () => {
    const text = 'apiVersion: split.smi-spec.io/v1alpha4\nkind: constructor\nmetadata: { name: a }';
    expect(assemble(readSourceText('a', text).documents).diagnostics).toMatchObject([{ code: 'SMI2001' }]);
  });

  test('documents that are kept decode to the same objects again', () => {
    const { documents } = readSourceText('a', account('b'));
    expect(assemble(documents).input.serviceAccounts[0]).toBe(assemble([...documents]).input.serviceAccounts[0]);
  });
});

const kinds: readonly (readonly [string, string, string])[] = [
  ['split.smi-spec.io', 'v1alpha2', 'TrafficSplit'],
  ['split.smi-spec.io', 'v1alpha4', 'TrafficSplit'],
  ['access.smi-spec.io', 'v1alpha3', 'TrafficTarget'],
  ['specs.smi-spec.io', 'v1alpha4', 'HTTPRouteGroup'],
  ['specs.smi-spec.io', 'v1alpha4', 'TCPRoute'],
  ['', 'v1', 'Service'],
  ['', 'v1', 'Pod'],
  ['', 'v1', 'ServiceAccount'],
  ['apps', 'v1', 'Deployment'],
];
const fields = fc.constantFrom(
  ...['metadata', 'name', 'namespace', 'labels', 'spec', 'status', 'service', 'backends', 'weight', 'matches', 'kind'],
  ...['destination', 'sources', 'rules', 'headers', 'methods', 'pathRegex', 'ports', 'port', 'template', 'containers'],
  ...['readinessProbe', 'httpGet', 'env', 'value', 'selector', 'clusterIPs', 'podIPs', 'conditions', '__proto__'],
);
const junk = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.oneof(
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('a', '', 'GET', '(', 'HTTPRouteGroup', 'ServiceAccount'),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fields, tie('value'), { maxKeys: 6 }),
  ),
})).value;

test('whatever an object contains, it is decoded or refused with an error, and never throws', () => {
  const anyDocument = fc.tuple(fc.constantFrom(...kinds), fc.dictionary(fields, junk, { maxKeys: 6 }));
  fc.assert(
    fc.property(anyDocument, ([[group, version, kind], object]) => {
      const key = objectKey(group, kind, 'default', 'a');
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const document: SourceDocument = { key, apiVersion, kind, file: 'a', index: 0, object };
      const { input, diagnostics, refused } = assemble([document]);
      const { refused: _refused, ...objects } = input;
      const decoded = Object.values(objects).flat().length;
      expect(decoded + refused.length).toBe(1);
      expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(refused.length === 1);
      for (const item of diagnostics) expect([item.message, item.hint].join()).not.toContain('undefined');
    }),
    { numRuns: 2_000 },
  );
});
