import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { readSourceText } from '../../../src/source/read.ts';

function read(text: string) {
  const sources = readSourceText('a.yaml', text);
  expect(sources.diagnostics).toEqual([]);
  return assemble(sources.documents);
}

const codes = (text: string) => read(text).diagnostics.map(({ code, origin }) => [code, origin?.path]);

const split = (version: string, spec: string) =>
  `apiVersion: split.smi-spec.io/${version}\nkind: TrafficSplit\nmetadata: { name: shop, namespace: store, annotations: { a: b } }\nspec: ${spec}\n`;
const group = (matches: string) =>
  `apiVersion: specs.smi-spec.io/v1alpha4\nkind: HTTPRouteGroup\nmetadata: { name: shop }\nspec: { matches: ${matches} }\n`;
const target = (spec: string) =>
  `apiVersion: access.smi-spec.io/v1alpha3\nkind: TrafficTarget\nmetadata: { name: shop }\nspec: ${spec}\n`;

describe('TrafficSplit', () => {
  const backends = 'backends: [{ service: a, weight: 0 }, { service: b, weight: 2147483647 }]';

  test.each(['v1alpha2', 'v1alpha3', 'v1alpha4'])('%s decodes to the hub', (version) => {
    expect(read(split(version, `{ service: shop, ${backends} }`)).input.splits).toEqual([
      {
        meta: {
          key: 'split.smi-spec.io/TrafficSplit/store/shop',
          namespace: 'store',
          name: 'shop',
          annotations: { a: 'b' },
        },
        service: 'shop',
        backends: [
          { service: 'a', weight: 0 },
          { service: 'b', weight: 2147483647 },
        ],
      },
    ]);
  });

  test('matches exist from v1alpha3; before, they refuse the split, which would become unconditional without them', () => {
    const spec = `{ service: shop, ${backends}, matches: [{ kind: HTTPRouteGroup, name: g, apiGroup: specs.smi-spec.io }] }`;
    expect(read(split('v1alpha3', spec)).input.splits[0]?.matches).toEqual([{ kind: 'HTTPRouteGroup', name: 'g' }]);
    const old = read(split('v1alpha2', spec));
    expect(old.input.splits).toEqual([]);
    expect(old.diagnostics).toMatchObject([{ code: 'SMI2020', severity: 'error' }]);
  });

  test('an empty list of matches stays a list: it must not make the split unconditional', () => {
    expect(read(split('v1alpha4', `{ service: shop, ${backends}, matches: [] }`)).input.splits[0]?.matches).toEqual([]);
  });

  test.each(['-1', '0.5', '2147483648', '1e400', '"1"', 'yes', 'null', '[]'])(
    'the weight %s refuses the split',
    (weight) => {
      const result = read(split('v1alpha4', `{ service: shop, backends: [{ service: a, weight: ${weight} }] }`));
      expect(result.input.splits).toEqual([]);
      expect(result.refused).toEqual(['split.smi-spec.io/TrafficSplit/store/shop']);
      expect(result.diagnostics).toMatchObject([{ severity: 'error', origin: { path: 'spec.backends[0].weight' } }]);
    },
  );

  test('every mistake of an object is reported at once', () => {
    expect(codes(split('v1alpha4', '{ backends: [{ weight: x }, 3] }'))).toEqual([
      ['SMI2002', 'spec.service'],
      ['SMI2002', 'spec.backends[0].service'],
      ['SMI2003', 'spec.backends[0].weight'],
      ['SMI2003', 'spec.backends[1]'],
    ]);
  });
});

describe('HTTPRouteGroup', () => {
  test('both wire forms of headers decode alike', () => {
    const object = read(group('[{ name: m, headers: { a: x, B: y } }]')).input.routeGroups[0]?.matches;
    const list = read(group('[{ name: m, headers: [{ a: x }, {}, { B: y }] }]')).input.routeGroups[0]?.matches;
    expect(object).toEqual([{ name: 'm', headers: { a: 'x', B: 'y' } }]);
    expect(list).toEqual(object);
  });

  test('a header that is called like a property of every object is a header', () => {
    const text = group('[{ name: m, headers: { __proto__: x, constructor: y } }]');
    const headers = read(text).input.routeGroups[0]?.matches[0]?.headers ?? {};
    expect(Object.entries(headers)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  test.each([
    ['[{ name: m, headers: { Host: a, host: b } }]', 'SMI2007', 'spec.matches[0].headers.host'],
    ['[{ name: m, headers: [{ a: b }, { a: c }] }]', 'SMI2007', 'spec.matches[0].headers[1].a'],
    ['[{ name: m }, { name: m }]', 'SMI2007', 'spec.matches[1].name'],
    ['[{ name: m, pathRegex: "(" }]', 'SMI2009', 'spec.matches[0].pathRegex'],
    ['[{ name: m, headers: { x-a: "[" } }]', 'SMI2009', 'spec.matches[0].headers.x-a'],
    ['[{ name: m, methods: }]', 'SMI2003', 'spec.matches[0].methods'],
    ['[{ name: m, headers: }]', 'SMI2003', 'spec.matches[0].headers'],
    ['[{ name: m, pathRegex: }]', 'SMI2003', 'spec.matches[0].pathRegex'],
    ['[{ name: "" }]', 'SMI2006', 'spec.matches[0].name'],
  ])('%s is refused at the place', (matches, code, path) => {
    const result = read(group(matches));
    expect(result.input.routeGroups).toEqual([]);
    expect(result.diagnostics.map((item) => [item.code, item.origin?.path])).toEqual([[code, path]]);
  });

  test('a name that is used twice points to the first use', () => {
    expect(read(group('[{ name: m }, { name: m }]')).diagnostics[0]?.related).toMatchObject([
      { path: 'spec.matches[0].name' },
    ]);
  });
});

describe('TrafficTarget and TCPRoute', () => {
  const subject = '{ kind: ServiceAccount, name: shop }';

  test('decode to the hub', () => {
    const spec = `{ destination: ${subject}, sources: [{ kind: ServiceAccount, name: a, namespace: b }], rules: [{ kind: HTTPRouteGroup, name: g, matches: [m] }, { kind: TCPRoute, name: t }] }`;
    expect(read(target(spec)).input.targets).toMatchObject([
      {
        destination: { kind: 'ServiceAccount', name: 'shop' },
        sources: [{ kind: 'ServiceAccount', name: 'a', namespace: 'b' }],
        rules: [
          { kind: 'HTTPRouteGroup', name: 'g', matches: ['m'] },
          { kind: 'TCPRoute', name: 't' },
        ],
      },
    ]);
    const route =
      'apiVersion: specs.smi-spec.io/v1alpha4\nkind: TCPRoute\nmetadata: { name: t }\nspec: { matches: { ports: [1, 65535] } }';
    expect(read(route).input.tcpRoutes).toMatchObject([{ ports: [1, 65535] }]);
  });

  test('`matches:` without a value does not mean every match', () => {
    const spec = `{ destination: ${subject}, sources: [${subject}], rules: [{ kind: HTTPRouteGroup, name: g, matches: }] }`;
    expect(read(target(spec)).input.targets).toEqual([]);
  });

  test.each(['name: a/b', 'name: A', 'name: a, namespace: b/c', 'name: a, namespace: ""'])(
    'a source with %s is refused: it would not stay itself inside an identity',
    (fields) => {
      const spec = `{ destination: ${subject}, sources: [{ kind: ServiceAccount, ${fields} }], rules: [] }`;
      expect(read(target(spec)).diagnostics).toMatchObject([{ code: 'SMI2006' }]);
    },
  );
});

describe('schemas', () => {
  const folder = fileURLToPath(new URL('../../../schemas/smi', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

  test.each(files)('%s accepts its own examples and describes every field', (name) => {
    const schema = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const validate = new Ajv2020({ allowUnionTypes: true, strictTypes: false }).compile(schema);
    expect(schema.examples).not.toHaveLength(0);
    for (const example of schema.examples) expect([validate(example), validate.errors]).toEqual([true, null]);
    const described = (value: { properties?: object; items?: object; description?: string }): void => {
      expect(value.description).toMatch(/\.$/);
      for (const inner of [...Object.values(value.properties ?? {}), ...(value.items ? [value.items] : [])])
        described(inner);
    };
    described(schema);
  });
});
