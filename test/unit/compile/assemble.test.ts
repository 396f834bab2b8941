import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble, assembleChanges } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { packageRoot } from '../../../src/lib/package-root.ts';
import { kindsOf, smiGroups, versionsOf } from '../../../src/smi/versions.ts';
import { writtenOrigin } from '../../../src/smi/written.ts';
import { readSourceText } from '../../../src/source/read.ts';
import type { SourceDocument } from '../../../src/source/types.ts';

const account = (more: string) =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, labels: { x: ${more} } }\n`;

describe('assembling', () => {
  test('an object that is defined twice in different ways is refused, whichever was meant', () => {
    const { input, refused } = assemble(readSourceText('a', `${account('b')}---\n${account('c')}`).documents);
    expect(input.serviceAccounts).toEqual([]);
    expect(refused).toEqual(['core/ServiceAccount/default/a']);
  });

  test('kinds that nothing here needs are passed over in silence', () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nspec: 7';
    expect(assemble(readSourceText('a', text).documents)).toMatchObject({ diagnostics: [], refused: [] });
  });

  test('a kind of an SMI group that SMI does not have is not silent', () => {
    const text = 'apiVersion: split.smi-spec.io/v1alpha4\nkind: constructor\nmetadata: { name: a }';
    expect(assemble(readSourceText('a', text).documents).diagnostics).toMatchObject([{ code: 'SMI2001' }]);
  });

  test('documents that are kept decode to the same objects again', () => {
    const { documents } = readSourceText('a', account('b'));
    expect(assemble(documents).input.serviceAccounts[0]).toBe(assemble([...documents]).input.serviceAccounts[0]);
  });
});

const kinds: readonly (readonly [string, string, string])[] = [
  ...smiGroups().flatMap((group) =>
    kindsOf(group).flatMap((kind) =>
      (versionsOf(group, kind)?.served ?? []).map((version) => [group, version, kind] as const),
    ),
  ),
  ['', 'v1', 'Service'],
  ['', 'v1', 'Pod'],
  ['', 'v1', 'ServiceAccount'],
  ['', 'v1', 'Namespace'],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) => ['apps', 'v1', kind] as const),
  ['batch', 'v1', 'Job'],
  ['discovery.k8s.io', 'v1', 'EndpointSlice'],
];
const fields = fc.constantFrom(
  ...['metadata', 'name', 'namespace', 'labels', 'spec', 'status', 'service', 'backends', 'weight', 'matches', 'kind'],
  ...['destination', 'sources', 'rules', 'headers', 'methods', 'pathRegex', 'ports', 'port', 'template', 'containers'],
  ...['readinessProbe', 'httpGet', 'env', 'value', 'selector', 'clusterIPs', 'podIPs', 'conditions', '__proto__'],
);
const junk = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.oneof(
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('a', '', 'GET', '(', 'HTTPRouteGroup', 'ServiceAccount'),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fields, tie('value'), { maxKeys: 6 }),
  ),
})).value;

/** One object is decoded, or refused with an error, and what is said of it can be shown to people. */
function expectDecodedOrRefused(apiVersion: string, kind: string, object: SourceDocument['object']): boolean {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const document: SourceDocument = {
    key: objectKey(group, kind, 'default', 'a'),
    apiVersion,
    kind,
    file: 'a',
    index: 0,
    object,
  };
  const { input, diagnostics, refused } = assemble([document]);
  const { refused: _refused, ...objects } = input;
  const decoded = Object.values(objects).flat().length;
  expect(decoded + refused.length).toBe(1);
  expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(refused.length === 1);
  for (const { message, hint, origin } of diagnostics) {
    expect([message, hint].join()).not.toContain('undefined');
    expect(writtenOrigin(document, origin!).object).toBe(document.key);
  }
  return decoded === 1;
}

test('whatever an object contains, it is decoded or refused with an error, and never throws', () => {
  const anyDocument = fc.tuple(fc.constantFrom(...kinds), fc.dictionary(fields, junk, { maxKeys: 6 }));
  fc.assert(
    fc.property(anyDocument, ([[group, version, kind], object]) => {
      expectDecodedOrRefused(group === '' ? version : `${group}/${version}`, kind, object);
    }),
    { numRuns: 2_000 },
  );
});

/** The examples of every schema: good objects of every kind and version. */
const examples = readdirSync(join(packageRoot(), 'schemas/smi'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json') && !file.endsWith('List.json'))
  .flatMap((file) => JSON.parse(readFileSync(join(packageRoot(), 'schemas/smi', file), 'utf8')).examples as Example[]);

interface Example extends Record<string, unknown> {
  readonly apiVersion: string;
  readonly kind: string;
}

function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [...(path.length === 0 ? [] : [path]), ...inner.flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const inner = value as Readonly<Record<string, unknown>>;
  if (Array.isArray(value)) return value.with(Number(key), replaced(value[Number(key)], rest, by));
  return { ...inner, [key]: replaced(inner[key], rest, by) };
}

test('a good object with one value replaced is decoded or refused with an error, and never throws', () => {
  const places = examples.flatMap((example) => pathsOf(example).map((path) => ({ example, path })));
  const kept = places.filter(({ path }) => path[0] !== 'apiVersion' && path[0] !== 'kind');
  let decoded = 0;
  fc.assert(
    fc.property(fc.constantFrom(...kept), junk, ({ example, path }, by) => {
      const object = replaced(example, path, by) as Example;
      if (expectDecodedOrRefused(example.apiVersion, example.kind, object)) decoded += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(decoded).toBeGreaterThan(0);
});

describe('documents that have changed', () => {
  const policy = (spec: string) =>
    `apiVersion: policy.smi-mesh.io/v1alpha1\nkind: TrafficPolicy\nmetadata: { name: p }\nspec: { targetRefs: [{ kind: Service, name: shop }], ${spec} }`;
  const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: shop }\nspec: { ports: [{ port: 80 }] }';
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: shop }\nspec: { serviceAccountName: shop, containers: [{ name: main }] }';

  test.each([
    ['an object comes', [service], [service, pod]],
    ['an object goes', [service, pod], [service]],
    ['an object says something else', [service], [service.replace('80', '81')]],
    ['an object is refused', [service], [service.replace('80', 'none')]],
    ['a refused object is mended', [service.replace('80', 'none')], [service]],
    ['an object is defined twice', [service], [service, service.replace('80', '81')]],
    ['a policy is refused and asks for authentication', [service], [service, policy('authentication: {}')]],
    ['a refused policy goes', [service, policy('authentication: {}')], [service]],
    [
      'a policy is defined twice',
      [service],
      [service, policy('rateLimit: { requests: 1 }'), policy('healthCheck: {}')],
    ],
    [
      'an object that concerns nobody comes',
      [service],
      [service, 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }'],
    ],
  ])('mean the same as all documents: %s', (_what, before, after) => {
    const [old, now] = [before, after].map((texts) => readSourceText('a.yaml', texts.join('\n---\n')).documents);
    if (old === undefined || now === undefined) throw new Error('two sets are read');
    const compiler = createCompiler();
    compiler.compile(assemble(old).input, defaultCompileOptions);
    const byKey = Map.groupBy(now, ({ key }) => key);
    const keys = new Set([...old, ...now].map(({ key }) => key));
    const { changes, diagnostics } = assembleChanges(new Map([...keys].map((key) => [key, byKey.get(key) ?? []])));
    const whole = assemble(now);
    const { model, diagnostics: found } = createCompiler().compile(whole.input, defaultCompileOptions);
    expect(compiler.update(changes, defaultCompileOptions)).toMatchObject({ model, diagnostics: found });
    expect(diagnostics).toEqual(whole.diagnostics);
  });
});
