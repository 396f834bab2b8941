import { describe, expect, test } from 'vitest';
import type { Fields } from '../../../../src/lib/values.ts';
import { convertObject } from '../../../../src/smi/convert/convert.ts';
import { decodeSmi } from '../../../../src/smi/decode.ts';
import { readSourceText } from '../../../../src/source/read.ts';

const port = 'smi-mesh.io/preserved-destination-port';
const newest = 'smi-mesh.io/preserved-v1alpha4';

function decode(object: Fields) {
  const [document] = readSourceText('file.json', JSON.stringify(object)).documents;
  if (document === undefined) throw new Error('no document');
  const { value, diagnostics } = decodeSmi(document);
  return { value: value?.value, codes: diagnostics.map(({ code }) => code) };
}

function to(object: Fields, apiVersion: string): Fields {
  const converted = convertObject(object, apiVersion);
  if (!converted.ok) throw new Error(converted.error[0]?.message);
  return converted.value;
}

const target: Fields = {
  apiVersion: 'access.smi-spec.io/v1alpha2',
  kind: 'TrafficTarget',
  metadata: { name: 'target' },
  spec: {
    destination: { kind: 'ServiceAccount', name: 'store', port: 8080 },
    rules: [{ kind: 'TCPRoute', name: 'database' }],
    sources: [{ kind: 'ServiceAccount', name: 'buyer' }],
  },
};

const split: Fields = {
  apiVersion: 'split.smi-spec.io/v1alpha4',
  kind: 'TrafficSplit',
  metadata: { name: 'canary' },
  spec: {
    service: 'web',
    backends: [{ service: 'web-v2', weight: 1 }],
    matches: [{ kind: 'HTTPRouteGroup', name: 'testers' }],
  },
};

function annotated(object: Fields, name: string, text: string): Fields {
  const metadata = object.metadata as { annotations?: Fields };
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [name]: text } } };
}

describe('a converted object', () => {
  test('reads with the port that its annotation keeps', () => {
    for (const version of ['v1alpha3', 'v1alpha4']) {
      const { value, codes } = decode(to(target, `access.smi-spec.io/${version}`));
      expect(value).toMatchObject({ destinationPort: 8080, destination: { name: 'store' } });
      expect(codes).toEqual([]);
    }
  });

  test('reads with the matches that its annotation keeps', () => {
    const { value, codes } = decode(to(split, 'split.smi-spec.io/v1alpha1'));
    expect(value).toMatchObject({ matches: [{ name: 'testers' }], backends: [{ service: 'web-v2', weight: 1 }] });
    expect(codes).toEqual([]);
  });

  test('that was edited reads as it stands, with a warning', () => {
    const old = to(split, 'split.smi-spec.io/v1alpha2');
    const edited = { ...old, spec: { service: 'web', backends: [{ service: 'web-v2', weight: 7 }] } };
    const { value, codes } = decode(edited);
    expect(value).toMatchObject({ backends: [{ weight: 7 }] });
    expect(value).not.toHaveProperty('matches');
    expect(codes).toEqual(['SMI2030']);
  });

  test('whose destination was edited has no port any more, with a warning', () => {
    const later = to(target, 'access.smi-spec.io/v1alpha4');
    const spec = { ...(later.spec as Fields), destination: { kind: 'ServiceAccount', name: 'other' } };
    const { value, codes } = decode({ ...later, spec });
    expect(value).not.toHaveProperty('destinationPort');
    expect(codes).toEqual(['SMI2030']);
  });
});

test('no edit of a route without fields opens the ports that an annotation keeps', () => {
  const route: Fields = {
    apiVersion: 'specs.smi-spec.io/v1alpha4',
    kind: 'TCPRoute',
    metadata: { name: 'database' },
    spec: { matches: { ports: [5432] } },
  };
  const old = to(route, 'specs.smi-spec.io/v1alpha3');
  for (const object of [old, { ...old, spec: null }, { ...old, spec: { note: 'x' } }]) {
    expect(decode(object).value).toMatchObject({ ports: [5432] });
    expect(to(object, 'specs.smi-spec.io/v1alpha4').spec).toEqual(route.spec);
  }
});

describe('an annotation that no conversion writes refuses its object', () => {
  const later = to(target, 'access.smi-spec.io/v1alpha4');
  const old = to(split, 'split.smi-spec.io/v1alpha2');
  const kept = JSON.parse((later.metadata as { annotations: Record<string, string> }).annotations[port] ?? '');
  const hidden = JSON.parse((old.metadata as { annotations: Record<string, string> }).annotations[newest] ?? '');
  test.each([
    ['no JSON', annotated(later, port, '8080')],
    ['half of it', annotated(later, port, '{"of":"')],
    ['no hash', annotated(later, port, '{"value":8080}')],
    ['no port', annotated(later, port, JSON.stringify({ ...kept, value: 'http' }))],
    ['no port number', annotated(later, port, JSON.stringify({ ...kept, value: 70_000 }))],
    ['nothing at all', annotated(old, newest, '')],
    [
      'fields of the wrong type',
      annotated(old, newest, JSON.stringify({ ...hidden, value: { 'spec.backends': 'all' } })),
    ],
    [
      'fields that do not exist',
      annotated(old, newest, JSON.stringify({ ...hidden, value: { 'spec.backends[0].wieght.x': 1, spec: 1 } })),
    ],
  ])('%s', (_name, object) => {
    const { value, codes } = decode(object);
    expect(value).toBeUndefined();
    expect(codes).toEqual(['SMI2031']);
  });
});

test('a path in an annotation reaches no prototype', () => {
  const old = to(split, 'split.smi-spec.io/v1alpha2');
  const hidden = JSON.parse((old.metadata as { annotations: Record<string, string> }).annotations[newest] ?? '');
  const value = { '__proto__.polluted': true, 'spec.constructor.prototype.polluted': true };
  to(annotated(old, newest, JSON.stringify({ ...hidden, value })), 'split.smi-spec.io/v1alpha4');
  expect(({} as Fields).polluted).toBeUndefined();
});
