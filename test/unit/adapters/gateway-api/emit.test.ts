import { describe, expect, it } from 'vitest';
import { type GatewayApiOptions, gatewayApiAdapter } from '../../../../adapters/gateway-api/index.ts';
import { emitAll } from '../../../../src/adapter/emit-all.ts';
import { objectKey } from '../../../../src/diagnostics/origin.ts';
import { decide } from '../../../../src/model/decide.ts';
import type { RequestPolicy } from '../../../../src/model/policy.ts';
import type { Distribution, HttpMatch, MeshModel, OutboundRule, PortPolicy } from '../../../../src/model/types.ts';
import { difference } from '../../../support/gateway-api/agreement.ts';
import { meshOf } from '../../../support/gateway-api/mesh.ts';

type Json = Readonly<Record<string, unknown>>;

interface Rule {
  readonly matches: readonly Json[];
  readonly backendRefs?: readonly Json[];
}

interface Body {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly parentRefs: readonly Json[]; readonly rules: readonly Rule[] };
}

const origin = { object: objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'canary'), path: 'spec' };

function emitted(model: MeshModel, chosen: Partial<GatewayApiOptions> = {}) {
  const parsed = gatewayApiAdapter.parseOptions({ access: 'elsewhere', ...chosen });
  if (!parsed.ok) throw new Error(parsed.error[0].message);
  const { artifacts, losses } = emitAll(gatewayApiAdapter, model, parsed.value);
  const bodies = artifacts.map(({ body }) => body as Body);
  return { artifacts, losses, bodies, rules: bodies.flatMap(({ spec }) => spec.rules) };
}

function to(weights: Readonly<Record<string, number>>): Distribution {
  const targets = Object.entries(weights).map(([name, weight]) => ({
    service: `default/${name}` as never,
    port: 80,
    weight,
    origins: [origin],
  }));
  return { kind: 'weighted', targets: targets as never };
}

function match(parts: Partial<HttpMatch>): HttpMatch {
  return { methods: 'any', path: 'any', headers: 'any', origins: [origin], ...parts };
}

function rule(asked: OutboundRule['match'], distribution: Distribution, from: readonly string[] = []): OutboundRule {
  return {
    from: from.length === 0 ? 'any' : (from as never),
    match: asked,
    to: distribution,
    origins: [origin],
  };
}

/** Another last rule than to the Service itself. */
function withLast(rules: readonly OutboundRule[], last: OutboundRule): MeshModel {
  const model = meshOf(rules);
  Object.assign(model.outbound['default/root' as never]!.ports['80']!, { rules: [...rules, last] });
  return model;
}

function pathOf(re2: string): unknown {
  return emitted(meshOf([rule(match({ path: { kind: 'regex', re2 } }), to({ one: 1 }))])).rules[0]?.matches.map(
    ({ path }) => Object.values(path as Json).join(' '),
  );
}

describe('paths', () => {
  it.each([
    ['(?:/a)', ['Exact /a']],
    ['^/a$|^/b$', ['Exact /a', 'Exact /b']],
    ['/a(/.*)?', ['PathPrefix /a']],
    ['/v[12](/.*)?', ['PathPrefix /v1', 'PathPrefix /v2']],
    ['(?:/)(?s:.*)', ['PathPrefix /']],
    ['(?:.*)', ['PathPrefix /']],
    // A prefix of elements is not a prefix of characters.
    ['(?:/a)(?s:.*)', ['RegularExpression ^/a.*$']],
    ['(?:/a/)(?s:.*)', ['RegularExpression ^/a/.*$']],
    ['(?:/a.b)(?s:.*)', ['RegularExpression ^/a.b.*$']],
    ['(?:/a\\.b)(?s:.*)', ['RegularExpression ^/a\\.b.*$']],
    ['(?:^/[a-z]+$)(?s:.*)', ['RegularExpression ^/[a-z]+$']],
    ['(?:/[a-z]+|/[0-9]+)(?s:.*)', ['RegularExpression ^(/[a-z]+|/[0-9]+).*$']],
    ['(?:(?i)/a)', ['RegularExpression ^((?i)/a)$']],
  ])('%s', (re2, conditions) => {
    expect(pathOf(re2)).toEqual(conditions);
  });

  it('that only an expression says are left out where expressions are refused, and told', () => {
    const rules = [rule(match({ path: { kind: 'regex', re2: '(?:/a)(?s:.*)' } }), to({ one: 1 }))];
    const { bodies, losses } = emitted(meshOf(rules), { regex: 'refuse' });
    expect(bodies).toEqual([]);
    expect(losses).toMatchObject([{ feature: 'match-path-regex', kind: 'dropped', origins: [origin] }]);
    expect(emitted(meshOf(rules)).losses).toMatchObject([{ feature: 'match-path-regex', kind: 'changed' }]);
  });

  it('that are too long for a match, methods and headers that no match has are told', () => {
    const dropped = (parts: Partial<HttpMatch>) => {
      const { rules, losses } = emitted(meshOf([rule(match(parts), to({ one: 1 }))]));
      expect(rules.filter(({ backendRefs }) => backendRefs?.[0]?.name === 'one')).toEqual([]);
      return losses.map(({ feature, kind }) => `${kind} ${feature}`);
    };
    expect(dropped({ path: { kind: 'exact', value: `/${'a'.repeat(1024)}` } })).toEqual(['dropped match-path-regex']);
    expect(dropped({ methods: ['PURGE'] })).toEqual(['dropped match-method']);
    const header = (name: string, re2: string) => dropped({ headers: [{ name, re2 }] });
    expect(header('x-a', 'é')).toEqual(['dropped match-header-regex']);
    expect(header('x-a', 'a'.repeat(4097))).toEqual(['dropped match-header-regex']);
    expect(header('x a', 'a')).toEqual(['dropped match-header-regex']);
    const many = Array.from({ length: 17 }, (_, index) => ({ name: `x-${index}`, re2: 'a' }));
    expect(dropped({ headers: many as never })).toEqual(['dropped match-header-regex']);
  });
});

describe('the limits of a route', () => {
  const rules = Array.from({ length: 40 }, (_, index) =>
    rule(
      match({ methods: ['GET', 'POST'], path: { kind: 'exact', value: `/${index}` } }),
      to(index % 2 ? { one: 1 } : { two: 1 }),
    ),
  );

  it('are met by several, whose names are in their order', () => {
    const model = meshOf(rules);
    const { bodies, artifacts } = emitted(model);
    expect(bodies.map(({ metadata }) => metadata.name)).toEqual(['root-80', 'root-80-02', 'root-80-03']);
    expect(bodies.map(({ spec }) => spec.rules.length)).toEqual([16, 16, 9]);
    expect(new Set(bodies.map(({ spec }) => JSON.stringify(spec.parentRefs))).size).toBe(1);
    const simulated = gatewayApiAdapter.simulate?.(artifacts, model);
    for (const path of ['/0', '/15', '/16', '/39', '/40']) {
      const request = {
        kind: 'http',
        from: 'default/client',
        to: { host: 'root', port: 80 },
        method: 'GET',
        path,
        headers: {},
      };
      expect(difference(decide(model, request as never), simulated!(request as never))).toBeUndefined();
    }
  });

  it('of matches: 64 in a rule, 128 in all', () => {
    const same = Array.from({ length: 200 }, (_, index) =>
      rule(match({ path: { kind: 'exact', value: `/${index}` } }), to({ one: 1 })),
    );
    const { bodies } = emitted(meshOf(same));
    expect(bodies.map(({ spec }) => spec.rules.map(({ matches }) => matches.length))).toEqual([
      [64, 64],
      [64, 8, 1],
    ]);
  });
});

describe('weights', () => {
  const written = (weights: Readonly<Record<string, number>>) => {
    const { rules, losses } = emitted(meshOf([rule('any', to(weights))]));
    return { weights: rules[0]?.backendRefs?.map(({ weight }) => weight), losses };
  };

  it.each([
    ['900m and 100m', { one: 9, two: 1 }, [9, 1]],
    ['thirds', { root: 1, one: 1, two: 1 }, [1, 1, 1]],
    ['zero', { one: 5, two: 0 }, [5, 0]],
    ['1 and 500m', { one: 2, two: 1 }, [2, 1]],
    ['too large ones with a common divisor', { one: 4_000_000_000, two: 2_000_000_000 }, [2, 1]],
  ])('%s keep their shares', (_, weights, expected) => {
    expect(written(weights)).toEqual({ weights: expected, losses: [] });
  });

  it('that cannot be said are scaled, and the difference is told', () => {
    const { weights, losses } = written({ one: 4_000_000_001, two: 1 });
    expect(weights).toEqual([1_000_000, 1]);
    expect(losses).toMatchObject([{ feature: 'weighted-split', kind: 'changed', origins: [origin] }]);
    expect(losses[0]?.text).toContain('differs by up to 0.0001 %');
  });

  it('of nobody answer 500, and close connections', () => {
    const fail: Distribution = { kind: 'fail', because: 'SMI4002' };
    const http = emitted(meshOf([rule('any', fail)]));
    expect(http.rules).toEqual([{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }]);
    expect(http.losses).toMatchObject([{ feature: 'failed-distribution', kind: 'changed' }]);
    const tcp = emitted(meshOf([rule('any', fail)], { protocol: 'tcp' }));
    expect(tcp.bodies).toMatchObject([
      { kind: 'TCPRoute', spec: { rules: [{ backendRefs: [{ name: 'root', port: 80, weight: 0 }] }] } },
    ]);
  });

  it('of nobody are exact where the mesh says 500, or 404 behind all other rules', () => {
    const failing = (status: 404 | 500): Distribution => ({ kind: 'fail', because: 'SMI4002', status });
    const path = { kind: 'exact', value: '/a' } as const;
    expect(emitted(meshOf([rule('any', failing(500))])).losses).toEqual([]);
    const behind = emitted(withLast([rule(match({ path }), to({ one: 1 }))], rule('any', failing(404))));
    expect(behind.rules.map(({ matches }) => matches)).toEqual([[{ path: { type: 'Exact', value: '/a' } }]]);
    expect(behind.losses).toEqual([]);
    const alone = emitted(withLast([], rule('any', failing(404))));
    expect(alone.rules).toEqual([{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }]);
    expect(alone.losses[0]?.text).toContain('answered 500, not 404');
  });

  it('of more than 16 backends go to the 16 heaviest', () => {
    const model = meshOf([rule('any', to(Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`v${n}`, n + 1]))))]);
    const { rules, losses } = emitted(model);
    expect(rules[0]?.backendRefs).toHaveLength(16);
    expect(losses[0]?.text).toContain('default/v0 get nothing, and their 0.654 % goes to the others');
  });
});

describe('a port for gRPC', () => {
  const ofCalls = (rules: readonly OutboundRule[], policies?: PortPolicy['policies']) => {
    const model = meshOf(rules, policies && { policies });
    Object.assign(model.services['default/root' as never]!.ports[0]!, { name: 'grpc', http2: true });
    return model;
  };
  const path = (re2: string) => ({ path: { kind: 'regex', re2 } as const });
  const rules = [
    rule(match({ ...path('/a\\.B/Get'), headers: [{ name: 'x-a', re2: '1' }] }), to({ one: 1 })),
    rule(match({ ...path('/a\\.B(/.*)?'), methods: ['GET', 'POST'] }), to({ two: 1 })),
  ];

  it('has a GRPCRoute where that is asked for', () => {
    const model = ofCalls(rules);
    const { bodies, artifacts } = emitted(model, { grpc: 'GRPCRoute' });
    expect(bodies.map(({ kind }) => kind)).toEqual(['GRPCRoute']);
    expect(bodies[0]?.spec.rules.map(({ matches }) => matches)).toEqual([
      [
        {
          method: { type: 'Exact', service: 'a.B', method: 'Get' },
          headers: [{ type: 'Exact', name: 'x-a', value: '1' }],
        },
      ],
      [{ method: { type: 'Exact', service: 'a.B' } }],
      [{}],
    ]);
    const simulated = gatewayApiAdapter.simulate!(artifacts, model);
    for (const called of ['/a.B/Get', '/a.B/Put', '/a.C/Get']) {
      for (const headers of [{}, { 'x-a': '1' }]) {
        const call = {
          kind: 'http',
          from: 'default/client',
          to: { host: 'root', port: 80 },
          method: 'POST',
          path: called,
          headers,
        };
        expect(difference(decide(model, call as never), simulated(call as never))).toBeUndefined();
      }
    }
  });

  it('has an HTTPRoute where nobody asks, and where a GRPCRoute cannot say it', () => {
    const kinds = (model: MeshModel, grpc: 'HTTPRoute' | 'GRPCRoute') =>
      emitted(model, { grpc }).bodies.map(({ kind }) => kind);
    const limited = [
      { policy: 'default/root', matches: 'any', fields: { timeouts: { request: 1 } }, origins: [] },
    ] as const;
    expect(kinds(ofCalls(rules), 'HTTPRoute')).toEqual(['HTTPRoute']);
    expect(kinds(ofCalls([rule(match(path('/a.*')), to({ one: 1 }))]), 'GRPCRoute')).toEqual(['HTTPRoute']);
    expect(kinds(ofCalls(rules, limited as never), 'GRPCRoute')).toEqual(['HTTPRoute']);
    expect(kinds(meshOf(rules), 'GRPCRoute')).toEqual(['HTTPRoute']);
  });
});

describe('what comes first', () => {
  it('is repeated as narrowly as what would outrank it', () => {
    const rules = [
      rule(match({ headers: [{ name: 'x-a', re2: '1' }] }), to({ one: 1 })),
      rule(match({ path: { kind: 'exact', value: '/a' }, methods: ['GET'] }), to({ two: 1 })),
    ];
    expect(
      emitted(meshOf(rules)).rules.map(({ matches, backendRefs }) => [matches.length, backendRefs?.[0]?.name]),
    ).toEqual([
      [2, 'one'],
      [1, 'two'],
      [1, 'root'],
    ]);
  });

  it('is an expression beside expressions, since implementations rank prefixes before or behind them', () => {
    const rules = [rule(match({ path: { kind: 'regex', re2: '(?:/a)(?s:.*)' } }), to({ one: 1 }))];
    const paths = emitted(meshOf(rules)).rules.flatMap(({ matches }) => matches.map(({ path }) => path));
    expect(paths).toEqual([
      { type: 'RegularExpression', value: '^/a.*$' },
      { type: 'RegularExpression', value: '^/.*$' },
    ]);
  });
});

describe('sources', () => {
  it('that are namespaces have routes of their own there, and grants for what these refer to', () => {
    const { bodies } = emitted(meshOf([rule('any', to({ one: 1 }), ['other'])]));
    expect(bodies.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      'HTTPRoute other/root.default-80',
      'ReferenceGrant default/root.default-80.other',
    ]);
    expect(bodies[0]?.spec.parentRefs).toEqual([
      { group: '', kind: 'Service', name: 'root', namespace: 'default', port: 80 },
    ]);
  });

  it('refer to more Services than a grant has room for by several grants', () => {
    const names = Array.from({ length: 20 }, (_, index) => `v${index}`);
    const rules = names.map((name) =>
      rule(match({ path: { kind: 'exact', value: `/${name}` } }), to({ [name]: 1 }), ['other']),
    );
    const grants = emitted(meshOf(rules)).bodies.filter(({ kind }) => kind === 'ReferenceGrant');
    expect(grants.map(({ metadata }) => metadata.name)).toEqual(['root.default-80.other', 'root.default-80-02.other']);
  });

  it('that are workloads are lost', () => {
    const { bodies, losses } = emitted(meshOf([rule('any', to({ one: 1 }), ['other/client'])]));
    expect(bodies).toEqual([]);
    expect(losses).toMatchObject([{ feature: 'client-rules', kind: 'dropped' }]);
  });
});

describe('policies', () => {
  const withPolicy = (fields: RequestPolicy, matches: 'any' | readonly HttpMatch[] = 'any') =>
    meshOf([], { policies: [{ policy: 'default/root', matches: matches as 'any', fields, origins: [] }] });

  it('are fields of a rule', () => {
    const { rules, losses } = emitted(
      withPolicy({
        timeouts: { request: 90_500, perTry: 2_000, idle: 60_000 },
        mirror: { service: 'default/one' as never, port: 80, share: 1_250 },
        headers: { request: { set: { 'x-a': '1' }, add: { 'x-a': '2', 'x-b': '3' }, remove: ['x-c'] } },
      }),
    );
    expect(rules).toEqual([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        filters: [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: {
              set: [{ name: 'x-a', value: '1,2' }],
              add: [{ name: 'x-b', value: '3' }],
              remove: ['x-c'],
            },
          },
          {
            type: 'RequestMirror',
            requestMirror: {
              backendRef: { name: 'one', port: 80 },
              fraction: { numerator: 1_250, denominator: 10_000 },
            },
          },
        ],
        timeouts: { request: '1m30s500ms', backendRequest: '2s' },
        backendRefs: [{ name: 'root', port: 80 }],
      },
    ]);
    expect(losses.map(({ feature, kind }) => `${kind} ${feature}`)).toEqual([
      'dropped request-timeouts',
      'changed request-timeouts',
    ]);
  });

  it('retry the methods that they name, and no other', () => {
    const { rules } = emitted(withPolicy({ retries: { on: ['gatewayError', 'connectFailure'], methods: ['GET'] } }));
    expect(rules).toEqual([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' }, method: 'GET' }],
        backendRefs: [{ name: 'root', port: 80 }],
        retry: { attempts: 2, codes: [502, 503, 504] },
      },
      { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [{ name: 'root', port: 80 }] },
    ]);
  });

  it('hold for what they are about', () => {
    const { rules } = emitted(
      withPolicy({ timeouts: { request: 1_000 } }, [match({ path: { kind: 'exact', value: '/a' } })]),
    );
    expect(rules).toMatchObject([
      { matches: [{ path: { type: 'Exact', value: '/a' } }], timeouts: { request: '1s' } },
      { matches: [{ path: { type: 'PathPrefix', value: '/' } }] },
    ]);
  });

  it('that balance by a cookie keep sessions in the experimental channel', () => {
    const model = meshOf([]);
    const port = model.outbound['default/root' as never]!.ports['80']!;
    const fields = { loadBalancer: { hashOn: { cookie: 'session' } } };
    Object.assign(port, { endpoints: { policy: 'default/root', matches: 'any', fields, origins: [] } });
    expect(emitted(model).bodies).toEqual([]);
    expect(emitted(model, { channel: 'experimental' }).rules).toMatchObject([
      { sessionPersistence: { type: 'Cookie', cookie: { name: 'session' } } },
    ]);
  });
});

describe('a mesh that restricts who may reach whom', () => {
  const model = meshOf([]);
  const closed: MeshModel = {
    ...model,
    inbound: Object.fromEntries(
      Object.entries(model.inbound).map(([set, policy]) => [set, { ...policy, mode: 'deny' as const }]),
    ),
  };

  it('is refused unless something else enforces it', () => {
    const options = { channel: 'standard', regex: 'implementation', grpc: 'HTTPRoute' } as const;
    const refusals = (mesh: MeshModel, access: 'refuse' | 'elsewhere') =>
      gatewayApiAdapter.refuse?.(mesh, { ...options, access }).map(({ code }) => code);
    expect(refusals(closed, 'refuse')).toEqual(['SMI5004']);
    expect(refusals(closed, 'elsewhere')).toEqual([]);
    expect(refusals(model, 'refuse')).toEqual([]);
  });
});

describe('options', () => {
  it('have defaults, and are refused with a reason', () => {
    expect(gatewayApiAdapter.parseOptions(undefined)).toEqual({
      ok: true,
      value: { channel: 'standard', access: 'refuse', regex: 'implementation', grpc: 'HTTPRoute' },
    });
    const messages = (input: unknown) => {
      const parsed = gatewayApiAdapter.parseOptions(input);
      return parsed.ok ? [] : parsed.error.map(({ message }) => message);
    };
    expect(messages({ chanel: 'standard', access: 7 })).toEqual([
      'there is no option chanel: channel, access, regex, grpc are known',
      'access is refuse or elsewhere, not the number 7',
    ]);
    expect(messages([])).toEqual(['the options are a list']);
  });
});
