import { expect, test } from 'vitest';
import { type AdmissionRequest, answerAdmission } from '../../../src/webhooks/admission.ts';

const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace: 'shop',
    object: { a: 1 },
    oldObject: null,
    dryRun: true,
  },
};

test('a handler sees the request, and its answer goes under the uid', async () => {
  const seen: AdmissionRequest[] = [];
  const answered = await answerAdmission(review, (request) => {
    seen.push(request);
    return {};
  });
  const { request } = review;
  expect(seen).toEqual([
    { uid: 'u-1', operation: 'CREATE', kind: request.kind, namespace: 'shop', object: { a: 1 }, dryRun: true },
  ]);
  expect(answered).toMatchObject({
    ok: true,
    value: { kind: 'AdmissionReview', response: { uid: 'u-1', allowed: true } },
  });
});

test('refusals, warnings and patches are written as the apiserver reads them', async () => {
  const answered = await answerAdmission(review, () => ({
    refusal: { code: 422, reason: 'Invalid', message: 'no' },
    warnings: ['one\ntwo', 'x'.repeat(300)],
    patch: [{ op: 'add', path: '/metadata/labels', value: {} }],
  }));
  expect(answered.ok && (answered.value as { response: unknown }).response).toEqual({
    uid: 'u-1',
    allowed: false,
    status: { status: 'Failure', code: 422, reason: 'Invalid', message: 'no' },
    warnings: ['one two', `${'x'.repeat(255)}…`],
    patchType: 'JSONPatch',
    patch: Buffer.from('[{"op":"add","path":"/metadata/labels","value":{}}]').toString('base64'),
  });
});

test.each([
  ['of another version', { ...review, apiVersion: 'admission.k8s.io/v1beta1' }],
  ['of another kind', { ...review, kind: 'ConversionReview' }],
  ['without a request', { ...review, request: undefined }],
  ['without an operation', { ...review, request: { ...review.request, operation: 'LOOK' } }],
])('a review %s is an error, and no handler sees it', async (_, body) => {
  const answered = await answerAdmission(body, () => {
    throw new Error('seen');
  });
  expect(answered.ok).toBe(false);
});
