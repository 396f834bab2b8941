import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../../adapters/gateway-api/simulate/index.ts';
import type { Simulated } from '../../../../src/adapter/contract.ts';
import type { HttpRequest } from '../../../../src/model/decision.ts';
import { meshOf } from '../../../support/gateway-api/mesh.ts';

interface RouteText {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly created?: string;
  readonly parent?: string;
  readonly rules: string;
}

/** A route to the Service `root` of the namespace `default`. */
function route({ kind = 'HTTPRoute', name = 'r', namespace = 'default', created, parent = '', rules }: RouteText) {
  const body = load(`
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}${created === undefined ? '' : `, creationTimestamp: "${created}"`} }
spec:
  parentRefs: [{ group: "", kind: Service, name: root, namespace: default${parent} }]
  rules: ${rules}
`);
  return { name, format: 'kubernetes', body, origins: [] };
}

/** The namespace `default` lets HTTPRoutes of `other` name these. */
function grant(to: string) {
  const body = load(`
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: g, namespace: default }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: other }]
  to: [${to}]
`);
  return { name: 'g', format: 'kubernetes', body, origins: [] };
}

const one = 'backendRefs: [{ name: one, port: 80 }]';
const two = 'backendRefs: [{ name: two, port: 80 }]';

function ask(routes: readonly ReturnType<typeof route>[], request: Partial<HttpRequest> = {}): string {
  const asked = {
    kind: 'http',
    from: 'default/client',
    to: { host: 'root.default', port: 80 },
    method: 'GET',
    path: '/a/b',
    headers: {},
  };
  return textOf(simulate(routes, meshOf([]))({ ...asked, ...request } as HttpRequest));
}

function textOf(simulated: Simulated): string {
  if (simulated.outcome === 'outside') return 'outside';
  if (simulated.outcome === 'rejected') return String(simulated.status);
  const targets = simulated.targets.map(
    ({ service, weight, total, verdict }) => `${service} ${weight}/${total} ${verdict}`,
  );
  return targets.join(', ').replaceAll('default/', '');
}

describe('which match wins', () => {
  const matched = (first: string, second: string) =>
    ask([route({ rules: `[{ matches: [${first}], ${one} }, { matches: [${second}], ${two} }]` })], {
      headers: { 'x-a': '1', 'x-b': '2' },
      path: '/a/b?q=1&r=2',
    });
  const prefix = (value: string, more = '') => `{ path: { type: PathPrefix, value: ${value} }${more} }`;
  const header = (name: string, value: number) => `{ name: ${name}, value: "${value}" }`;

  it.each([
    ['an exact path before a prefix', prefix('/a/b'), '{ path: { type: Exact, value: /a/b } }'],
    [
      'an exact path before an expression',
      '{ path: { type: RegularExpression, value: /a.* } }',
      '{ path: { type: Exact, value: /a/b } }',
    ],
    ['a longer prefix before headers', prefix('/a', `, headers: [${header('x-a', 1)}], method: GET`), prefix('/a/b')],
    [
      'a method before headers',
      prefix('/a', `, headers: [${header('x-a', 1)}, ${header('x-b', 2)}]`),
      prefix('/a', ', method: GET'),
    ],
    [
      'more headers',
      prefix('/a', `, headers: [${header('x-a', 1)}]`),
      prefix('/a', `, headers: [${header('x-a', 1)}, ${header('X-B', 2)}]`),
    ],
    [
      'headers before query parameters',
      prefix('/a', ', queryParams: [{ name: q, value: "1" }, { name: r, value: "2" }]'),
      prefix('/a', `, headers: [${header('x-a', 1)}]`),
    ],
    ['more query parameters', prefix('/a'), prefix('/a', ', queryParams: [{ name: q, value: "1" }]')],
  ])('%s', (_, first, second) => {
    expect(matched(first, second)).toBe('two 1/1 open');
    expect(matched(second, first)).toBe('one 1/1 open');
  });

  it('then the oldest route, then the name, then the first rule', () => {
    const older = route({ name: 'z', created: '2024-01-01T00:00:00Z', rules: `[{ ${two} }]` });
    expect(ask([route({ name: 'a', created: '2025-01-01T00:00:00Z', rules: `[{ ${one} }]` }), older])).toBe(
      'two 1/1 open',
    );
    expect(ask([route({ name: 'z', rules: `[{ ${one} }]` }), route({ name: 'a', rules: `[{ ${two} }]` })])).toBe(
      'two 1/1 open',
    );
    expect(ask([route({ rules: `[{ ${one} }, { ${two} }]` })])).toBe('one 1/1 open');
  });

  it('prefixes hold for elements of a path', () => {
    const rules = `[{ matches: [${prefix('/a/')}], ${one} }]`;
    const answers = ['/a', '/a/', '/a/b', '/ab'].map((path) => ask([route({ rules })], { path }));
    expect(answers).toEqual(['one 1/1 open', 'one 1/1 open', 'one 1/1 open', '404']);
  });
});

describe('which routes count', () => {
  it('none: the Service itself', () => {
    expect(ask([])).toBe('root 1/1 open');
    expect(ask([route({ parent: ', port: 81', rules: `[{ ${one} }]` })])).toBe('root 1/1 open');
  });

  it('those of the namespace of the client for a Service of another one, else those beside the Service', () => {
    const routes = [
      route({ rules: `[{ ${one} }]` }),
      route({
        namespace: 'other',
        rules: `[{ matches: [{ path: { value: /a } }], backendRefs: [{ name: two, namespace: default, port: 80 }] }]`,
      }),
    ];
    expect(ask(routes)).toBe('one 1/1 open');
    // Its backend is in a namespace that has to grant it.
    expect(ask(routes, { from: 'other/client' as never })).toBe('500');
    for (const [to, answer] of [
      ['{ group: "", kind: Service }', 'two 1/1 open'],
      ['{ group: "", kind: Service, name: two }', 'two 1/1 open'],
      ['{ group: "", kind: Service, name: one }', '500'],
    ] as const) {
      expect(ask([...routes, grant(to)], { from: 'other/client' as never })).toBe(answer);
    }
    expect(ask(routes, { from: 'other/client' as never, path: '/' })).toBe('404');
  });

  it('none that the API refuses: more than 16 rules, 64 matches of one, 128 matches, 16 backends', () => {
    const many = (count: number, text: string) => `[${Array(count).fill(text).join(', ')}]`;
    const matched = (count: number) => `{ matches: ${many(count, '{ path: { value: / } }')}, ${one} }`;
    const backends = (count: number) => `[{ backendRefs: ${many(count, '{ name: one, port: 80 }')} }]`;
    const accepted = [many(16, `{ ${one} }`), `[${matched(64)}, ${matched(64)}]`];
    const refused = [
      ...[many(17, `{ ${one} }`), `[${matched(65)}]`, `[${matched(64)}, ${matched(64)}, ${matched(1)}]`],
      ...[backends(17), '[{ backendRefs: [{ name: one, port: 80, weight: 1000001 }] }]'],
    ];
    expect(accepted.map((rules) => ask([route({ rules })]))).toEqual(accepted.map(() => 'one 1/1 open'));
    expect(ask([route({ rules: backends(16) })])).toContain('one');
    expect(refused.map((rules) => ask([route({ rules })]))).toEqual(refused.map(() => 'root 1/1 open'));
  });

  it('those of the most specific kind', () => {
    const routes = [route({ kind: 'TCPRoute', rules: `[{ ${one} }]` }), route({ rules: `[{ ${two} }]` })];
    expect(ask(routes)).toBe('two 1/1 open');
    const calls = route({
      kind: 'GRPCRoute',
      rules: `[{ matches: [{ method: { service: a } }, { method: { service: a, method: c } }], ${one} }, { matches: [{ method: { service: a, method: b } }], ${two} }]`,
    });
    expect(ask([...routes, calls], { method: 'POST' })).toBe('two 1/1 open');
    expect(ask([...routes, calls], { method: 'POST', path: '/a/x' })).toBe('one 1/1 open');
    expect(ask([...routes, calls])).toBe('404');
  });
});

describe('backends', () => {
  it('have the weight 1 unless another is said, and keep their share when they are missing', () => {
    const rules = '[{ backendRefs: [{ name: one, port: 80 }, { name: gone, port: 80, weight: 3 }] }]';
    expect(ask([route({ rules })])).toBe('one 1/4 open, gone 3/4 unavailable');
  });

  it.each([
    ['no backend', '[{}]'],
    ['one that is missing', '[{ backendRefs: [{ name: gone, port: 80 }] }]'],
    ['one without a port', '[{ backendRefs: [{ name: one }] }]'],
    ['one of another kind', '[{ backendRefs: [{ name: one, kind: Other, port: 80 }] }]'],
    ['weights of 0', '[{ backendRefs: [{ name: one, port: 80, weight: 0 }] }]'],
  ])('%s: 500', (_, rules) => {
    expect(ask([route({ rules })])).toBe('500');
  });
});
