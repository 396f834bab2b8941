import { describe, expect, it } from 'vitest';
import type { MeshInput } from '../../../src/compile/index.ts';
import { checkModel } from '../../../src/model/check.ts';
import { fieldsInForce } from '../../../src/model/policy-fields.ts';
import type { MeshModel, ServiceId, WorkloadId } from '../../../src/model/types.ts';
import { compile, group, pod, service, target } from '../../support/objects.ts';
import { refusedTrafficPolicy, trafficPolicy } from '../../support/policies.ts';

const routes = group('routes', {
  read: { methods: ['GET'] },
  write: { methods: ['POST'] },
  bad: { pathRegex: '/x' },
});
const shop = service('shop', { ports: ['80:8080', '81:8081 tcp-raw'] });
const mesh = (policies: MeshInput['policies'], more: Partial<MeshInput> = {}) => {
  const input = { services: [shop], pods: [pod('shop', { ports: ['8080', '8081'] })], routeGroups: [routes], policies };
  const { model, diagnostics } = compile({ ...input, ...more } as Partial<MeshInput>);
  expect(checkModel(model)).toEqual([]);
  return { model, codes: diagnostics.map(({ code, origin }) => `${code} ${origin?.path}`) };
};
const port = (model: MeshModel, id = 'default/shop', number = 80) => model.outbound[id as ServiceId]?.ports[number];
const inForce = (model: MeshModel) =>
  Object.fromEntries(
    fieldsInForce(port(model)?.policies ?? []).map(({ path, value, policy }) => [path, [value, policy]]),
  );

describe('what clients do', () => {
  it("is a Service's own policy over its namespace's over the mesh's, field by field", () => {
    const { model, codes } = mesh([
      trafficPolicy(
        'smi-mesh/all',
        'targetRefs: [{ kind: Mesh }]\ntimeouts: { request: 30s, perTry: 3s, idle: 3m }\nretries: { attempts: 3 }',
      ),
      trafficPolicy(
        'default/team',
        'targetRefs: [{ kind: Namespace }]\ntimeouts: { request: 20s, perTry: 2s }\nretries: { budget: { percent: 5 } }',
      ),
      trafficPolicy('shop', 'timeouts: { request: 10s }'),
    ]);
    expect(codes).toEqual([]);
    expect(inForce(model)).toEqual({
      'timeouts.request': [10_000, 'default/shop'],
      'timeouts.perTry': [2_000, 'default/team'],
      'timeouts.idle': [180_000, 'smi-mesh/all'],
      'retries.attempts': [3, 'smi-mesh/all'],
      'retries.budget.percent': [5, 'default/team'],
    });
    expect(port(model)?.policies?.map(({ policy }) => policy)).toEqual([
      'default/shop',
      'default/team',
      'smi-mesh/all',
    ]);
    expect(port(model, 'default/shop', 81)?.policies).toBeUndefined();
  });

  it('asks policies with matches first, then by creation time, absent first, then by name', () => {
    const { model } = mesh([
      trafficPolicy('b', 'targetRefs: [{ kind: Service, name: shop }]\ndebugRouting: true', '2026-01-01T00:00:00Z'),
      trafficPolicy('c', 'targetRefs: [{ kind: Service, name: shop }]\ntimeouts: { idle: 1s }'),
      trafficPolicy(
        'a',
        'targetRefs: [{ kind: Service, name: shop }]\nmirror: { service: shop }',
        '2026-01-01T00:00:00Z',
      ),
      trafficPolicy(
        'z',
        'targetRefs: [{ kind: Service, name: shop }]\nmatches: [{ kind: HTTPRouteGroup, name: routes }]\ntimeouts: { idle: 2s }',
      ),
    ]);
    expect(port(model)?.policies?.map(({ policy, matches }) => [policy, matches === 'any'])).toEqual([
      ['default/z', false],
      ['default/c', true],
      ['default/a', true],
      ['default/b', true],
    ]);
  });

  it('is said to conflict where two policies of one rank without matches say the same', () => {
    const { model, codes } = mesh([
      trafficPolicy('a', 'targetRefs: [{ kind: Service, name: shop }]\ntimeouts: { request: 1s, connect: 1s }'),
      trafficPolicy(
        'b',
        'targetRefs: [{ kind: Service, name: shop }]\ntimeouts: { request: 2s, connect: 2s, idle: 5s }',
      ),
    ]);
    expect(codes).toEqual(['SMI4103 spec.timeouts.connect', 'SMI4103 spec.timeouts.request']);
    expect(inForce(model)['timeouts.request']).toEqual([1_000, 'default/a']);
    expect(port(model)?.endpoints?.fields).toEqual({ connectTimeout: 1_000 });
  });

  it('covers what its matches name', () => {
    const matches = 'matches: [{ kind: HTTPRouteGroup, name: routes, matches: [read] }]\n';
    const { model, codes } = mesh([trafficPolicy('shop', `${matches}timeouts: { request: 1s }`)]);
    expect(codes).toEqual([]);
    expect(port(model)?.policies).toMatchObject([{ policy: 'default/shop', matches: [{ methods: ['GET'] }] }]);
  });

  it.each([
    ['a group', '{ kind: HTTPRouteGroup, name: gone }', 'SMI3004 spec.matches[0].name'],
    ['a match', '{ kind: HTTPRouteGroup, name: routes, matches: [reed] }', 'SMI3005 spec.matches[0].matches[0]'],
  ])('covers nothing when %s is not there', (_, match, code) => {
    const { model, codes } = mesh([trafficPolicy('shop', `matches: [${match}]\ntimeouts: { request: 1s }`)]);
    expect(codes).toEqual([expect.stringContaining(code), 'SMI4102 spec.matches'].sort());
    expect(port(model)?.policies).toBeUndefined();
  });

  it('ignores fields of endpoints in a policy with matches', () => {
    const matches = 'matches: [{ kind: HTTPRouteGroup, name: routes }]\n';
    const { model, codes } = mesh([trafficPolicy('shop', `${matches}timeouts: { connect: 1s }\nhealthCheck: {}`)]);
    expect(codes).toEqual(['SMI4104 spec.healthCheck', 'SMI4104 spec.timeouts.connect']);
    expect(port(model)?.endpoints).toBeUndefined();
  });

  it('mirrors to an HTTP port of the own namespace, and to nothing else', () => {
    const { model, codes } = mesh([
      trafficPolicy('shop', 'mirror: { service: shop, port: 81, percent: 1 }\ndebugRouting: true'),
    ]);
    expect(codes).toEqual(['SMI3015 spec.mirror']);
    expect(inForce(model)).toEqual({ debugRouting: [true, 'default/shop'] });
    const good = mesh([trafficPolicy('shop', 'mirror: { service: copy, percent: 1 }')], {
      services: [shop, service('copy')],
    });
    expect(inForce(good.model).mirror).toEqual([{ service: 'default/copy', port: 80, share: 100 }, 'default/shop']);
  });

  it.each([
    ['a Service that is not there', 'default/p', '{ kind: Service, name: shp }', 'SMI3014 spec.targetRefs[0].name'],
    ['another namespace', 'default/p', '{ kind: Namespace, name: other }', 'SMI4101 spec.targetRefs[0].name'],
    ['the mesh, from elsewhere', 'default/p', '{ kind: Mesh }', 'SMI4101 spec.targetRefs[0].kind'],
    ['a Service elsewhere', 'other/p', '{ kind: Service, name: shop }', 'SMI3014 spec.targetRefs[0].name'],
  ])('is not for %s', (_, name, ref, code) => {
    const { model, codes } = mesh([trafficPolicy(name, `targetRefs: [${ref}]\ntimeouts: { request: 1s }`)]);
    expect(codes).toEqual([code]);
    expect(port(model)?.policies).toBeUndefined();
  });

  it.each(['smi-mesh', 'smi-mesh-system'])('is for the mesh in namespace %s', (namespace) => {
    const mine = trafficPolicy(`${namespace}/p`, 'targetRefs: [{ kind: Mesh }]\ntimeouts: { request: 1s }');
    const { model, codes } = mesh([mine]);
    expect(codes).toEqual([]);
    expect(inForce(model)).toEqual({ 'timeouts.request': [1000, `${namespace}/p`] });
  });

  it('needs HTTP', () => {
    const raw = service('raw', { ports: ['5432 tcp-db'] });
    const { codes } = mesh([trafficPolicy('raw', 'timeouts: { request: 1s, connect: 1s }')], { services: [raw] });
    expect(codes).toEqual(['SMI3011 spec.selector', 'SMI4105 spec.timeouts.request']);
  });
});

describe('how clients treat endpoints', () => {
  it('is merged leaf by leaf, also for TCP ports', () => {
    const { model } = mesh([
      trafficPolicy(
        'smi-mesh/all',
        'targetRefs: [{ kind: Mesh }]\ncircuitBreaker: { connections: 5, pending: 6 }\nloadBalancer: { algorithm: random, locality: { prefer: true } }',
      ),
      trafficPolicy(
        'shop',
        'circuitBreaker: { connections: 50 }\nloadBalancer: { algorithm: roundRobin }\nhealthCheck: {}',
      ),
    ]);
    for (const number of [80, 81]) {
      expect(port(model, 'default/shop', number)?.endpoints).toMatchObject({
        policy: 'default/shop, smi-mesh/all',
        matches: 'any',
        fields: {
          circuitBreaker: { connections: 50, pending: 6 },
          loadBalancer: { algorithm: 'roundRobin', locality: { prefer: true } },
          healthCheck: {},
        },
      });
    }
  });
});

const jwt = (issuer: string) => `authentication: { jwt: [{ issuer: ${issuer}, jwks: { file: /keys } }] }`;
const guards = (model: MeshModel, workload = 'default/shop') => {
  const { set } = model.workloads[workload as WorkloadId]!;
  const layers = model.inbound[set]?.policies ?? [];
  return layers.map(({ policy, ports, fields, matches }) => {
    return `${policy} ${Object.keys(fields).join('+')} at ${ports.join()}${matches === 'any' ? '' : ' for some'}`;
  });
};

describe('what servers ask', () => {
  it('is asked at the container ports that the Service reaches', () => {
    const { model, codes } = mesh([trafficPolicy('shop', `${jwt('a')}\nrateLimit: { requests: 5 }`)]);
    expect(codes).toEqual([]);
    expect(guards(model)).toEqual(['default/shop authentication+rateLimit at 8080']);
    expect(model.workloads['default/shop' as WorkloadId]?.set).toBe('default/shop');
  });

  it('of a namespace and of the mesh is asked at every HTTP port there, where the Service says nothing itself', () => {
    const policies = [
      trafficPolicy('smi-mesh/all', `targetRefs: [{ kind: Mesh }]\n${jwt('mesh')}\nrateLimit: { requests: 9 }`),
      trafficPolicy('default/team', `targetRefs: [{ kind: Namespace }]\nrateLimit: { requests: 7 }`),
    ];
    const pods = [pod('shop', { ports: ['8080', '9090'] }), pod('other/far')];
    const { model } = mesh(policies, { pods });
    expect(guards(model)).toEqual(['default/team rateLimit at 8080,9090', 'smi-mesh/all authentication at 8080,9090']);
    expect(guards(model, 'other/far')).toEqual(['smi-mesh/all authentication+rateLimit at 8080']);
    const own = mesh([...policies, trafficPolicy('shop', jwt('own'))], { pods });
    expect(guards(own.model)).toEqual([
      'default/shop authentication at 8080',
      'default/team rateLimit at 8080,9090',
      'smi-mesh/all authentication at 9090',
    ]);
  });

  it('adds to the default where it is for some requests only', () => {
    const { model } = mesh(
      [
        trafficPolicy('default/team', `targetRefs: [{ kind: Namespace }]\n${jwt('team')}`),
        trafficPolicy('shop', `matches: [{ kind: HTTPRouteGroup, name: routes, matches: [write] }]\n${jwt('own')}`),
      ],
      { pods: [pod('shop')] },
    );
    expect(guards(model)).toEqual([
      'default/shop authentication at 8080 for some',
      'default/team authentication at 8080',
    ]);
  });

  it.each(['{ kind: HTTPRouteGroup, name: gone }', '{ kind: HTTPRouteGroup, name: routes, matches: [read, gone] }'])(
    'covers every request when its matches do not resolve: %s',
    (match) => {
      const { model } = mesh([trafficPolicy('shop', `matches: [${match}]\n${jwt('a')}\nrateLimit: { requests: 1 }`)]);
      expect(guards(model)).toEqual(['default/shop authentication+rateLimit at 8080']);
    },
  );

  it('is asked by all Services over one port, and told', () => {
    const services = [shop, service('alias', { app: 'shop' })];
    const { model, codes } = mesh([trafficPolicy('shop', jwt('a')), trafficPolicy('alias', jwt('b'))], { services });
    expect(codes).toEqual(['SMI4107 spec.authentication']);
    expect(guards(model)).toEqual(['default/alias authentication at 8080', 'default/shop authentication at 8080']);
  });

  it('divides an account whose pods are not all behind the Service, with the grants that they had', () => {
    const pods = [pod('shop', { account: 'acc' }), pod('blue', { account: 'acc' }), pod('green', { account: 'acc' })];
    const services = [shop, service('blue')];
    const targets = [target('t', 'acc', ['client'], ['HTTPRouteGroup routes'])];
    const { model } = mesh([trafficPolicy('blue', jwt('a'))], { pods, services, targets });
    const sets = ['shop', 'blue', 'green'].map((name) => model.workloads[`default/${name}` as WorkloadId]!.set);
    expect(sets).toEqual(['default/acc', expect.stringMatching(/^default\/acc~[0-9a-f]{16}$/), 'default/acc']);
    expect(Object.keys(model.inbound).sort()).toEqual([...new Set(sets)].sort());
    expect(guards(model, 'default/blue')).toEqual(['default/blue authentication at 8080']);
    expect(guards(model, 'default/green')).toEqual([]);
    for (const set of sets) expect(model.inbound[set]?.grants.map(({ rule }) => rule)).toEqual(['default/t']);
  });

  it('of a refused policy with authentication closes what it was for', () => {
    const refused = refusedTrafficPolicy('shop', `${jwt('a')}\ntimeout: 1s`);
    const { model, codes } = mesh(
      [trafficPolicy('smi-mesh/all', `targetRefs: [{ kind: Mesh }]\n${jwt('m')}`)],
      refused,
    );
    expect(codes).toEqual(['SMI4108 spec.targetRefs[0]']);
    expect(guards(model)).toEqual(['default/shop authentication at 8080', 'smi-mesh/all authentication at 8080']);
    const { set } = model.workloads['default/shop' as WorkloadId]!;
    expect(model.inbound[set]?.policies?.[0]).toMatchObject({
      matches: 'any',
      fields: { authentication: { required: true, jwt: [{ jwks: { inline: '{"keys":[]}' } }] } },
    });
  });
});

describe('modes of TLS', () => {
  const modes = (model: MeshModel, workload = 'default/shop') =>
    Object.fromEntries(model.workloads[workload as WorkloadId]!.ports.map(({ port, tls }) => [port, tls ?? 'strict']));

  it('are set for all ports of a Service, of a namespace or of the mesh', () => {
    const pods = [pod('shop', { ports: ['8080', '8081', '9090'] }), pod('other/far')];
    const { model } = mesh(
      [
        trafficPolicy('shop', 'tls: { mode: permissive }'),
        trafficPolicy('default/team', 'targetRefs: [{ kind: Namespace }]\ntls: { mode: disabled }'),
      ],
      { pods },
    );
    expect(modes(model)).toEqual({ 8080: 'permissive', 8081: 'permissive', 9090: 'off' });
    expect(modes(model, 'other/far')).toEqual({ 8080: 'strict' });
  });

  it('are set for container ports and Service ports', () => {
    const both = mesh([trafficPolicy('shop', 'tls: { mode: permissive, ports: [80, 8081, 7] }')]);
    expect(modes(both.model)).toEqual({ 8080: 'permissive', 8081: 'permissive' });
    expect(both.codes).toEqual(['SMI3010 spec.tls.ports[2]']);
  });

  it("are strict again where the Service's own policy says so", () => {
    const { model } = mesh(
      [
        trafficPolicy('shop', 'tls: { mode: strict }'),
        trafficPolicy('smi-mesh/all', 'targetRefs: [{ kind: Mesh }]\ntls: { mode: permissive }'),
      ],
      { pods: [pod('shop', { ports: ['8080', '9090'] })] },
    );
    expect(modes(model)).toEqual({ 8080: 'strict', 9090: 'permissive', 8081: 'strict' });
  });

  it('are the strictest of those that several Services say', () => {
    const services = [shop, service('alias', { app: 'shop' })];
    const { model, codes } = mesh(
      [trafficPolicy('shop', 'tls: { mode: disabled }'), trafficPolicy('alias', 'tls: { mode: permissive }')],
      { services },
    );
    expect(modes(model)).toEqual({ 8080: 'permissive', 8081: 'off' });
    expect(codes).toEqual(['SMI4106 spec.tls.mode']);
  });

  it('do not depend on requests', () => {
    const { model, codes } = mesh([
      trafficPolicy('shop', 'matches: [{ kind: HTTPRouteGroup, name: routes }]\ntls: { mode: disabled }'),
    ]);
    expect(modes(model)).toEqual({ 8080: 'strict', 8081: 'strict' });
    expect(codes).toEqual(['SMI4104 spec.tls']);
  });
});
