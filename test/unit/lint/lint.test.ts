import { describe, expect, test } from 'vitest';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import type { MeshInput } from '../../../src/compile/input.ts';
import { lint } from '../../../src/lint/index.ts';
import type { MeshSettings } from '../../../src/model/types.ts';
import { account, compile, group, nothing, pod, service, split, target, tcpRoute } from '../../support/objects.ts';
import { trafficPolicy } from '../../support/policies.ts';

/** `CODE FIELD` of every finding of a lint about the input. */
function found(input: Partial<MeshInput>, settings: Partial<MeshSettings> = {}): readonly string[] {
  const { model } = compile(input, settings);
  return lint([], { ...nothing, ...input }, model, defaultCompileOptions)
    .filter(({ code }) => code !== 'SMI4507')
    .map(({ code, origin }) => `${code} ${origin?.path}`);
}

const shop = [service('shop'), service('shop-v1', { app: 'shop' }), service('shop-v2', { app: 'shop' })];
const pods = [pod('shop'), pod('client')];

describe('redundant matches', () => {
  const groups = (narrow: object) => ({
    routeGroups: [group('g', { wide: { pathRegex: '/a.*', methods: ['GET', 'PUT'] }, narrow })],
  });
  const redundant = 'SMI4502 spec.matches[1].name';

  test.each([
    ['a longer path', { pathRegex: '/a/b.*', methods: ['GET'] }],
    ['a class inside the wider language', { pathRegex: '/a[0-9]{2,5}(x|y)$', methods: ['PUT'] }],
    ['a header more', { pathRegex: '/a.*', methods: ['GET'], headers: { 'x-a': 'b' } }],
  ])('%s adds nothing', (_what, narrow) => {
    expect(found(groups(narrow))).toEqual([redundant]);
  });

  test.each([
    ['another method', { pathRegex: '/a/b.*', methods: ['GET', 'POST'] }],
    ['every method', { pathRegex: '/a/b.*' }],
    ['another path', { pathRegex: '/(a|b)/c.*', methods: ['GET'] }],
    ['no path', { methods: ['GET'] }],
  ])('%s adds something', (_what, narrow) => {
    expect(found(groups(narrow))).toEqual([]);
  });

  test('a match that some target names without the wider one has a use', () => {
    const input = groups({ pathRegex: '/a/b.*', methods: ['GET'] });
    const uses = (...rules: string[]) => rules.map((rule, index) => target(`t${index}`, 'shop', ['client'], [rule]));
    const alone = {
      ...target('alone', 'shop', ['client'], []),
      rules: [{ kind: 'HTTPRouteGroup', name: 'g', matches: ['narrow'] }],
    };
    expect(found({ ...input, services: shop, pods, targets: uses('HTTPRouteGroup g') })).toEqual([redundant]);
    expect(found({ ...input, services: shop, pods, targets: [...uses('HTTPRouteGroup g'), alone] })).toEqual([]);
  });

  test('of two equal matches the later one is named', () => {
    const twins = { a: { pathRegex: '/a.*' }, b: { pathRegex: '/a.*' } };
    expect(found({ routeGroups: [group('g', twins)] })).toEqual([redundant]);
  });
});

describe('shadowed splits', () => {
  const routeGroups = [group('all', { m: { pathRegex: '/a.*' } }), group('some', { m: { pathRegex: '/a/b.*' } })];
  const two = (first: string, second: string) => [
    split('one', 'shop', { 'shop-v1': 1 }, { matches: [first] }),
    split('two', 'shop', { 'shop-v2': 1 }, { matches: [second] }),
  ];

  test('a split behind one that takes all of its requests is named', () => {
    expect(found({ services: shop, pods, routeGroups, splits: two('all', 'some') })).toEqual([
      'SMI4503 spec.matches[0]',
    ]);
  });

  test('the narrower one first is as it should be', () => {
    expect(found({ services: shop, pods, routeGroups, splits: two('some', 'all') })).toEqual([]);
  });
});

describe('targets without effect', () => {
  const targets = [target('t', 'shop', ['client', 'batch'], ['TCPRoute any'])];
  const tcpRoutes = [tcpRoute('any')];
  const serviceAccounts = ['shop', 'client', 'batch'].map(account);

  test('accounts that no pod runs under', () => {
    const running = { services: shop, tcpRoutes, targets, serviceAccounts };
    expect(found({ ...running, pods })).toEqual(['SMI4505 spec.sources[1].name']);
    expect(found({ ...running, pods: [pod('client'), pod('batch')] })).toEqual(['SMI4504 spec.destination.name']);
  });

  test('without any pod nothing is said', () => {
    expect(found({ tcpRoutes, targets, serviceAccounts })).toEqual([]);
  });

  test('HTTP rules on ports of which none speaks HTTP', () => {
    const input = {
      services: [service('shop', { ports: ['80:8080', '5432:5432 tcp-db'] })],
      pods: [pod('shop', { ports: ['8080', '5432'] }), pod('client')],
      routeGroups: [group('g', { m: { pathRegex: '/a.*' } })],
      targets: [target('t', 'shop', ['client'], ['HTTPRouteGroup g', 'TCPRoute port'])],
    };
    expect(found({ ...input, tcpRoutes: [tcpRoute('port', [5432])] })).toEqual(['SMI4506 spec.rules[0]']);
    expect(found({ ...input, tcpRoutes: [tcpRoute('port', [5432, 8080])] })).toEqual([]);
  });
});

describe('expressions', () => {
  const path = (pathRegex: string, mode: MeshSettings['pathRegexMode'] = 'spec') =>
    found({ routeGroups: [group('g', { m: { pathRegex } })] }, { pathRegexMode: mode }).map((text) => text.slice(0, 7));
  const header = (name: string, value: string) =>
    found({ routeGroups: [group('g', { m: { headers: { [name]: value } } })] });

  test.each([
    ['/api', ['SMI4512']],
    ['/api|/v2/$', ['SMI4512']],
    ['/a/[a-z]+/list', ['SMI4512']],
    ['/api$', []],
    ['/api/', []],
    ['/api.*', []],
    ['/api(/.*)?$', []],
    ['^/api\\b', []],
    ['books', ['SMI4511']],
    ['/books\\?id=1', ['SMI4511']],
    ['(books|magazines).*', ['SMI4511']],
    ['.*books.*', []],
    ['/index.html$', ['SMI4510']],
    ['/index\\.html$', []],
    ['/v.*x.+y.?$', []],
    ['\\Q/a.b\\E$', []],
  ])('the path %s: %j', (pathRegex, codes) => {
    expect(path(pathRegex)).toEqual(codes);
  });

  test('an open end is none where the whole path is matched', () => {
    expect(path('/api', 'full')).toEqual([]);
  });

  test.each([
    ['host', 'shop.example.com', ['SMI4510 spec.matches[0].headers.host']],
    ['host', 'shop\\.example\\.com', []],
    ['User-Agent', 'Firefox', ['SMI4513 spec.matches[0].headers.User-Agent']],
    ['user-agent', '.*Firefox.*', []],
    ['x-canary', 'true', []],
  ])('the header %s: %s', (name, value, codes) => {
    expect(header(name, value)).toEqual(codes);
  });
});

describe('backends and ports', () => {
  test('one that is listed twice, and weights that split nothing', () => {
    const twice = split('s', 'shop', { 'shop-v1': 1, 'shop-v1.default': 1 });
    expect(found({ services: shop, pods, splits: [twice] })).toEqual(['SMI4508 spec.backends[1].service']);
    const all = split('s', 'shop', { 'shop-v1': 1, 'shop-v2': 0 });
    expect(found({ services: shop, pods, splits: [all] })).toEqual(['SMI4509 spec.backends']);
    const none = split('s', 'shop', { 'shop-v1': 0, 'shop-v2': 0 });
    expect(found({ services: shop, pods, splits: [none] })).toEqual([]);
  });

  test('a port that is HTTP here and TCP there', () => {
    const services = [service('shop'), service('shop-v1', { ports: ['80:9000 tcp-raw'], app: 'other' })];
    const splits = [split('s', 'shop', { 'shop-v1': 1 })];
    expect(found({ services, pods, splits })).toEqual(['SMI4514 spec.backends[0].service']);
  });

  test('a target port that no container declares, where others are declared', () => {
    const at = (ports: readonly string[]) =>
      found({ services: [service('shop', { ports: ['80:8000'] })], pods: [pod('shop', { ports })] });
    expect(at(['8080'])).toEqual(['SMI4515 spec.ports[0].targetPort']);
    expect(at(['8000'])).toEqual([]);
    expect(at([])).toEqual([]);
  });
});

describe('policies', () => {
  const of = (fields: string, name = 'shop') =>
    found({ services: shop, pods, policies: [trafficPolicy(name, fields)] });

  test.each([
    ['nothing to do', 'targetRefs: [{ kind: Namespace }]', ['SMI4520 spec']],
    ['a try that outlasts the request', 'timeouts: { request: 1s, perTry: 2s }', ['SMI4521 spec.timeouts.perTry']],
    [
      'a backoff above its maximum',
      'retries: { backoff: { base: 2s, max: 1s } }',
      ['SMI4521 spec.retries.backoff.base'],
    ],
    ['methods that act', 'retries: { methods: [GET, POST] }', ['SMI4522 spec.retries.methods[1]']],
    ['a mirror of itself', 'mirror: { service: shop }', ['SMI4523 spec.mirror']],
    ['an outage', 'faults: { abort: { httpStatus: 503, percent: 100 } }', ['SMI4524 spec.faults.abort.percent']],
    [
      'a hash without use',
      'loadBalancer: { algorithm: random, hashOn: { source: true } }',
      ['SMI4525 spec.loadBalancer.hashOn'],
    ],
    [
      'keys in plain text',
      'authentication: { jwt: [{ issuer: a, jwks: { url: "http://a/keys" } }] }',
      ['SMI4526 spec.authentication.jwt[0].jwks.url'],
    ],
  ])('with %s are told', (_, fields, codes) => {
    expect(of(fields)).toEqual(codes);
  });

  test.each([
    'timeouts: { request: 2s, perTry: 1s }',
    'timeouts: { request: 0s, perTry: 1s }',
    'retries: { methods: [PUT, DELETE], backoff: { base: 1s, max: 2s } }',
    'mirror: { service: shop-v2 }',
    'faults: { abort: { httpStatus: 503, percent: 99 } }',
    'loadBalancer: { algorithm: maglev, hashOn: { source: true } }',
    'tls: { mode: permissive }',
  ])('with %s are not', (fields) => {
    expect(of(fields)).toEqual([]);
  });

  test('use the matches that they name', () => {
    const routeGroups = [group('g', { wide: { pathRegex: '/a.*' }, narrow: { pathRegex: '/a/b.*' } })];
    const matches = 'matches: [{ kind: HTTPRouteGroup, name: g, matches: [narrow] }]';
    const policies = [trafficPolicy('shop', `${matches}\ntimeouts: { request: 1s }`)];
    const input = { services: shop, pods, routeGroups, policies };
    const { model } = compile(input);
    expect(lint([], { ...nothing, ...input }, model, defaultCompileOptions)).toEqual([]);
  });
});
