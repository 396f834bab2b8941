import { describe, expect, test } from 'vitest';
import { objectKey } from '../../../../src/diagnostics/origin.ts';
import type { Fields } from '../../../../src/lib/values.ts';
import { convert, convertObject } from '../../../../src/smi/convert/convert.ts';
import { reportKept } from '../../../../src/smi/convert/report.ts';

function to(object: Fields, version: string): Fields {
  const apiVersion = String(object.apiVersion);
  const converted = convertObject(object, `${apiVersion.slice(0, apiVersion.indexOf('/'))}/${version}`);
  if (!converted.ok) throw new Error(converted.error[0]?.message);
  return converted.value;
}

function effects(object: Fields, apiVersion: string): readonly string[] {
  const converted = convert(object, apiVersion);
  return converted.ok ? converted.value.kept.map(({ effect }) => effect) : [];
}

function split(version: string, weights: readonly unknown[], more: Fields = {}): Fields {
  const backends = weights.map((weight, index) => ({ service: `v${index + 1}`, weight }));
  return {
    apiVersion: `split.smi-spec.io/${version}`,
    kind: 'TrafficSplit',
    metadata: { name: 'canary' },
    spec: { service: 'web', backends, ...more },
  };
}

function weights(object: Fields): readonly unknown[] {
  return (object.spec as { backends: readonly Fields[] }).backends.map(({ weight }) => weight);
}

describe('weights', () => {
  test.each([
    [
      ['900m', '100m'],
      [9, 1],
    ],
    [
      ['1', '500m'],
      [2, 1],
    ],
    [
      ['0', '0m'],
      [0, 0],
    ],
    [
      [90, 10],
      [90, 10],
    ],
    [
      ['1Ki', '1k'],
      [1024, 1000],
    ],
    [
      [0.5, '1.5', '2e0'],
      [1, 3, 4],
    ],
  ])('%j of v1alpha1 are %j', (quantities, whole) => {
    expect(weights(to(split('v1alpha1', quantities), 'v1alpha4'))).toEqual(whole);
  });

  test('their spelling is forgotten once a weight has changed', () => {
    const newest = to(split('v1alpha1', ['900m', '100m']), 'v1alpha4');
    const edited = { ...newest, spec: split('v1alpha4', [5, 5]).spec };
    expect(to(edited, 'v1alpha1')).toEqual(split('v1alpha1', [5, 5]));
  });

  test('ratios that no whole weights have leave an object that is refused everywhere, and come back', () => {
    const extreme = split('v1alpha1', ['1n', '1E']);
    const newest = to(extreme, 'v1alpha4');
    expect(newest.spec).toBeUndefined();
    expect(to(newest, 'v1alpha1')).toEqual(extreme);
  });
});

describe('matches of a split', () => {
  const matches = [{ kind: 'HTTPRouteGroup', name: 'testers' }];
  const conditional = split('v1alpha4', [90, 10], { matches });

  test('are hidden from older versions, where the root keeps everything', () => {
    const { spec } = to(conditional, 'v1alpha2');
    expect(spec).toEqual({
      service: 'web',
      backends: [
        { service: 'v1', weight: 0 },
        { service: 'v2', weight: 0 },
        { service: 'web', weight: 1 },
      ],
    });
  });

  test('are gone once an older client has written weights of its own', () => {
    const old = to(conditional, 'v1alpha2');
    const edited = { ...old, spec: split('v1alpha2', [50, 50]).spec };
    expect(to(edited, 'v1alpha4')).toEqual(split('v1alpha4', [50, 50]));
  });

  test('stay when an older client has only labelled the object', () => {
    const old = to(conditional, 'v1alpha1');
    const labelled = { ...old, metadata: { ...(old.metadata as Fields), labels: { team: 'a' } } };
    const metadata = { name: 'canary', labels: { team: 'a' } };
    expect(to(labelled, 'v1alpha3')).toEqual({ ...split('v1alpha3', [90, 10], { matches }), metadata });
  });
});

function target(version: string, spec: Fields, annotations?: Fields): Fields {
  return {
    apiVersion: `access.smi-spec.io/${version}`,
    kind: 'TrafficTarget',
    metadata: { name: 'target', ...(annotations === undefined ? {} : { annotations }) },
    spec,
  };
}

const store = { kind: 'ServiceAccount', name: 'store' };
const buyer = { kind: 'ServiceAccount', name: 'buyer' };
const staff = { kind: 'IdentityBinding', name: 'staff', group: 'access.smi-spec.io' };
const nobody = { kind: 'ServiceAccount', name: 'nobody.smi-mesh.io' };
const pages = { kind: 'HTTPRouteGroup', name: 'pages' };
const dns = { kind: 'UDPRoute', name: 'dns' };

describe('the port of a destination', () => {
  const old = target('v1alpha2', { destination: { ...store, port: 8080 }, rules: [pages], sources: [buyer] });

  test('is an annotation where there is no field, and stays when the rest is edited', () => {
    const newest = to(old, 'v1alpha4');
    expect(newest.spec).toEqual({ destination: store, rules: [pages], sources: [buyer] });
    const edited = { ...newest, spec: { destination: store, rules: [pages], sources: [buyer, staff] } };
    expect((to(edited, 'v1alpha1').destination as Fields).port).toBe(8080);
  });

  test('is forgotten once the destination is another', () => {
    const newest = to(old, 'v1alpha4');
    const edited = { ...newest, spec: { destination: buyer, rules: [pages], sources: [buyer] } };
    expect(to(edited, 'v1alpha1').destination).toEqual(buyer);
  });

  test('survives beside what is hidden from v1alpha3', () => {
    const mixed = { ...to(old, 'v1alpha4'), spec: { destination: store, rules: [pages], sources: [buyer, staff] } };
    const seen = to(mixed, 'v1alpha3');
    expect(seen.spec).toEqual({ destination: store, rules: [pages], sources: [buyer] });
    const annotations = Object.keys((seen.metadata as { annotations: Fields }).annotations);
    expect(annotations.toSorted()).toEqual([
      'smi-mesh.io/preserved-destination-port',
      'smi-mesh.io/preserved-v1alpha4',
    ]);
    expect(to(seen, 'v1alpha4')).toEqual(mixed);
  });
});

describe('identities and routes that older versions lack', () => {
  test('bindings among the sources are left out', () => {
    const newest = target('v1alpha4', { destination: store, rules: [pages], sources: [buyer, staff] });
    expect(to(newest, 'v1alpha2').spec).toEqual({ destination: store, rules: [pages], sources: [buyer] });
  });

  test('without any other source nobody is named, since an empty list means everybody to some', () => {
    const newest = target('v1alpha4', { destination: store, rules: [pages], sources: [staff] });
    expect(to(newest, 'v1alpha3').spec).toEqual({ destination: store, rules: [pages], sources: [nobody] });
  });

  test('a binding as destination leaves an inert target', () => {
    const newest = target('v1alpha4', { destination: staff, rules: [pages], sources: [buyer] });
    expect(to(newest, 'v1alpha1')).toMatchObject({ destination: nobody, specs: [], sources: [nobody] });
  });

  test('UDPRoutes are left out of v1alpha2; alone they leave nothing to ask for', () => {
    const both = target('v1alpha4', { destination: store, rules: [pages, dns], sources: [buyer] });
    expect(to(both, 'v1alpha2').spec).toEqual({ destination: store, rules: [pages], sources: [buyer] });
    const alone = target('v1alpha4', { destination: store, rules: [dns], sources: [buyer] });
    expect(to(alone, 'v1alpha2').spec).toEqual({ destination: store, rules: [], sources: [nobody] });
    expect(to(alone, 'v1alpha3').spec).toEqual(alone.spec);
  });
});

describe('routes', () => {
  const group: Fields = {
    apiVersion: 'specs.smi-spec.io/v1alpha4',
    kind: 'HTTPRouteGroup',
    metadata: { name: 'pages' },
    spec: {
      matches: [
        { name: 'beta', headers: [{ cookie: 'beta' }] },
        { name: 'read', pathRegex: '/books' },
      ],
    },
  };

  test('a match that asks for headers matches nothing in v1alpha1 and keeps its name', () => {
    expect(to(group, 'v1alpha1').matches).toEqual([
      { name: 'beta', pathRegex: '[^\\s\\S]', methods: ['*'] },
      { name: 'read', pathRegex: '/books', methods: ['*'] },
    ]);
  });

  test('headers become an object', () => {
    expect(to(group, 'v1alpha2').matches).toEqual([
      { name: 'beta', headers: { cookie: 'beta' } },
      { name: 'read', pathRegex: '/books' },
    ]);
    expect(effects(group, 'specs.smi-spec.io/v1alpha2')).toEqual(['spelling']);
  });

  test('ports of a TCPRoute are open to whoever ignores the annotation, and the conversion says so', () => {
    const route: Fields = { ...group, kind: 'TCPRoute', spec: { matches: { ports: [5432] } } };
    expect(to(route, 'v1alpha3').spec).toEqual({});
    expect(effects(route, 'specs.smi-spec.io/v1alpha3')).toEqual(['open']);
    expect(effects({ ...route, spec: { matches: { ports: [] } } }, 'specs.smi-spec.io/v1alpha3')).toEqual([]);
  });
});

describe('what is refused', () => {
  test.each([
    ['split.smi-spec.io/v1alpha5', 'has no version v1alpha5'],
    ['access.smi-spec.io/v1alpha3', 'cannot become one of access.smi-spec.io'],
    ['v1alpha3', 'cannot become one of'],
  ])('%s', (apiVersion, message) => {
    const converted = convertObject(split('v1alpha4', [1]), apiVersion);
    expect(converted.ok ? [] : converted.error).toEqual([
      expect.objectContaining({ code: 'SMI2011', message: expect.stringContaining(message) }),
    ]);
  });

  test('an annotation that would not fit is left out, and the object stays narrow', () => {
    const matches = Array.from({ length: 9000 }, (_, index) => ({ kind: 'HTTPRouteGroup', name: `group-${index}` }));
    const large = split('v1alpha4', [1], { matches });
    const old = to(large, 'v1alpha2');
    const conversion = convert(large, 'split.smi-spec.io/v1alpha2');
    const key = objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'canary');
    const reported = conversion.ok ? reportKept(key, conversion.value, false) : [];
    expect(reported).toEqual([expect.objectContaining({ code: 'SMI2036', severity: 'error' })]);
    expect(old.metadata).toEqual({ name: 'canary' });
    expect(weights(old)).toEqual([0, 1]);
  });
});
