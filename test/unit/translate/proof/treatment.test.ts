import { describe, expect, test } from 'vitest';
import type { ObjectKey } from '../../../../src/diagnostics/origin.ts';
import type { RequestPolicy } from '../../../../src/model/policy.ts';
import { fieldsInForce } from '../../../../src/model/policy-fields.ts';
import { differencesOfTreatment } from '../../../../src/translate/proof/treatment.ts';

const object = 'policy.smi-mesh.io/TrafficPolicy/default/p' as ObjectKey;
const origins = ['timeouts.request', 'mirror', 'headers.request.set'].map((path) => ({ object, path: `spec.${path}` }));

function differences(fields: RequestPolicy, done: Parameters<typeof differencesOfTreatment>[1]) {
  return differencesOfTreatment(fieldsInForce([{ policy: 'default/p', matches: 'any', fields, origins }]), done);
}

const mirror = { service: 'default/copy' as never, port: 80, share: 1_000 };

describe('how a request is treated', () => {
  test.each<[string, RequestPolicy, Parameters<typeof differencesOfTreatment>[1]]>([
    ['nothing', {}, {}],
    ['no limit of time', { timeouts: { request: 0 } }, {}],
    ['a time limit', { timeouts: { request: 1_500, idle: 10 } }, { timeout: 1_500 }],
    ['copies', { mirror }, { mirror }],
    ['copies of nothing', { mirror: { ...mirror, share: 0 } }, {}],
    [
      'what is set and then added to',
      { headers: { request: { set: { 'x-a': '1' }, add: { 'x-a': '2' }, remove: ['x-b'] } } },
      { headers: { request: { set: { 'X-A': '1,2' }, remove: ['x-b'] } } },
    ],
    [
      'what is removed and then added',
      { headers: { response: { add: { 'x-a': '2' }, remove: ['x-a'] } } },
      { headers: { response: { set: { 'x-a': '2' } } } },
    ],
  ])('is the same: %s', (_, fields, done) => {
    expect(differences(fields, done)).toEqual([]);
  });

  test.each<[RequestPolicy, Parameters<typeof differencesOfTreatment>[1], string]>([
    [{ timeouts: { request: 1_500 } }, {}, 'the mesh gives it 1500 ms, the documents any time'],
    [{}, { timeout: 5 }, 'the mesh gives it any time, the documents 5 ms'],
    [{ mirror }, {}, 'the mesh gives it copies of 10 % for default/copy:80, the documents no copies'],
    [
      { headers: { request: { set: { 'x-a': '1' } } } },
      { headers: { request: { add: { 'x-a': '1' } } } },
      'the mesh gives it the headers x-a of the request: 1, the documents the headers x-a of the request: what it has,1',
    ],
    [
      { headers: { request: { set: { 'x-a': '1' } } } },
      { headers: { response: { set: { 'x-a': '1' } } } },
      'the mesh gives it the headers x-a of the request: 1, the documents the headers x-a of the answer: 1',
    ],
  ])('%j is not %j', (fields, done, difference) => {
    expect(differences(fields, done).map((one) => one.difference)).toEqual([difference]);
  });

  test('is told with the fields that say what is meant', () => {
    const found = differences({ timeouts: { request: 1 }, mirror }, {});
    expect(found.map((one) => one.origins.map(({ path }) => path))).toEqual([
      ['spec.timeouts.request'],
      ['spec.mirror'],
    ]);
  });
});
