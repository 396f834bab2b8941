import { describe, expect, it } from 'vitest';
import type { MeshInput } from '../../src/compile/index.ts';
import { decide } from '../../src/model/decide.ts';
import type { Decision, TrafficRequest } from '../../src/model/decision.ts';
import { compile, group, http, pod, service, split, tcp } from '../support/objects.ts';

/** A client, a root service `shop` with its own pod, and two versions behind services of their own; nothing is denied. */
const world: Partial<MeshInput> = {
  services: [service('shop'), service('shop-v1'), service('shop-v2')],
  pods: [pod('client', { ports: [] }), pod('shop'), pod('shop-v1'), pod('shop-v2')],
};

function run(input: Partial<MeshInput>, request: TrafficRequest = http('client', 'shop')) {
  const { model, diagnostics } = compile({ ...world, ...input }, { accessMode: 'allow' });
  return { decision: decide(model, request), codes: diagnostics.map(({ code }) => code), diagnostics };
}

/** `SERVICE=WEIGHT` of each target, or the status. */
function shares({ decision }: { readonly decision: Decision }): string {
  if (decision.outcome === 'rejected') return String(decision.status);
  return decision.targets.map(({ service: id, weight }) => `${id.split('/')[1]}=${weight}`).join(' ');
}

describe('a TrafficSplit', () => {
  it('gives each backend its weight, and 0 to those listed with 0', () => {
    expect(shares(run({ splits: [split('s', 'shop', { 'shop-v1': 90, 'shop-v2': 10, shop: 0 })] }))).toBe(
      'shop-v1=90 shop-v2=10 shop=0',
    );
  });

  it('is not there when no split names the service', () => {
    expect(shares(run({}))).toBe('shop=1');
  });

  it.each(['shop', 'shop.default', 'shop.default.svc', 'shop.default.svc.cluster.local'])('governs root %s', (root) => {
    expect(shares(run({ splits: [split('s', root, { 'shop-v1': 1 })] }))).toBe('shop-v1=1');
  });

  it.each(['shop.other', 'shop.default.svc.example.org', 'shop.', 'shop.default.', 'http://shop'])(
    'is refused with root %s',
    (root) => {
      const result = run({ splits: [split('s', root, { 'shop-v1': 1 })] });
      expect(shares(result)).toBe('shop=1');
      expect(result.codes).toEqual(['SMI4001']);
    },
  );

  it('governs nothing when its root does not exist', () => {
    const result = run({ splits: [split('s', 'shopp', { 'shop-v1': 1 })] });
    expect(shares(result)).toBe('shop=1');
    expect(result.codes).toEqual(['SMI3001']);
  });

  it('fails with 503 when all weights are zero', () => {
    const result = run({ splits: [split('s', 'shop', { 'shop-v1': 0, 'shop-v2': 0 })] });
    expect(shares(result)).toBe('503');
    expect(result.codes).toEqual(['SMI4002']);
    expect(result.decision.because?.code).toBe('SMI4002');
  });

  it.each([-1, 0.5, Number.NaN, 5_000_000_000])('with weight %d counts as absent', (weight) => {
    const result = run({ splits: [split('s', 'shop', { 'shop-v1': weight, 'shop-v2': 1 })] });
    expect(shares(result)).toBe('shop=1');
    expect(result.codes).toEqual(['SMI4008']);
  });

  it('leaves out a missing backend and keeps the ratio of the others', () => {
    const result = run({ splits: [split('s', 'shop', { 'shop-v1': 1, 'shop-v3': 2, 'shop-v2': 3 })] });
    expect(shares(result)).toBe('shop-v1=1 shop-v2=3');
    expect(result.diagnostics).toMatchObject([
      { code: 'SMI3002', severity: 'error', origin: { path: 'spec.backends[1].service' } },
    ]);
  });

  it('only informs of a missing backend with weight 0', () => {
    const result = run({ splits: [split('s', 'shop', { 'shop-v1': 1, 'shop-v3': 0 })] });
    expect(shares(result)).toBe('shop-v1=1');
    expect(result.diagnostics).toMatchObject([{ code: 'SMI3002', severity: 'info' }]);
  });

  it('never falls back to the root when no backend is left', () => {
    const result = run({ splits: [split('s', 'shop', { 'shop-v3': 1, 'shop-v1': 0 })] });
    expect(shares(result)).toBe('503');
    expect(result.codes).toEqual(['SMI4003', 'SMI3002']);
  });

  it('excludes a backend from the ports that it lacks', () => {
    const services = [
      service('shop', { ports: ['80:8080', '81:8081'] }),
      service('shop-v1', { ports: ['80:8080', '81:8081'] }),
      service('shop-v2'),
    ];
    const splits = [split('s', 'shop', { 'shop-v1': 1, 'shop-v2': 1 })];
    expect(shares(run({ services, splits }))).toBe('shop-v1=1 shop-v2=1');
    const lacking = run({ services, splits }, http('client', 'shop:81'));
    expect(shares(lacking)).toBe('shop-v1=1');
    expect(lacking.codes).toEqual(['SMI3003']);
  });

  it('means the own endpoints of the root where the root is a backend, and follows no other split', () => {
    const splits = [split('a', 'shop', { shop: 1, 'shop-v1': 1 }), split('b', 'shop-v1', { 'shop-v2': 1 })];
    const result = run({ splits });
    expect(result.decision.targets.map((target) => target.sets[0]?.workloads[0])).toEqual([
      'default/shop',
      'default/shop-v1',
    ]);
    expect(result.codes).toEqual(['SMI4007']);
    expect(shares(run({ splits }, http('client', 'shop-v1')))).toBe('shop-v2=1');
  });

  it('keeps the share of a backend without ready pods, which is unavailable', () => {
    const pods = [
      ...(world.pods ?? []).filter(({ meta }) => meta.name !== 'shop-v2'),
      pod('shop-v2', { ready: false }),
    ];
    const { decision } = run({ pods, splits: [split('s', 'shop', { 'shop-v1': 1, 'shop-v2': 1 })] });
    expect(decision.targets.map(({ verdict }) => verdict)).toEqual(['allow', 'unavailable']);
  });

  it('takes no ExternalName service as root or backend', () => {
    const services = [...(world.services ?? []), service('outside', { type: 'ExternalName' })];
    const result = run({ services, splits: [split('s', 'shop', { outside: 1 }), split('t', 'outside', { shop: 1 })] });
    expect(shares(result)).toBe('503');
    expect(result.codes).toEqual(['SMI4037', 'SMI4003', 'SMI4022', 'SMI4022']);
  });
});

describe('matches of a TrafficSplit', () => {
  const routeGroups = [group('admins', { admin: { headers: { 'x-role': 'admin' } }, v2: { pathRegex: '/v2' } })];
  const splits = [split('s', 'shop', { 'shop-v2': 1 }, { matches: ['admins'] })];

  it('govern what any of them matches', () => {
    expect(shares(run({ routeGroups, splits }, http('client', 'shop', 'GET /v2/x')))).toBe('shop-v2=1');
    expect(shares(run({ routeGroups, splits }, http('client', 'shop', 'GET /', { 'x-role': 'admin' })))).toBe(
      'shop-v2=1',
    );
  });

  it('leave everything else to the root', () => {
    expect(shares(run({ routeGroups, splits }, http('client', 'shop', 'GET /v1')))).toBe('shop=1');
  });

  it.each([
    ['a missing group', { matches: ['nobody'] }, ['SMI4005', 'SMI3004']],
    ['no match at all', { matches: [] }, ['SMI4023']],
    ['a group of another namespace', { matches: ['other/admins'] }, ['SMI4005', 'SMI3004']],
  ])('never become unconditional with %s', (_, more, codes) => {
    const result = run(
      { routeGroups, splits: [split('s', 'shop', { 'shop-v2': 1 }, more)] },
      http('client', 'shop', 'GET /v2'),
    );
    expect(shares(result)).toBe('shop=1');
    expect(result.codes).toEqual(codes);
  });

  it('never become unconditional with an expression that cannot be used', () => {
    const bad = [group('admins', { bad: { pathRegex: '(' }, worse: { headers: { a: '(?=x)' } } })];
    const result = run({ routeGroups: bad, splits });
    expect(shares(result)).toBe('shop=1');
    expect(result.codes).toEqual(['SMI4016', 'SMI4016', 'SMI4005']);
  });
});

describe('several splits on one root', () => {
  const routeGroups = [group('g', { v2: { pathRegex: '/v2' } })];

  it('are asked with matches first', () => {
    const splits = [
      split('a', 'shop', { 'shop-v1': 1 }, { created: '2020-01-01T00:00:00Z' }),
      split('b', 'shop', { 'shop-v2': 1 }, { matches: ['g'], created: '2024-01-01T00:00:00Z' }),
    ];
    expect(shares(run({ routeGroups, splits }, http('client', 'shop', 'GET /v2')))).toBe('shop-v2=1');
    expect(shares(run({ routeGroups, splits }))).toBe('shop-v1=1');
  });

  it.each([
    ['the older', { created: '2024-01-01T00:00:00Z' }, { created: '2020-01-01T00:00:00Z' }, 'shop-v2=1'],
    ['the one without time', { created: '2020-01-01T00:00:00Z' }, {}, 'shop-v2=1'],
    ['the first by name', {}, {}, 'shop-v1=1'],
  ])('without matches conflict, and %s stands', (_, a, b, expected) => {
    const splits = [split('a', 'shop', { 'shop-v1': 1 }, a), split('b', 'shop', { 'shop-v2': 1 }, b)];
    const result = run({ splits });
    expect(shares(result)).toBe(expected);
    expect(result.diagnostics.map(({ code, severity }) => `${code} ${severity}`).sort()).toEqual([
      'SMI4004 error',
      'SMI4004 warning',
    ]);
    expect(shares(run({ splits: [...splits].reverse() }))).toBe(expected);
  });
});

describe('a split of a TCP port', () => {
  const services = ['db', 'db-v1', 'db-v2'].map((name) => service(name, { ports: ['5432 tcp-db'] }));
  const pods = [pod('client', { ports: [] }), pod('db'), pod('db-v1'), pod('db-v2')];

  it('goes by connection', () => {
    const splits = [split('s', 'db', { 'db-v1': 1, 'db-v2': 3 })];
    expect(shares(run({ services, pods, splits }, tcp('client', 'db:5432')))).toBe('db-v1=1 db-v2=3');
  });

  it('with matches leaves connections to the root', () => {
    const routeGroups = [group('g', { all: {} })];
    const splits = [split('s', 'db', { 'db-v1': 1 }, { matches: ['g'] })];
    const result = run({ services, pods, splits, routeGroups }, tcp('client', 'db:5432'));
    expect(shares(result)).toBe('db=1');
    expect(result.codes).toEqual(['SMI4006']);
  });

  it('closes connections when no backend is left', () => {
    expect(shares(run({ services, pods, splits: [split('s', 'db', { gone: 1 })] }, tcp('client', 'db:5432')))).toBe(
      '0',
    );
  });
});
