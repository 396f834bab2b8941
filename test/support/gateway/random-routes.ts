import fc from 'fast-check';
import type { AskedRequest, WrittenMatch, WrittenRoute, WrittenRule } from './interpreter.ts';

const path = fc.oneof(
  fc.record({ type: fc.constant('Exact' as const), value: fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab') }),
  fc.record({
    type: fc.constant('PathPrefix' as const),
    value: fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/b', '/ab'),
  }),
  fc.record({ value: fc.constantFrom('/', '/a', '/b') }),
  fc.record({ type: fc.constant('RegularExpression' as const), value: fc.constantFrom('/a/.+', '/[ab]', '/a(b|/b)?') }),
);

const header = fc.oneof(
  fc.record({ name: fc.constantFrom('x-v', 'X-W'), value: fc.constantFrom('one', 'o.e') }),
  fc.record({
    name: fc.constantFrom('x-v', 'x-w'),
    type: fc.constant('RegularExpression' as const),
    value: fc.constantFrom('o.e', 'one|two'),
  }),
);

const match: fc.Arbitrary<WrittenMatch> = fc.record(
  {
    path,
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.uniqueArray(header, { minLength: 1, maxLength: 2, selector: ({ name }) => name.toLowerCase() }),
  },
  { requiredKeys: [] },
);

const backend = fc.record(
  { name: fc.constantFrom('shop', 'shop-v1', 'shop-v2'), port: fc.constant(80), weight: fc.nat(3) },
  { requiredKeys: ['name', 'port'] },
);

const rule: fc.Arbitrary<WrittenRule> = fc.record(
  {
    matches: fc.array(match, { minLength: 1, maxLength: 3 }),
    backendRefs: fc.array(backend, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['backendRefs'] },
);

/** HTTPRoutes for one Service, some of them as old as others. */
export const routes: fc.Arbitrary<readonly WrittenRoute[]> = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c'),
      created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: ['name', 'rules'] },
  ),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
);

const some = (values: readonly (string | undefined)[]) => values;

/** Every request that the parts of random routes can tell apart, and more. */
export const requests: readonly AskedRequest[] = some(['GET', 'POST', 'PUT']).flatMap((method) =>
  ['/', '/a', '/a/', '/a/b', '/a/b/c', '/a/bc', '/ab', '/abc', '/b', '/c'].flatMap((asked) =>
    some([undefined, 'one', 'ode', 'two']).flatMap((version) =>
      some([undefined, 'one']).map((other) => ({
        method: method ?? 'GET',
        path: asked,
        headers: {
          ...(version === undefined ? {} : { 'x-v': version }),
          ...(other === undefined ? {} : { 'x-w': other }),
        },
      })),
    ),
  ),
);

/** The routes as manifests, for Service `shop`. */
export function manifestsOf(written: readonly WrittenRoute[]): string {
  return written
    .map(({ name, created, rules }) =>
      JSON.stringify({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name, ...(created === undefined ? {} : { creationTimestamp: created }) },
        spec: { parentRefs: [{ group: '', kind: 'Service', name: 'shop' }], rules },
      }),
    )
    .join('\n---\n');
}
