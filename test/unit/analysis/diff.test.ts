import { describe, expect, test } from 'vitest';
import { type Change, isWidening, type TrafficChange } from '../../../src/analysis/changes.ts';
import { defaultClassLimits } from '../../../src/analysis/classes.ts';
import { diffModels } from '../../../src/analysis/diff.ts';
import type { MeshInput } from '../../../src/compile/index.ts';
import { account, compile, group, pod, service, split, target, tcpRoute } from '../../support/objects.ts';
import { trafficPolicy } from '../../support/policies.ts';

type Input = Partial<MeshInput>;

const base: Input = { services: [service('web')], pods: [pod('web'), pod('shop'), pod('thief')] };
const books = group('books', { read: { pathRegex: '/books', methods: ['GET'] } });
const granted: Input = {
  ...base,
  routeGroups: [books],
  targets: [target('t', 'web', ['shop'], ['HTTPRouteGroup books'])],
};

function diff(before: Input, after: Input): readonly Change[] {
  return diffModels(compile(before).model, compile(after).model);
}

function traffic(changes: readonly Change[]): readonly TrafficChange[] {
  return changes.filter((change) => change.kind === 'traffic');
}

/** `EFFECTS CLIENTS -> SERVICE:PORT METHOD PATH` of each change of traffic. */
function lines(changes: readonly Change[]): readonly string[] {
  return traffic(changes).map(({ effects, clients, service: id, port, example }) => {
    const { request } = example.after;
    const shown = request.kind === 'http' ? `${request.method} ${request.path}` : request.kind;
    return `${effects.join()} ${clients.join()} -> ${id}:${port} ${shown}`;
  });
}

describe('nothing is reported', () => {
  test('for equal meshes', () => expect(diff(granted, granted)).toEqual([]));

  test('for the same meaning written otherwise', () => {
    const rewritten = group('books', { read: { pathRegex: '/boo(?:k)s', methods: ['GET'] } });
    expect(lines(diff(granted, { ...granted, routeGroups: [rewritten] }))).toEqual([]);
  });

  test('for pods that only have other names', () => {
    const renamed = [pod('web-x', { app: 'web' }), pod('shop-x', { app: 'shop' }), pod('thief-x', { app: 'thief' })];
    expect(traffic(diff(granted, { ...granted, pods: renamed }))).toEqual([]);
  });
});

describe('a flip', () => {
  test('is widened when a source joins, and says which lines of both sides decide', () => {
    const joined = target('t', 'web', ['shop', 'thief'], ['HTTPRouteGroup books']);
    const changes = diff(granted, { ...granted, targets: [joined] });
    expect(lines(changes)).toEqual(['widened default/thief -> default/web:80 GET /books']);
    const [change] = traffic(changes);
    expect(change?.example.before.origins.access.map(({ path }) => path)).toEqual(['spec.sources[0]']);
    expect(change?.example.after.origins.access.map(({ path }) => path)).toContain('spec.sources[1]');
    expect(changes.filter(isWidening)).toHaveLength(1);
  });

  test('is narrowed when a match gets a header, which the example has not', () => {
    const headed = group('books', { read: { pathRegex: '/books', methods: ['GET'], headers: { 'x-v': 'a+' } } });
    const changes = diff(granted, { ...granted, routeGroups: [headed] });
    expect(lines(changes)).toEqual(['narrowed default/shop -> default/web:80 GET /books']);
    expect(changes.some(isWidening)).toBe(false);
  });

  test('is found where expressions overlap in part only', () => {
    const routes = (expression: string): Input => ({
      ...granted,
      routeGroups: [group('books', { read: { pathRegex: expression } })],
    });
    const changes = diff(routes('/[a-m]{4}/x.*z$'), routes('/[h-z]{4}/.*yz$'));
    expect(lines(changes).map((line) => line.split(' ')[0])).toEqual(['widened', 'narrowed']);
  });

  test('is shown for an account that no pod has, once a rule names it', () => {
    const ghost = target('t', 'web', ['shop', 'ghost'], ['HTTPRouteGroup books']);
    const changes = diff(granted, { ...granted, targets: [ghost], serviceAccounts: [account('ghost')] });
    expect(lines(changes)).toEqual(['widened default/ghost -> default/web:80 GET /books']);
    expect(traffic(changes)[0]?.example.after.senderExists).toBe(false);
  });

  test('is shown for pods that take another account, although no rule changes', () => {
    const pods = [pod('web'), pod('shop'), pod('thief', { account: 'shop' })];
    expect(lines(diff(granted, { ...granted, pods }))).toEqual([
      'widened default/thief (default/thief, now default/shop) -> default/web:80 GET /books',
    ]);
  });

  test('is shown at a container port that no Service reaches', () => {
    const metrics = (port: number): Input => ({
      ...base,
      pods: [pod('web', { ports: ['8080', '9100 tcp-metrics'] }), pod('shop')],
      tcpRoutes: [tcpRoute('r', [port])],
      targets: [target('t', 'web', ['shop'], ['TCPRoute r'])],
    });
    const found = lines(diff(metrics(8080), metrics(9100)));
    expect(found).toContain('widened default/shop -> default/web:9100(pods):9100 tcp');
  });

  test('is widened when the mesh no longer enforces, with the setting', () => {
    const [before, after] = [compile(granted).model, compile(granted, { accessMode: 'audit' }).model];
    const changes = diffModels(before, after);
    expect(changes[0]).toEqual({ kind: 'setting', setting: 'accessMode', before: 'deny', after: 'audit' });
    expect(changes.some(isWidening)).toBe(true);
  });
});

describe('routing', () => {
  const two: Input = {
    ...granted,
    services: [service('web'), service('web-2', { app: 'web' }), service('web-3', { app: 'web' })],
  };
  const sharing = (a: number, b: number): Input => ({
    ...two,
    splits: [split('s', 'web', { 'web-2': a, 'web-3': b })],
  });

  test('tells shares that move from backends that change', () => {
    expect(traffic(diff(sharing(9, 1), sharing(1, 1))).map(({ effects }) => effects)).toEqual([['shares']]);
    expect(traffic(diff(two, sharing(1, 1))).map(({ effects }) => effects)).toEqual([['route']]);
  });

  test('is the same for weights of the same ratio', () => {
    expect(traffic(diff(sharing(9, 1), sharing(90, 10)))).toEqual([]);
  });

  test('is shown by a request that is let in, where there is one', () => {
    const [change] = traffic(diff(two, sharing(1, 1)));
    expect(change?.after.verdict).toBe('allowed');
    expect(change?.example.after.request).toMatchObject({ method: 'GET', path: '/books' });
    expect(change?.clients).toEqual(['default/shop', 'default/thief', 'default/web']);
  });

  test('by a failing split is narrowed', () => {
    expect(lines(diff(two, sharing(0, 0)))).toContain('narrowed default/shop -> default/web:80 GET /books');
  });
});

describe('what came or went', () => {
  test('is named: service, port, workload, policy', () => {
    const after: Input = {
      ...granted,
      services: [service('web', { ports: ['80:8080', '81:8080'] }), service('new', { app: 'web' })],
      pods: [pod('web'), pod('shop'), pod('other')],
      targets: [],
    };
    const objects = diff(granted, after).flatMap((change) =>
      change.kind === 'object' ? [`${change.change} ${change.what} ${change.id}`] : [],
    );
    expect(objects.sort()).toEqual([
      'added port default/web:81',
      'added service default/new',
      'added workload default/other',
      'removed policy default/t',
      'removed workload default/thief',
    ]);
  });

  test('of a new service only those are told who may use it', () => {
    const changes = diff(granted, { ...granted, services: [service('web'), service('new', { app: 'web' })] });
    expect(lines(changes)).toEqual(['widened default/shop -> default/new:80 GET /books']);
  });
});

test('many matches on different headers are compared to the end', () => {
  const versions = (value: string): Input => ({
    ...granted,
    routeGroups: [
      group(
        'books',
        Object.fromEntries([...Array(40).keys()].map((n) => [`m${n}`, { headers: { [`x-${n}`]: value } }])),
      ),
    ],
  });
  const changes = diff(versions('a|b'), versions('a|c'));
  expect(changes.filter(({ kind }) => kind === 'undecided')).toEqual([]);
  expect(traffic(changes).map(({ effects }) => effects[0])).toContain('widened');
  expect(traffic(changes).map(({ effects }) => effects[0])).toContain('narrowed');
});

test('what a limit leaves open is undecided, which counts as widening', () => {
  const words = (last: string): Input => ({
    ...granted,
    routeGroups: [
      group(
        'books',
        Object.fromEntries([...Array(9).keys(), last].map((n) => [`m${n}`, { headers: { 'x-a': `.*w${n}.*` } }])),
      ),
    ],
  });
  const limits = { ...defaultClassLimits, states: 50 };
  const changes = diffModels(compile(words('x')).model, compile(words('y')).model, limits);
  expect(changes).toContainEqual({ kind: 'undecided', clients: ['default/shop'], service: 'default/web', port: 80 });
  expect(changes.find((change) => change.kind === 'undecided' && isWidening(change))).toBeDefined();
  // What the limit lets be found is reported all the same.
  expect(lines(changes)).toContain('widened default/shop -> default/web:80 GET /');
});

describe('TrafficPolicies', () => {
  const jwt = (issuer: string) => `authentication: { jwt: [{ issuer: ${issuer}, jwks: { file: /k } }] }`;
  const matches = 'matches: [{ kind: HTTPRouteGroup, name: books }]\n';
  const withPolicy = (...texts: readonly string[]): Input => ({
    ...granted,
    policies: texts.map((text) => trafficPolicy('web', text)),
  });

  test('that make clients do something else are told with a request that they cover', () => {
    const changes = diff(granted, withPolicy(`${matches}timeouts: { request: 1s }`));
    expect(lines(changes)).toEqual(['policy default/shop,default/thief,default/web -> default/web:80 GET /books']);
    expect(traffic(changes)[0]).toMatchObject({
      after: { policies: [{ path: 'timeouts.request', value: 1_000, policy: 'default/web' }] },
    });
    expect(traffic(changes)[0]?.before.policies).toBeUndefined();
    expect(changes.some(isWidening)).toBe(false);
  });

  test('are no news under another name', () => {
    const named = (name: string) => ({
      ...granted,
      policies: [trafficPolicy(name, 'targetRefs: [{ kind: Service, name: web }]\ntimeouts: { request: 1s }')],
    });
    expect(traffic(diff(named('a'), named('b')))).toEqual([]);
  });

  test('that no longer ask for a token widen, and those that ask for one narrow', () => {
    const gone = diff(withPolicy(jwt('a')), granted);
    expect(lines(gone)[0]).toBe('widened default/shop -> default/web:80 GET /books');
    expect(gone.some(isWidening)).toBe(true);
    expect(lines(diff(granted, withPolicy(jwt('a'))))[0]).toBe('narrowed default/shop -> default/web:80 GET /books');
  });

  test('that trust another issuer may widen', () => {
    const changes = diff(withPolicy(jwt('a')), withPolicy(jwt('b')));
    expect(traffic(changes).map(({ effects }) => effects)).toContainEqual(['widened', 'policy']);
  });
});
