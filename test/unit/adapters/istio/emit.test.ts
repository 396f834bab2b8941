import { describe, expect, test } from 'vitest';
import { istioAdapter } from '../../../../adapters/istio/index.ts';
import { defaultOptions, type IstioOptions } from '../../../../adapters/istio/options.ts';
import { emitAll } from '../../../../src/adapter/emit-all.ts';
import type { MeshModel, ServiceId } from '../../../../src/model/types.ts';
import { account, compile, group, pod, service, split, target, tcpRoute } from '../../../support/objects.ts';
import { trafficPolicy } from '../../../support/policies.ts';

interface Written {
  readonly metadata: { readonly annotations?: unknown };
  readonly spec: Readonly<Record<string, unknown>>;
}

function written(model: MeshModel, options: IstioOptions = defaultOptions) {
  const { artifacts, losses } = emitAll(istioAdapter, model, options);
  const objects: Readonly<Record<string, Written>> = Object.fromEntries(
    artifacts.map(({ name, body }) => [name, body as Written]),
  );
  return { objects, losses, names: Object.keys(objects) };
}

const shop = [service('shop', { ports: ['80:8080 http', '5432:5432 tcp'] })];
const serviceAccounts = [account('shop'), account('buyer'), account('twin')];
const pods = [pod('shop', { ports: ['8080', '5432'] }), pod('buyer')];

describe('AuthorizationPolicy', () => {
  const granted = {
    services: shop,
    serviceAccounts,
    pods,
    targets: [
      target('t', 'shop', ['buyer'], ['HTTPRouteGroup pages']),
      target('u', 'shop', ['buyer'], ['TCPRoute db']),
    ],
    routeGroups: [group('pages', { read: { methods: ['GET'], pathRegex: '/books' } })],
    tcpRoutes: [tcpRoute('db', [5432])],
  };

  test('what asks for HTTP stands in a rule of its own, which Istio leaves out where it reads bytes', () => {
    const rules = written(compile(granted).model).objects['AuthorizationPolicy/default/allow.shop']?.spec
      .rules as readonly {
      to: readonly { operation: Readonly<Record<string, unknown>> }[];
    }[];
    for (const { to } of rules) {
      const asking = to.filter(({ operation }) => operation.paths !== undefined || operation.methods !== undefined);
      expect([0, to.length]).toContain(asking.length);
    }
    expect(rules.flatMap(({ to }) => to.map(({ operation }) => operation))).toContainEqual({ ports: ['5432'] });
  });

  test('audit policies are dry runs, and under allow there are none', () => {
    const dryRun = { 'istio.io/dry-run': 'true' };
    const audit = written(compile(granted, { accessMode: 'audit' }).model).objects;
    expect(audit['AuthorizationPolicy/default/allow.shop']?.metadata.annotations).toEqual(dryRun);
    expect(audit['AuthorizationPolicy/default/smi-mesh-deny']?.metadata.annotations).toEqual(dryRun);
    const allow = written(compile(granted, { accessMode: 'allow' }).model).names;
    expect(allow.filter((name) => name.startsWith('AuthorizationPolicy'))).toEqual([]);
  });

  test('a port that only some of the pods have which a selector reaches stays closed, and that is told', () => {
    const rollout = { app: 'shop', account: 'shop' };
    const { model } = compile({
      ...granted,
      pods: [
        pod('shop-old', { ...rollout, ports: ['8080', '5432'] }),
        pod('shop-new', { ...rollout, ports: ['8080', '5432', '9090'] }),
        pod('buyer'),
      ],
      tcpRoutes: [tcpRoute('db', [5432, 9090])],
    });
    const { objects, losses } = written(model);
    const rules = objects['AuthorizationPolicy/default/allow.shop']?.spec.rules as readonly {
      to: readonly { operation: { ports: readonly string[] } }[];
    }[];
    const ports = rules.flatMap(({ to }) => to.flatMap(({ operation }) => operation.ports));
    expect([...new Set(ports)].sort()).toEqual(['5432', '8080']);
    const narrowed = losses.filter(({ feature, kind }) => feature === 'access-identity' && kind === 'narrowed');
    expect(narrowed.map(({ text }) => text)).toEqual(
      ['t', 'u'].map(
        (name) =>
          `default/${name} lets in nobody at 9090: no labels tell pods that have such a port from default/shop-old`,
      ),
    );
  });

  test('denial is said in every namespace, or once for the mesh', () => {
    const { model } = compile({ pods: [pod('one/a'), pod('two/b')] });
    const denials = (options?: IstioOptions) =>
      written(model, options).names.filter((name) => name.endsWith('smi-mesh-deny'));
    expect(denials()).toEqual(['AuthorizationPolicy/one/smi-mesh-deny', 'AuthorizationPolicy/two/smi-mesh-deny']);
    expect(denials({ ...defaultOptions, denyBy: 'mesh', rootNamespace: 'mesh-root' })).toEqual([
      'AuthorizationPolicy/mesh-root/smi-mesh-deny',
    ]);
  });

  test('an expression that cannot be said lets nobody in, and that is told with its field', () => {
    const targets = [target('t', 'shop', ['buyer'], ['HTTPRouteGroup pages'])];
    const routeGroups = [group('pages', { read: { methods: ['GET'], pathRegex: '/books/[0-9]+' } })];
    const { objects, losses } = written(compile({ ...granted, targets, routeGroups }).model);
    expect(objects['AuthorizationPolicy/default/allow.shop']).toBeUndefined();
    expect(losses).toMatchObject([{ feature: 'access-http', kind: 'dropped' }]);
    expect(losses[0]?.origins.map(({ path }) => path)).toContain('spec.matches[0].pathRegex');
  });

  test('pods that look like those of another account stay closed', () => {
    const twins = [pod('shop', { ports: ['8080'] }), pod('twin', { app: 'shop', account: 'twin' }), pod('buyer')];
    const { names, losses } = written(compile({ ...granted, pods: twins }).model);
    expect(names).not.toContain('AuthorizationPolicy/default/allow.shop');
    expect(losses.map(({ feature, kind }) => `${kind} ${feature}`)).toContain('dropped access-identity');
  });
});

describe('tokens of end users', () => {
  const tcpRoutes = [tcpRoute('all', [])];
  const jwt = 'jwt: [{ issuer: "https://a", jwks: { url: "https://a/keys" }, claimHeaders: { groups: x-groups } }]';
  const routeGroups = [group('g', { staff: { headers: { 'x-groups': 'staff' } } })];
  const input = { services: shop, serviceAccounts, pods, tcpRoutes, routeGroups };

  test('a header of a claim is asked for as a whole too, since a claim that is a list is matched by any part of it', () => {
    const targets = [target('t', 'shop', ['buyer'], ['HTTPRouteGroup g'])];
    const policies = [trafficPolicy('p', `targetRefs: [{ kind: Service, name: shop }]\nauthentication: { ${jwt} }`)];
    const { objects } = written(compile({ ...input, targets, policies }).model);
    expect(objects['AuthorizationPolicy/default/allow.shop']?.spec.rules).toMatchObject([
      {
        when: [
          { key: 'request.auth.claims[groups]', values: ['staff'] },
          { key: 'request.headers[x-groups]', values: ['staff'] },
        ],
      },
    ]);
  });

  test('tokens that are taken elsewhere for other audiences are refused', () => {
    const about = (audience: string, match: string) =>
      trafficPolicy(
        match,
        `targetRefs: [{ kind: Service, name: shop }]\nmatches: [{ kind: HTTPRouteGroup, name: paths, matches: [${match}] }]\n` +
          `authentication: { jwt: [{ issuer: "https://a", audiences: [${audience}], jwks: { url: "https://a/keys" } }] }`,
      );
    const paths = group('paths', { a: { pathRegex: '/a' }, b: { pathRegex: '/b' } });
    const rulesFor = (audience: string) => {
      const policies = [about('x', 'a'), about(audience, 'b')];
      const { objects } = written(compile({ ...input, routeGroups: [paths], policies }).model);
      return objects['AuthorizationPolicy/default/tokens.shop']?.spec.rules as readonly unknown[];
    };
    expect(rulesFor('x')).toHaveLength(2);
    expect(rulesFor('y')).toHaveLength(4);
    expect(rulesFor('y')).toContainEqual({
      from: [{ source: { requestPrincipals: ['https://a/*'] } }],
      to: [{ operation: { ports: ['8080'], paths: ['/a*'] } }],
      when: [{ key: 'request.auth.audiences', notValues: ['x'] }],
    });
  });

  test('which requests need a token is asked of what clients write, not of the claims that they lack', () => {
    const targets = [target('t', 'shop', ['buyer'], ['TCPRoute all'])];
    const spec = `targetRefs: [{ kind: Service, name: shop }]\nmatches: [{ kind: HTTPRouteGroup, name: g }]\nauthentication: { ${jwt} }`;
    const { objects } = written(compile({ ...input, targets, policies: [trafficPolicy('p', spec)] }).model);
    expect(objects['AuthorizationPolicy/default/tokens.shop']?.spec.rules).toMatchObject([
      { when: [{ key: 'request.headers[x-groups]', values: ['staff'] }] },
    ]);
  });
});

describe('VirtualService', () => {
  const backends = [service('v1'), service('v2')];

  test('connections to a split without weights go nowhere, requests are answered 503, other ports go on', () => {
    const services = [...shop, service('v1', { ports: ['80:8080 http', '5432:5432 tcp'] })];
    const { model } = compile({
      services,
      pods: [...pods, pod('v1', { ports: ['8080', '5432'] })],
      splits: [split('s', 'shop', { v1: 0 })],
    });
    expect(written(model).objects['VirtualService/default/shop']?.spec).toMatchObject({
      http: [{ match: [{ port: 80 }], directResponse: { status: 503 } }],
      tcp: [{ match: [{ port: 5432 }], route: [{ destination: { host: 'nowhere.invalid' } }] }],
    });
  });

  test('weights are exact while Istio can hold them, and else as near as can be', () => {
    const { model } = compile({
      services: [...shop, ...backends],
      pods,
      splits: [split('s', 'shop', { v1: 1, v2: 2 })],
    });
    const weights = (v1: number, v2: number) => {
      const { objects, losses } = written(withWeights(model, v1, v2));
      const http = objects['VirtualService/default/shop']?.spec.http as { route: { weight: number }[] }[] | undefined;
      return { weights: http?.[0]?.route.map(({ weight }) => weight), losses: losses.map(({ kind }) => kind) };
    };
    expect(weights(0, 7)).toEqual({ weights: [0, 7], losses: [] });
    expect(weights(2_147_483_647, 2_147_483_647)).toEqual({ weights: [2_147_483_647, 2_147_483_647], losses: [] });
    expect(weights(4_000_000_000, 6_000_000_000)).toEqual({ weights: [2, 3], losses: [] });
    const near = weights(9_007_199_254_740_991, 1);
    expect(near.losses).toEqual(['changed']);
    expect(near.weights?.[1]).toBe(1);
    expect(near.weights?.[0]).toBeGreaterThan(2_000_000_000);
  });

  test('a service that keeps its requests has none', () => {
    expect(
      written(compile({ services: shop, pods }).model).names.filter((name) => /^(Virtual|Dest)/.test(name)),
    ).toEqual([]);
  });

  test('what may be tried again depends on the method', () => {
    const policies = [
      trafficPolicy(
        'p',
        'targetRefs: [{ kind: Service, name: shop }]\nretries: { attempts: 4, retryOn: [connectFailure, serverError] }',
      ),
    ];
    const spec = written(compile({ services: shop, pods, policies }).model).objects['VirtualService/default/shop']
      ?.spec;
    expect(spec?.http).toMatchObject([
      {
        match: [{ port: 80, method: { regex: 'GET|HEAD|OPTIONS|PUT|DELETE|TRACE' } }],
        retries: { attempts: 4, retryOn: 'connect-failure,refused-stream,5xx' },
      },
      { match: [{ port: 80 }], retries: { attempts: 4, retryOn: 'connect-failure,refused-stream' } },
    ]);
  });
});

test('ports without TLS are those of pods that have them, not of others of the account', () => {
  const services = [service('one', { ports: ['9000:9000 tcp'] }), service('two')];
  const both = [pod('one', { account: 'shop', ports: ['9000'] }), pod('two', { account: 'shop' })];
  const policies = [
    trafficPolicy('p', 'targetRefs: [{ kind: Service, name: one }]\ntls: { mode: disabled, ports: [9000] }'),
  ];
  const { objects, names } = written(compile({ services, serviceAccounts, pods: both, policies }).model);
  const about = names.filter((name) => /\/(ports|allow)\./.test(name)).map((name) => objects[name]?.spec.selector);
  expect(about).toEqual([{ matchLabels: { app: 'one' } }, { matchLabels: { app: 'one' } }]);
});

test('unrelated changes leave names and bytes as they are', () => {
  const input = { services: shop, pods, splits: [split('s', 'shop', { shop: 1 })] };
  const before = written(compile(input).model).objects;
  const after = written(
    compile({ ...input, services: [...shop, service('more')], pods: [...pods, pod('more')] }).model,
  ).objects;
  for (const [name, object] of Object.entries(before)) expect(JSON.stringify(after[name])).toBe(JSON.stringify(object));
});

test('pods of the root namespace are refused: what is said there holds for all namespaces', () => {
  const { model } = compile({ pods: [pod('istio-system/gateway'), pod('shop')] });
  expect(istioAdapter.refuse?.(model, defaultOptions)).toMatchObject([{ code: 'SMI5004' }]);
  expect(istioAdapter.refuse?.(model, { ...defaultOptions, rootNamespace: 'mesh-root' })).toEqual([]);
});

test('options are checked', () => {
  const { parseOptions } = istioAdapter;
  expect(parseOptions(undefined)).toEqual({ ok: true, value: defaultOptions });
  expect(parseOptions({ denyBy: 'mesh', rootNamespace: 'root' })).toEqual({
    ok: true,
    value: { ...defaultOptions, denyBy: 'mesh', rootNamespace: 'root' },
  });
  const wrongRoutes = [{ routes: 'http' }, { grpc: 'TCPRoute' }, { grpc: 'GRPCRoute' }];
  for (const bad of [
    [],
    { denyBy: 'pod' },
    { datagrams: 'open' },
    { rootNamespace: 'A B' },
    { other: 1 },
    ...wrongRoutes,
  ]) {
    expect(parseOptions(bad)).toMatchObject({ ok: false, error: [{ code: 'SMI5003' }] });
  }
});

function withWeights(model: MeshModel, ...weights: readonly number[]): MeshModel {
  const id = 'default/shop' as ServiceId;
  const changed = JSON.parse(JSON.stringify(model.outbound[id]), (key, value: unknown) =>
    key === 'targets' && Array.isArray(value) ? value.map((one, index) => ({ ...one, weight: weights[index] })) : value,
  );
  return { ...model, outbound: { ...model.outbound, [id]: changed } };
}
