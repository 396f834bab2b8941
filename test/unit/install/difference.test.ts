import { expect, test } from 'vitest';
import { changedFields } from '../../../src/install/difference.ts';

test('what the apiserver keeps for itself is no difference', () => {
  const before = { metadata: { name: 'a', resourceVersion: '1', managedFields: [] }, status: { x: 1 } };
  expect(changedFields(before, { metadata: { name: 'a', resourceVersion: '2' }, status: { x: 2 } })).toEqual([]);
});

test('fields are named by their paths, the deepest that differs', () => {
  const before = { metadata: { labels: { 'a/b': '1' } }, spec: { list: [{ x: 1 }, { x: 2 }], gone: 1, same: [1] } };
  const after = { metadata: { labels: { 'a/b': '2' } }, spec: { list: [{ x: 1 }, { x: 3 }], same: [1], made: {} } };
  expect(changedFields(before, after)).toEqual(['spec.list[1].x', 'spec.gone', 'spec.made', 'metadata.labels["a/b"]']);
});

test('a list of another length differs as a whole', () => {
  expect(changedFields({ spec: { list: [1] } }, { spec: { list: [1, 2] } })).toEqual(['spec.list']);
});
