import { describe, expect, test } from 'vitest';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import type { AdmissionAnswer, AdmissionRequest } from '../../../src/webhooks/admission.ts';
import { admittedDocument } from '../../../src/webhooks/validate/document.ts';
import type { ClusterView } from '../../../src/webhooks/validate/neighbours.ts';
import { createValidator } from '../../../src/webhooks/validate/validator.ts';

type Fields = Readonly<Record<string, unknown>>;

const noView = createValidator({ compile: defaultCompileOptions });

function holding(...objects: readonly Fields[]) {
  const documents = objects.flatMap((object) => admittedDocument(object) ?? []);
  const byKey = new Map(documents.map((document) => [document.key, document]));
  const view: ClusterView = {
    find: (key) => byKey.get(key),
    splits: () => documents.filter(({ kind }) => kind === 'TrafficSplit'),
  };
  return createValidator({ compile: defaultCompileOptions, view: () => view });
}

function object(apiVersion: string, kind: string, body: Fields, metadata: Fields = {}): Fields {
  return { apiVersion, kind, metadata: { name: 'it', namespace: 'shop', ...metadata }, ...body };
}

const split = (spec: Fields, metadata: Fields = {}) =>
  object('split.smi-spec.io/v1alpha4', 'TrafficSplit', { spec }, metadata);
const service = (name: string, port = 80) =>
  object('v1', 'Service', { spec: { selector: { app: name }, ports: [{ port }] } }, { name });
const backends = [{ service: 'web-v1', weight: 1 }];
const good = split({ service: 'web', backends });
const bad = split({ service: 'web.elsewhere', backends });
const twice = object('specs.smi-spec.io/v1alpha4', 'HTTPRouteGroup', {
  spec: {
    matches: [
      { name: 'a', pathRegex: '/a' },
      { name: 'a', pathRegex: '/b' },
    ],
  },
});

function request(changes: Partial<AdmissionRequest>): AdmissionRequest {
  const kind = { group: '', version: '', kind: '' };
  return { uid: 'u', operation: 'CREATE', kind, dryRun: false, ...changes };
}

const create = (object: Fields, validate = noView) => validate(request({ object })) as AdmissionAnswer;
const update = (oldObject: Fields, object: Fields, validate = noView) =>
  validate(request({ operation: 'UPDATE', object, oldObject })) as AdmissionAnswer;

describe('of an object alone', () => {
  test('what is wrong is refused with code and field', () => {
    const { refusal } = create(bad);
    expect(refusal).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refusal?.message).toMatch(/^SMI4001 spec\.service: "web\.elsewhere"/);
    expect(create(twice).refusal?.message).toMatch(/^SMI2007 spec\.matches\[1\]\.name/);
  });

  test('the field is named as the version calls it', () => {
    const matches = [{ name: 'a', pathRegex: '(', methods: ['GET'] }];
    const old = object('specs.smi-spec.io/v1alpha1', 'HTTPRouteGroup', { matches });
    expect(create(old).refusal?.message).toMatch(/^SMI2009 matches\[0\]\.pathRegex/);
  });

  test('a target without rules and sources is refused although nothing is known of its destination', () => {
    const spec = { destination: { kind: 'ServiceAccount', name: 'web' }, rules: [], sources: [] };
    const { refusal } = create(object('access.smi-spec.io/v1alpha4', 'TrafficTarget', { spec }));
    expect(refusal?.message).toMatch(/SMI4010 spec\.rules.*\nSMI4011 spec\.sources/);
  });

  test('what is odd is a warning', () => {
    const { refusal, warnings } = create(split({ service: 'web', backends: [{ service: 'web-v1', weight: 0 }] }));
    expect(refusal).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^SMI4002 spec\.backends/)]);
  });

  test('an object without fault, and one of a kind that is not ours, pass in silence', () => {
    expect(create(good)).toEqual({});
    expect(create(service('web'))).toEqual({});
    expect(create({ apiVersion: 'v1', kind: 'Thing' })).toEqual({});
  });
});

describe('with a view of the cluster', () => {
  test('a reference that leads nowhere is a warning, whatever its severity elsewhere', () => {
    const { refusal, warnings } = create(good, holding(service('web')));
    expect(refusal).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/^SMI3002 spec\.backends\[0\]\.service.*shop\/web-v1 does not exist/),
      expect.stringMatching(/^SMI4003/),
    ]);
  });

  test('nothing is said where everything is there', () => {
    expect(create(good, holding(service('web'), service('web-v1')))).toEqual({});
  });

  test('a port that a backend lacks, and a second split of one root, are warnings', () => {
    const lacking = create(good, holding(service('web'), service('web-v1', 81)));
    expect(lacking.warnings?.[0]).toMatch(/^SMI3003/);
    const older = split({ service: 'web', backends }, { name: 'older', creationTimestamp: '2020-01-01T00:00:00Z' });
    const newer = { ...good, metadata: { name: 'it', namespace: 'shop', creationTimestamp: '2021-01-01T00:00:00Z' } };
    const { refusal, warnings } = create(newer, holding(service('web'), service('web-v1'), older));
    expect(refusal).toBeUndefined();
    expect(warnings?.join()).toMatch(/SMI4004 spec\.service.*older/);
  });

  test('matches of a route group are looked up', () => {
    const group = object('specs.smi-spec.io/v1alpha4', 'HTTPRouteGroup', { spec: { matches: [{ name: 'read' }] } });
    const target = object('access.smi-spec.io/v1alpha4', 'TrafficTarget', {
      spec: {
        destination: { kind: 'ServiceAccount', name: 'web' },
        rules: [{ kind: 'HTTPRouteGroup', name: 'it', matches: ['read', 'write'] }],
        sources: [{ kind: 'ServiceAccount', name: 'buyer' }],
      },
    });
    const { refusal, warnings } = create(target, holding(group, object('v1', 'ServiceAccount', {}, { name: 'buyer' })));
    expect(refusal).toBeUndefined();
    expect(warnings?.join()).toMatch(/SMI3005 spec\.rules\[0\]\.matches\[1\]/);
  });
});

describe('an update', () => {
  test('that makes an object wrong is refused', () => {
    expect(update(good, bad).refusal?.message).toContain('SMI4001');
  });

  test('of labels, status, finalizers or nothing passes although the object is wrong', () => {
    const labelled = { ...bad, metadata: { name: 'it', namespace: 'shop', labels: { a: 'b' } }, status: { a: 1 } };
    expect(update(bad, labelled)).toEqual({});
    expect(update(bad, bad)).toEqual({});
  });

  test('passes with a warning where only what was wrong before is still wrong', () => {
    const moved = split({ service: 'web.elsewhere', backends: [{ service: 'web-v1', weight: 2 }] });
    const { refusal, warnings } = update(bad, moved);
    expect(refusal).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^SMI4001/)]);
    const other = split({ service: 'web.nowhere', backends });
    expect(update(bad, other).refusal?.message).toMatch(/^SMI4001 spec\.service: "web\.nowhere"/);
  });

  test('of an annotation of the conversion is one of the meaning', () => {
    const annotations = { 'smi-mesh.io/preserved-destination-port': 'nonsense' };
    const spec = {
      destination: { kind: 'ServiceAccount', name: 'web' },
      rules: [{ kind: 'TCPRoute', name: 'all' }],
      sources: [{ kind: 'ServiceAccount', name: 'buyer' }],
    };
    const target = object('access.smi-spec.io/v1alpha4', 'TrafficTarget', { spec });
    const edited = object('access.smi-spec.io/v1alpha4', 'TrafficTarget', { spec }, { annotations });
    expect(update(target, edited).refusal?.message).toContain('SMI2031');
  });

  test('of an object that is being deleted passes, and so does the deletion', () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(update(good, { ...bad, metadata: { name: 'it', namespace: 'shop', deletionTimestamp } })).toEqual({});
    expect(noView(request({ operation: 'DELETE', oldObject: bad }))).toEqual({});
    expect(noView(request({ operation: 'UPDATE', subResource: 'status', object: bad, oldObject: good }))).toEqual({});
  });
});
