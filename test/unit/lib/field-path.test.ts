import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFieldPath, parseFieldPath } from '../../../src/lib/field-path.ts';

test('paths read as people write them', () => {
  expect(formatFieldPath(['spec', 'backends', 1, 'weight'])).toBe('spec.backends[1].weight');
  expect(formatFieldPath(['metadata', 'annotations', 'smi-mesh.io/sidecar'])).toBe(
    'metadata.annotations["smi-mesh.io/sidecar"]',
  );
  expect(formatFieldPath([])).toBe('');
});

test('what is formatted is parsed back', () => {
  const segment = fc.oneof(
    fc.nat({ max: 1e9 }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '"', '\\', '][', 'a.b'),
  );
  fc.assert(
    fc.property(fc.array(segment), (segments) => {
      expect(parseFieldPath(formatFieldPath(segments))).toEqual(segments);
    }),
  );
});

test('a path that cannot be read is read as far as it can be', () => {
  expect(parseFieldPath('spec.backends[x].weight')).toEqual(['spec', 'backends']);
  expect(parseFieldPath('a..b')).toEqual(['a']);
});
