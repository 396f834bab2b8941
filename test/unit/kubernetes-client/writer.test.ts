import { expect, test } from 'vitest';
import { clusterDocument } from '../../../src/kubernetes-client/cluster-document.ts';
import { lastWriter, withLastWriter } from '../../../src/kubernetes-client/writer.ts';

const entry = (manager: string, time?: string, subresource?: string) => ({
  ...{ manager, operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} } },
  ...(time === undefined ? {} : { time }),
  ...(subresource === undefined ? {} : { subresource }),
});
const managedFields = [
  entry('kubectl-create', '2026-01-01T00:00:00Z'),
  entry('flagger', '2026-01-02T00:00:00Z'),
  entry('smi-mesh', '2026-01-03T00:00:00Z', 'status'),
  entry('nobody knows when'),
];

test('whoever wrote the object itself last is its writer, not who wrote its status', () => {
  expect(lastWriter({ managedFields })).toEqual({ manager: 'flagger', time: '2026-01-02T00:00:00Z' });
  expect(lastWriter({ managedFields: [entry('a'), 'odd', null] })).toBeUndefined();
  expect(lastWriter(undefined)).toBeUndefined();
});

test('it is all that is kept of the bookkeeping, and no part of the object', () => {
  const object = { metadata: { name: 'a', namespace: 'b', managedFields }, spec: {} };
  const kept = withLastWriter(object);
  expect(kept.metadata).toEqual({
    name: 'a',
    namespace: 'b',
    managedFields: [{ manager: 'flagger', time: '2026-01-02T00:00:00Z' }],
  });
  const document = clusterDocument(kept, { apiVersion: 'v1', kind: 'Service' }, 'here');
  expect(document?.writer?.manager).toBe('flagger');
  expect(document?.object.metadata).toEqual({ name: 'a', namespace: 'b' });
  const unmanaged = { metadata: { name: 'a' } };
  expect(withLastWriter(unmanaged)).toBe(unmanaged);
});
