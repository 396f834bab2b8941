import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffModels } from '../../../src/analysis/diff.ts';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import type { Fields } from '../../../src/lib/values.ts';
import type { HttpRequest } from '../../../src/model/decision.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { readSourceText } from '../../../src/source/read.ts';
import { type Compared, expectReported, expectShown } from '../../support/flips.ts';
import { meshBase, meshObjects, outboundRequests } from '../../support/generate/mesh.ts';
import { compile, group, pod, service, split, target, tcpRoute } from '../../support/objects.ts';

/** Small meshes over few names, so that edits meet each other. */
const names = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...names);
const expressions = [
  '/books',
  '/books/.*',
  '/b[a-z]+$',
  '.*/edit',
  '/(?i:ADMIN)',
  '/books/[0-9]{1,2}',
  '.{3}',
  '/x|/y',
];
const headerExpressions = ['v1', 'v.*', '.*x', '[0-9]+', ''];

const match = fc.record({
  pathRegex: fc.option(fc.constantFrom(...expressions), { nil: undefined }),
  methods: fc.option(fc.subarray(['GET', 'POST', 'PUT', '*'], { minLength: 1, maxLength: 2 }), { nil: undefined }),
  headers: fc.option(
    fc.dictionary(fc.constantFrom('x-a', 'x-b', 'host'), fc.constantFrom(...headerExpressions, 'a.*'), { maxKeys: 2 }),
    { nil: undefined },
  ),
});

const parts = fc.record({
  groups: fc.array(fc.record({ m: match, n: match }), { minLength: 2, maxLength: 2 }),
  targets: fc.array(
    fc.record({
      to: name,
      from: fc.subarray([...names, 'ghost'], { minLength: 1 }),
      rules: fc.subarray(['HTTPRouteGroup g0', 'HTTPRouteGroup g1 m', 'TCPRoute t'], { minLength: 1 }),
    }),
    { maxLength: 4 },
  ),
  splits: fc.array(
    fc.record({
      root: name,
      backends: fc.dictionary(name, fc.constantFrom(0, 1, 3), { minKeys: 1 }),
      matches: fc.option(fc.subarray(['g0', 'g1'], { minLength: 1 }), { nil: undefined }),
    }),
    { maxLength: 2 },
  ),
  accounts: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 3, maxLength: 3 }),
  present: fc.subarray([...names], { minLength: 2 }),
  tcpPort: fc.constantFrom(8080, 9090),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** Two meshes of which each part is the same, or is not. */
const edited = fc
  .tuple(parts, parts, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }))
  .map(([one, other, changes]): readonly [Parts, Parts] => {
    const keys = Object.keys(one) as (keyof Parts)[];
    const entries = keys.map((key, index) => [key, changes[index] ? other[key] : one[key]]);
    return [one, Object.fromEntries(entries) as unknown as Parts];
  });

function modelOf({ accounts, groups, targets, splits, present, tcpPort }: Parts): MeshModel {
  const defined = <T extends object>(value: T) =>
    Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
  return compile({
    services: names.map((one) => service(one, { ports: ['80:8080', '90:9090 tcp-raw'] })),
    pods: names
      .filter((one) => present.includes(one))
      .map((one) =>
        pod(`${one}-0`, {
          app: one,
          account: names[names.indexOf(one) + (accounts[names.indexOf(one)] ?? 0)] ?? one,
          ports: ['8080', '9090 tcp-raw'],
        }),
      ),
    routeGroups: groups.map((matches, index) => group(`g${index}`, { m: defined(matches.m), n: defined(matches.n) })),
    tcpRoutes: [tcpRoute('t', [tcpPort])],
    targets: targets.map(({ to, from, rules }, index) => target(`t${index}`, to, from, rules)),
    splits: splits.map(({ root, backends, matches }, index) =>
      split(`s${index}`, root, backends, matches === undefined ? {} : { matches }),
    ),
  }).model;
}

const paths = fc.oneof(
  fc.constantFrom(
    '/',
    '/books',
    '/books/12',
    '/books/123',
    '/bx',
    '/bz/edit',
    '/admin',
    '/ADMIN/edit',
    '/x',
    '/yy',
    '/ab',
  ),
  fc.stringMatching(/^\/[a-z/]{0,8}$/),
);
const requestParts = fc.record({
  from: name,
  to: fc.constantFrom(...names.flatMap((one) => [one, `${one}.default`, `A.default`])),
  port: fc.constantFrom(80, 80, 80, 90),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: paths,
  headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('v1', 'v2', 'x', '1x', '12', '', 'q'), {
    maxKeys: 2,
  }),
});

type RequestParts = typeof requestParts extends fc.Arbitrary<infer T> ? T : never;

function requestOf({ from, to, port, method, path, headers }: RequestParts): HttpRequest {
  return { kind: 'http', from: `default/${from}-0` as WorkloadId, to: { host: to, port }, method, path, headers };
}

function modelOfObjects(objects: readonly Fields[]): MeshModel {
  const list = { apiVersion: 'v1', kind: 'List', items: [...meshBase, ...objects] };
  const { documents } = readSourceText('mesh.json', JSON.stringify(list));
  return createCompiler().compile(assemble(documents).input, defaultCompileOptions).model;
}

/** Two meshes of all kinds of SMI objects, in which some objects differ. */
const editedObjects = fc
  .tuple(meshObjects, meshObjects, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }))
  .map(([one, other, changes]) => [
    one,
    one.map((object, index) => (changes[index] ? (other[index] ?? object) : object)),
  ]);

function compare(before: MeshModel, after: MeshModel): Compared {
  const changes = diffModels(before, after);
  expect(changes.filter((change) => change.kind === 'undecided')).toEqual([]);
  return { before, after, changes };
}

describe('diff of random meshes', () => {
  test('every flip that random requests find is reported, and every reported example shows its change', () => {
    let flips = 0;
    const property = fc.property(edited, fc.infiniteStream(requestParts), ([one, other], stream) => {
      const compared = compare(modelOf(one), modelOf(other));
      expectShown(compared);
      for (const request of stream.take(2_000)) flips += Number(expectReported(requestOf(request), compared));
    });
    fc.assert(property, { numRuns: 60 });
    expect(flips).toBeGreaterThan(1_000);
  }, 240_000);

  test('the same holds for objects of every kind and version', () => {
    let flips = 0;
    const property = fc.property(editedObjects, ([one = [], other = []]) => {
      const compared = compare(modelOfObjects(one), modelOfObjects(other));
      expectShown(compared);
      for (const request of outboundRequests) flips += Number(expectReported(request, compared));
    });
    fc.assert(property, { numRuns: 150 });
    expect(flips).toBeGreaterThan(100);
  }, 240_000);
});
