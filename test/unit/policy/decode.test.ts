import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { readSourceText } from '../../../src/source/read.ts';

const head =
  'apiVersion: policy.smi-mesh.io/v1alpha1\nkind: TrafficPolicy\nmetadata: { name: shop, namespace: books }\n';
const forShop = 'targetRefs: [{ kind: Service, name: shop }]';

function read(spec: string) {
  const sources = readSourceText('policy.yaml', `${head}spec:\n${spec.replace(/^/gm, '  ')}\n`);
  const { input, diagnostics, refused } = assemble(sources.documents);
  expect(sources.diagnostics).toEqual([]);
  return { policies: input.policies ?? [], refusedPolicies: input.refusedPolicies, diagnostics, refused };
}

function decoded(fields: string) {
  const { policies, diagnostics } = read(`${forShop}\n${fields}`);
  expect(diagnostics).toEqual([]);
  expect(policies).toHaveLength(1);
  return policies[0]!;
}

function faults(spec: string) {
  const { policies, refused, diagnostics } = read(spec);
  expect(policies).toEqual([]);
  expect(refused).toHaveLength(1);
  expect(diagnostics.every(({ severity }) => severity === 'error')).toBe(true);
  return diagnostics.map(({ code, origin, hint }) => [code, origin?.path, hint]);
}

describe('a TrafficPolicy', () => {
  test('says what callers do with requests, in milliseconds and hundredths of a percent', () => {
    const policy = decoded(`
timeouts: { request: 1m30s, perTry: 500ms, idle: 0s }
retries:
  retryOn: [connectFailure, gatewayError, connectFailure]
  methods: [GET, POST]
  attempts: 2
  budget: { percent: 20, minPerSecond: 5, window: 10s }
  backoff: { base: 25ms, max: 1s }
faults:
  delay: { duration: 2s, percent: 12.5 }
  abort: { httpStatus: 503, grpcStatus: 14, percent: 0.01 }
mirror: { service: shop-v2, port: 81 }
headers:
  request: { set: { X-Team: books }, add: { Via: 1.1 mesh }, remove: [X-Debug] }
  response: { remove: [Server] }
debugRouting: true`);
    expect(policy.request).toEqual({
      timeouts: { request: 90_000, perTry: 500, idle: 0 },
      retries: {
        on: ['connectFailure', 'gatewayError'],
        methods: ['GET', 'POST'],
        attempts: 2,
        budget: { percent: 20, minPerSecond: 5, window: 10_000 },
        backoff: { base: 25, max: 1_000 },
      },
      faults: { delay: { time: 2_000, share: 1_250 }, abort: { httpStatus: 503, grpcStatus: 14, share: 1 } },
      mirror: { service: 'shop-v2', port: 81, share: 10_000 },
      headers: {
        request: { set: { 'x-team': 'books' }, add: { via: '1.1 mesh' }, remove: ['x-debug'] },
        response: { remove: ['server'] },
      },
      debugRouting: true,
    });
    expect([policy.endpoints, policy.server, policy.tls]).toEqual([{}, {}, undefined]);
  });

  test('says how callers treat endpoints', () => {
    const policy = decoded(`
loadBalancer:
  algorithm: ringHash
  hashOn: { header: X-User }
  locality: { prefer: true, failover: [eu-west-1] }
  panicPercent: 30
timeouts: { connect: 2s }
circuitBreaker: { connections: 10, pending: 0, requests: 100, retries: 3 }
outlierDetection:
  consecutiveFailures: 3
  successRate: { percent: 80, minRequests: 50 }
  interval: 5s
  ejection: { time: 10s, maxTime: 1m, maxPercent: 40 }
  probePath: /healthz
healthCheck: {}`);
    expect(policy.endpoints).toEqual({
      loadBalancer: {
        algorithm: 'ringHash',
        hashOn: { header: 'x-user' },
        locality: { prefer: true, failover: ['eu-west-1'] },
        panicPercent: 30,
      },
      connectTimeout: 2_000,
      circuitBreaker: { connections: 10, pending: 0, requests: 100, retries: 3 },
      outlierDetection: {
        consecutiveFailures: 3,
        successRate: { percent: 80, minRequests: 50 },
        interval: 5_000,
        ejection: { time: 10_000, maxTime: 60_000, maxPercent: 40 },
        probePath: '/healthz',
      },
      healthCheck: {},
    });
    expect(policy.request).toEqual({});
  });

  test('says what servers ask, with defaults on the safe side', () => {
    const policy = decoded(`
rateLimit: { requests: 10, per: { header: X-Key } }
authentication:
  jwt:
    - issuer: https://login.example.com
      jwks: { file: /keys.json }
      claimHeaders: { sub: X-User }
tls: { mode: disabled, ports: [9090, 8080, 9090] }`);
    expect(policy.server).toEqual({
      rateLimit: { requests: 10, period: 1_000, burst: 0, per: { header: 'x-key' } },
      authentication: {
        required: true,
        jwt: [
          {
            issuer: 'https://login.example.com',
            audiences: [],
            jwks: { file: '/keys.json' },
            cache: 300_000,
            claimHeaders: { sub: 'x-user' },
            forward: false,
          },
        ],
      },
    });
    expect(policy.tls).toEqual({ mode: 'off', ports: [9090, 8080, 9090] });
  });

  test('is for Services, its namespace or the mesh, and may be for some requests', () => {
    const { policies } = read(
      'targetRefs: [{ group: "", kind: Service, name: shop }, { kind: Namespace }, { kind: Mesh }]\n' +
        'matches: [{ apiGroup: specs.smi-spec.io, kind: HTTPRouteGroup, name: routes, matches: [read] }]\ndebugRouting: false',
    );
    expect(policies[0]).toMatchObject({
      meta: { namespace: 'books', name: 'shop' },
      targetRefs: [{ kind: 'Service', name: 'shop' }, { kind: 'Namespace' }, { kind: 'Mesh' }],
      matches: [{ kind: 'HTTPRouteGroup', name: 'routes', matches: ['read'] }],
      request: { debugRouting: false },
    });
  });
});

describe('a TrafficPolicy is refused for', () => {
  test.each([
    ['a misspelt field', 'timeout: { request: 1s }', 'SMI2008', 'spec.timeout', 'Did you mean `timeouts`?'],
    ['one further in', 'retries: { atempts: 1 }', 'SMI2008', 'spec.retries.atempts', 'Did you mean `attempts`?'],
    [
      'a text that is no duration',
      'timeouts: { request: 10 s }',
      'SMI2012',
      'spec.timeouts.request',
      'Write it like 30s',
    ],
    ['a number for a duration', 'timeouts: { request: 10 }', 'SMI2003', 'spec.timeouts.request', 'Put it in quotes'],
    ['a unit written twice', 'timeouts: { request: 1s1s }', 'SMI2012', 'spec.timeouts.request', 'Write it like 30s'],
    ['a duration that is too long', 'timeouts: { request: 25h }', 'SMI2004', 'spec.timeouts.request', 'Use a duration'],
    ['a duration that is too short', 'rateLimit: { requests: 1, period: 0s }', 'SMI2004', 'spec.rateLimit.period', ''],
    [
      'too many tries',
      'retries: { attempts: 11 }',
      'SMI2004',
      'spec.retries.attempts',
      'Use a whole number from 0 to 10',
    ],
    [
      'an unknown value',
      'loadBalancer: { algorithm: ringhash }',
      'SMI2005',
      'spec.loadBalancer.algorithm',
      'Did you mean ringHash?',
    ],
    [
      'two things to hash',
      'loadBalancer: { hashOn: { header: a, cookie: b } }',
      'SMI2003',
      'spec.loadBalancer.hashOn',
      'Keep one of',
    ],
    ['an empty mapping', 'timeouts: {}', 'SMI2003', 'spec.timeouts', 'Give it a value'],
    ['an empty list', 'matches: []', 'SMI2003', 'spec.matches', 'Give it a value'],
    [
      'a header that proxies own',
      'headers: { request: { set: { HOST: a } } }',
      'SMI2050',
      'spec.headers.request.set.HOST',
      'Use a header',
    ],
    [
      'a claim in such a header',
      'authentication: { jwt: [{ issuer: a, jwks: { file: /a }, claimHeaders: { sub: x-smi-user } }] }',
      'SMI2050',
      'spec.authentication.jwt[0].claimHeaders.sub',
      '',
    ],
    [
      'a header written twice',
      'headers: { request: { set: { A: b, a: c } } }',
      'SMI2007',
      'spec.headers.request.set',
      '',
    ],
    [
      'a value that ends a line',
      'headers: { request: { set: { a: "b\\r\\nc: d" } } }',
      'SMI2012',
      'spec.headers.request.set.a',
      'Write visible',
    ],
    [
      'a key that is no header',
      'headers: { request: { set: { "a b": c } } }',
      'SMI2006',
      'spec.headers.request.set["a b"]',
      'A header name',
    ],
    [
      'keys that are none',
      'authentication: { jwt: [{ issuer: a, jwks: { inline: "{}" } }] }',
      'SMI2012',
      'spec.authentication.jwt[0].jwks.inline',
      'Write the JSON',
    ],
    [
      'a share too fine',
      'faults: { delay: { duration: 1s, percent: 0.001 } }',
      'SMI2004',
      'spec.faults.delay.percent',
      'Round it',
    ],
    [
      'a mode that YAML takes for a boolean',
      'tls: { mode: false }',
      'SMI2005',
      'spec.tls.mode',
      'Use one of strict, permissive, disabled',
    ],
    ['a path that is none', 'healthCheck: { path: healthz }', 'SMI2012', 'spec.healthCheck.path', 'Begin it with'],
  ])('%s', (_, fields, code, path, hint) => {
    const found = faults(`${forShop}\n${fields}`);
    expect(found[0]).toEqual([code, path, expect.stringContaining(hint)]);
  });

  test.each([
    ['no target', 'debugRouting: true', 'SMI2002', 'spec.targetRefs'],
    ['a Service without name', 'targetRefs: [{ kind: Service }]', 'SMI2002', 'spec.targetRefs[0].name'],
    ['a named mesh', 'targetRefs: [{ kind: Mesh, name: a }]', 'SMI2003', 'spec.targetRefs[0].name'],
    ['an unknown kind of target', 'targetRefs: [{ kind: Pod, name: a }]', 'SMI2005', 'spec.targetRefs[0].kind'],
  ])('%s', (_, spec, code, path) => {
    expect(faults(spec)[0]?.slice(0, 2)).toEqual([code, path]);
  });

  test('its kind or version', () => {
    const codes = (apiVersion: string, kind: string) => {
      const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: shop }\nspec: { ${forShop} }\n`;
      return assemble(readSourceText('a.yaml', text).documents).diagnostics.map(({ code }) => code);
    };
    expect(codes('policy.smi-mesh.io/v1alpha1', 'TraficPolicy')).toEqual(['SMI2001']);
    expect(codes('policy.smi-mesh.io/v1', 'TrafficPolicy')).toEqual(['SMI2011']);
  });
});

describe('a refused TrafficPolicy that asks for authentication', () => {
  const jwt = 'jwt: [{ issuer: a, jwks: { file: /a } }]';

  test.each([
    ['with a fault elsewhere', `${forShop}\nauthentication: { ${jwt} }\ntimeout: 1`],
    ['with a fault inside', `${forShop}\nauthentication: { jwt: 5 }`],
    ['that is misspelt', `${forShop}\nautentication: { ${jwt} }`],
    [
      'with one readable target',
      `targetRefs: [{ kind: Service, name: shop }, { kind: Pod }]\nauthentication: { ${jwt} }`,
    ],
  ])('%s says whom it was for', (_, spec) => {
    const { refusedPolicies } = read(spec);
    expect(refusedPolicies).toMatchObject([
      { meta: { namespace: 'books', name: 'shop' }, targetRefs: [{ kind: 'Service', name: 'shop' }] },
    ]);
  });

  test('says so too when another object has its name', () => {
    const one = `${head}spec: { ${forShop}, authentication: { ${jwt} } }\n`;
    const { documents } = readSourceText('a.yaml', `${one}---\n${one.replace('issuer: a', 'issuer: b')}`);
    const { input } = assemble(documents);
    expect(input.policies).toEqual([]);
    expect(input.refusedPolicies?.length).toBeGreaterThan(0);
  });

  test.each([
    ['without authentication', `${forShop}\ntimeout: 1`],
    ['without a readable target', `targetRefs: shop\nauthentication: { ${jwt} }`],
  ])('%s leaves nothing behind', (_, spec) => {
    expect(read(spec).refusedPolicies).toEqual([]);
  });
});
