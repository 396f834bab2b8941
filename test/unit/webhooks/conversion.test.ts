import { expect, test } from 'vitest';
import { answerConversion } from '../../../src/webhooks/conversion.ts';

const split = (name: string) => ({
  apiVersion: 'split.smi-spec.io/v1alpha1',
  kind: 'TrafficSplit',
  metadata: { name, namespace: 'shop', uid: name },
  spec: { service: 'web', backends: [{ service: 'web-v1', weight: '500m' }] },
});

function review(desiredAPIVersion: string, objects: readonly unknown[]): unknown {
  const request = { uid: 'u-1', desiredAPIVersion, objects };
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request };
}

interface Answer {
  readonly response: {
    readonly uid: string;
    readonly convertedObjects: readonly Readonly<Record<string, unknown>>[];
    readonly result: { readonly status: string };
  };
}

async function answer(body: unknown, defects: unknown[] = []): Promise<Answer['response']> {
  const answered = await answerConversion(body, (reason) => defects.push(reason));
  if (!answered.ok) throw new Error(answered.error);
  return (answered.value as Answer).response;
}

test('every object comes back in its place, in the version that is wanted', async () => {
  const objects = Array.from({ length: 120 }, (_, index) => split(`s-${index}`));
  const { uid, convertedObjects, result } = await answer(review('split.smi-spec.io/v1alpha4', objects));
  expect([uid, result.status]).toEqual(['u-1', 'Success']);
  expect(convertedObjects.map(({ metadata }) => (metadata as { name: string }).name)).toEqual(
    objects.map(({ metadata }) => metadata.name),
  );
  expect(new Set(convertedObjects.map(({ apiVersion }) => apiVersion))).toEqual(
    new Set(['split.smi-spec.io/v1alpha4']),
  );
});

test('an object that its version would refuse does not fail the list', async () => {
  const bad = { ...split('bad'), spec: { service: 7, backends: 'none' } };
  const { convertedObjects, result } = await answer(review('split.smi-spec.io/v1alpha4', [bad, split('good')]));
  expect(result.status).toBe('Success');
  expect(convertedObjects[1]).toMatchObject({ spec: { backends: [{ service: 'web-v1', weight: 1 }] } });
});

test('an object of no known version comes back without fields, and is reported', async () => {
  const strange = { ...split('strange'), apiVersion: 'split.smi-spec.io/v2' };
  const defects: unknown[] = [];
  const { convertedObjects } = await answer(review('split.smi-spec.io/v1alpha4', [strange]), defects);
  const { kind, metadata } = strange;
  expect(convertedObjects).toEqual([{ apiVersion: 'split.smi-spec.io/v1alpha4', kind, metadata }]);
  expect(defects).toEqual([expect.stringContaining('no version v2')]);
});

test.each([
  ['nothing', null],
  ['another kind', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'AdmissionReview', request: {} }],
  ['another version', { apiVersion: 'apiextensions.k8s.io/v1beta1', kind: 'ConversionReview', request: {} }],
  ['no objects', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: { uid: 'u' } }],
])('a review that is %s is an error', async (_, body) => {
  expect((await answerConversion(body)).ok).toBe(false);
});
