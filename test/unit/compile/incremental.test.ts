import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCompiler, defaultCompileOptions, type MeshInput } from '../../../src/compile/index.ts';
import { canonicalJson, hashModel } from '../../../src/model/canonical.ts';
import { checkModel } from '../../../src/model/check.ts';
import { decide } from '../../../src/model/decide.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import {
  account,
  binding,
  deployment,
  group,
  http,
  nothing,
  pod,
  service,
  split,
  target,
  tcpRoute,
  udpRoute,
} from '../../support/objects.ts';
import { refusedTrafficPolicy, trafficPolicy } from '../../support/policies.ts';

/** Every object that a random mesh may have, by name, so that an edit replaces or removes one. */
const serviceName = fc.constantFrom('a', 'b', 'c', 'd');
const anyService = fc.tuple(
  serviceName,
  fc.subarray(['80:8080', '81:8081', '82:named', '5432 tcp-db'], { minLength: 1 }),
  fc.constantFrom('ClusterIP', 'ClusterIP', 'ExternalName'),
);
const matchNames = fc.constantFrom('m', 'n', 'o');
const edit = fc.oneof(
  anyService.map(([name, ports, type]) => ({
    list: 'services',
    item: service(name, { ports, type: type as 'ClusterIP' }),
  })),
  fc
    .tuple(
      serviceName,
      fc.constantFrom('1', '2'),
      fc.boolean(),
      fc.subarray(['8080', '8081 named', '5432']),
      fc.subarray(['10.0.0.1', '10.0.0.2', 'fd00::1']),
      fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    )
    .map(([name, ordinal, ready, ports, ips, account = name]) => ({
      list: 'pods',
      item: pod(`${name}-${ordinal}`, { app: name, account, ready, ports, ips }),
    })),
  fc.tuple(serviceName, fc.integer({ min: 0, max: 3 })).map(([name, replicas]) => ({
    list: 'deployments',
    item: deployment(name, replicas),
  })),
  fc.constantFrom('a', 'b', 'c').map((name) => ({ list: 'serviceAccounts', item: account(name) })),
  fc
    .tuple(
      fc.constantFrom('s', 't', 'u'),
      fc.constantFrom('a', 'b', 'a.default', 'gone', 'a.other'),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'gone'), fc.integer({ min: -1, max: 3 })),
      fc.option(fc.subarray(['g', 'h', 'gone']), { nil: undefined }),
    )
    .map(([name, root, backends, matches]) => ({
      list: 'splits',
      item: split(name, root, backends, matches === undefined ? {} : { matches }),
    })),
  fc
    .tuple(
      fc.constantFrom('t', 'u', 'v'),
      fc.constantFrom('a', 'b', 'other/a', '~i', '~j'),
      fc.subarray(['a', 'b', 'other/c', 'gone', '~i', '~j', '~gone']),
      fc.subarray([
        'HTTPRouteGroup g',
        'HTTPRouteGroup h m',
        'HTTPRouteGroup gone',
        'TCPRoute r',
        'TCPRoute gone',
        'UDPRoute x',
        'UDPRoute gone',
        'Odd x',
      ]),
      fc.option(fc.constantFrom(80, 8080, 9), { nil: undefined }),
    )
    .map(([name, destination, sources, rules, port]) => ({
      list: 'targets',
      item: {
        ...target(name, destination, sources, rules),
        ...(port === undefined ? {} : { destinationPort: port }),
      },
    })),
  fc
    .tuple(
      fc.constantFrom('i', 'j'),
      fc.constantFrom<Parameters<typeof binding>[1]>(
        { podLabelSelector: { app: 'a' } },
        { podLabelSelector: { app: 'b' }, spiffeIdentities: ['spiffe://cluster.local/ns/default/sa/a'] },
        { serviceAccount: 'b', spiffeIdentities: ['spiffe://cluster.local/ns/other/sa/a', 'spiffe://far/x'] },
      ),
    )
    .map(([name, schemes]) => ({ list: 'identityBindings', item: binding(name, schemes) })),
  fc.subarray([53, 8080]).map((ports) => ({ list: 'udpRoutes', item: udpRoute('x', ports) })),
  fc
    .tuple(
      fc.constantFrom('g', 'h'),
      fc.dictionary(
        matchNames,
        fc.record({
          pathRegex: fc.constantFrom('/x', '/[a-z]+', '(', '.*'),
          methods: fc.subarray(['GET', 'POST', '*']),
          headers: fc.dictionary(fc.constantFrom('Host', 'x-a'), fc.constantFrom('.*', '[', 'a')),
        }),
      ),
    )
    .map(([name, matches]) => ({ list: 'routeGroups', item: group(name, matches) })),
  fc.tuple(fc.constantFrom('r'), fc.subarray([80, 8080, 5432, 9])).map(([name, ports]) => ({
    list: 'tcpRoutes',
    item: tcpRoute(name, ports),
  })),
);

/** Policies of clients and of servers for one Service, some, a namespace or the mesh; with matches that resolve or do not. */
const policyTargets = fc.constantFrom(
  ['p', '[{ kind: Service, name: a }]'],
  ['p', '[{ kind: Service, name: b }, { kind: Namespace }]'],
  ['q', '[{ kind: Service, name: a }, { kind: Service, name: c }, { kind: Service, name: gone }]'],
  ['q', '[{ kind: Namespace }]'],
  ['smi-mesh/p', '[{ kind: Mesh }]'],
  ['r', '[{ kind: Mesh }]'],
);
const policyMatches = fc.constantFrom(
  '',
  '',
  'matches: [{ kind: HTTPRouteGroup, name: g }]',
  'matches: [{ kind: HTTPRouteGroup, name: h, matches: [m] }, { kind: HTTPRouteGroup, name: gone }]',
);
const policyFields = fc.subarray(
  [
    'timeouts: { connect: 1s, request: 2s }',
    'retries: { attempts: 1, budget: { percent: 5 } }',
    'mirror: { service: d, percent: 5 }',
    'loadBalancer: { algorithm: random, locality: { prefer: true } }',
    'healthCheck: {}',
    'rateLimit: { requests: 5 }',
    'authentication: { jwt: [{ issuer: a, jwks: { file: /a } }] }',
    'tls: { mode: permissive, ports: [80, 5432] }',
  ],
  { minLength: 1 },
);
const policyEdit = fc
  .tuple(policyTargets, policyMatches, policyFields, fc.constantFrom(undefined, '2026-01-01T00:00:00Z'))
  .map(([[name = '', refs = ''], matches, fields, created]) => ({
    list: 'policies',
    item: trafficPolicy(name, `targetRefs: ${refs}\n${[matches, ...fields].join('\n')}`, created),
  }));
const refusedEdit = policyTargets.map(([name = '', refs = '']) => {
  const { refusedPolicies = [] } = refusedTrafficPolicy(`${name}x`, `targetRefs: ${refs}\nauthentication: {}`);
  return { list: 'refusedPolicies', item: refusedPolicies[0]! };
});
const anyEdit = fc.oneof(
  { weight: 3, arbitrary: edit },
  { weight: 1, arbitrary: fc.oneof(policyEdit, policyEdit, refusedEdit) },
);

type Edit = { readonly list: string; readonly item: { readonly meta: { readonly key: string } } };
type Lists = Record<string, readonly Edit['item'][]>;

/** The same object again removes it, so that random edits both add and delete. */
function apply(input: MeshInput, { list, item }: Edit, remove: boolean): MeshInput {
  const lists = input as unknown as Lists;
  const others = (lists[list] ?? []).filter(({ meta }) => meta.key !== item.meta.key);
  return { ...input, [list]: remove ? others : [...others, item] };
}

function nodes(model: MeshModel): readonly (readonly [string, unknown])[] {
  return (['services', 'workloads', 'outbound', 'inbound'] as const).flatMap((part) =>
    Object.entries(model[part]).map(([id, node]): [string, unknown] => [`${part} ${id}`, node]),
  );
}

function shuffled(input: MeshInput): MeshInput {
  return Object.fromEntries(
    Object.entries(input).map(([list, items]) => [list, [...items].reverse()]),
  ) as unknown as MeshInput;
}

describe('after any sequence of edits', () => {
  it('the result is that of a fresh compiler, sound, and keeps every node that did not change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyEdit, fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 40 }),
        (edits) => {
          const compiler = createCompiler();
          let input: MeshInput = nothing;
          let previous = new Map<string, unknown>();
          for (const [one, chance] of edits) {
            input = apply(input, one, chance === 0);
            const { model, diagnostics } = compiler.compile(input, defaultCompileOptions);
            const fresh = createCompiler().compile(input, defaultCompileOptions);
            expect(model).toEqual(fresh.model);
            expect(diagnostics).toEqual(fresh.diagnostics);
            expect(checkModel(model)).toEqual([]);
            for (const [id, node] of nodes(model)) {
              const before = previous.get(id);
              if (before !== undefined && canonical(before) === canonical(node)) expect(node, id).toBe(before);
            }
            previous = new Map(nodes(model));
          }
          expect(createCompiler().compile(shuffled(input), defaultCompileOptions)).toEqual(
            createCompiler().compile(input, defaultCompileOptions),
          );
        },
      ),
      { numRuns: 200 },
    );
  }, 120_000);

  it('every decision has shares that say where all requests go', () => {
    fc.assert(
      fc.property(
        fc.array(anyEdit, { minLength: 20, maxLength: 60 }),
        fc.constantFrom('/x', '/y', '/%zz'),
        (edits, path) => {
          const input = edits.reduce<MeshInput>((so, one) => apply(so, one, false), nothing);
          const { model } = createCompiler().compile(input, defaultCompileOptions);
          for (const from of Object.values(model.workloads).map(({ name }) => name)) {
            const decision = decide(model, http(from, 'a:80', `GET ${path}`));
            const sum = decision.targets.reduce((total, { weight }) => total + weight, 0);
            if (decision.outcome === 'rejected') expect([400, 404, 503]).toContain(decision.status);
            else for (const { total } of decision.targets) expect(sum).toBe(total);
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 120_000);
});

/** With origins, which are part of what is kept. */
function canonical(value: unknown): string {
  return JSON.stringify(value);
}

describe('an input that says the same', () => {
  const input: MeshInput = {
    ...nothing,
    services: [service('a'), service('b')],
    pods: [pod('a'), pod('b')],
    splits: [split('s', 'a', { a: 1, b: 1 })],
    routeGroups: [group('g', { m: { pathRegex: '/x' } })],
    targets: [target('t', 'a', ['b'], ['HTTPRouteGroup g'])],
  };

  it('gives the very same model', () => {
    const compiler = createCompiler();
    const first = compiler.compile(input, defaultCompileOptions);
    expect(compiler.compile(structuredClone(input), defaultCompileOptions).model).toBe(first.model);
    expect(compiler.compile(shuffled(input), defaultCompileOptions).model).toBe(first.model);
  });

  it('has the same canonical form and hash wherever it was written', () => {
    const moved = { ...input, routeGroups: [group('g', { other: { methods: ['PUT'] }, m: { pathRegex: '/x' } })] };
    const sameMeaning = { ...moved, targets: [target('t', 'a', ['b'], ['HTTPRouteGroup g m'])] };
    const [a, b] = [input, sameMeaning].map((one) => createCompiler().compile(one, defaultCompileOptions).model);
    if (a === undefined || b === undefined) throw new Error('nothing compiled');
    expect(canonicalJson(b)).toBe(canonicalJson(a));
    expect(hashModel(b)).toBe(hashModel(a));
    expect(b).not.toEqual(a);
    expect(canonicalJson(a)).not.toContain('origins');
  });

  it('changes only the policy of the root when a weight changes', () => {
    const compiler = createCompiler();
    const before = compiler.compile(input, defaultCompileOptions).model;
    const edited = { ...input, splits: [split('s', 'a', { a: 1, b: 2 })] };
    const after = compiler.compile(edited, defaultCompileOptions).model;
    expect(hashModel(after)).not.toBe(hashModel(before));
    const kept = new Set(nodes(before).map(([, node]) => node));
    expect(
      nodes(after)
        .filter(([, node]) => !kept.has(node))
        .map(([id]) => id),
    ).toEqual(['outbound default/a']);
    expect(after.services).toBe(before.services);
  });
});
