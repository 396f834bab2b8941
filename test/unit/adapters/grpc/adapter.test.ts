import { describe, expect, it } from 'vitest';
import { grpcAdapter } from '../../../../adapters/grpc/index.ts';
import { assemble } from '../../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../../src/compile/index.ts';
import { workloadId } from '../../../../src/model/ids.ts';
import type { MeshModel } from '../../../../src/model/types.ts';
import { readSourceText } from '../../../../src/source/read.ts';
import { protoFaults } from '../../../support/proto-json.ts';

type Json = Readonly<Record<string, unknown>>;

const service = (name: string, labels: string, ports = '{ name: grpc, port: 80, targetPort: 8080 }') => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { ${labels} }, ports: [${ports}] }
`;
let pods = 0;
const pod = (name: string, serviceAccount: string, extra = '', ready = 'True') => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { app: ${name.replace(/-.*/, '')}, pod: ${name} }${extra} }
spec:
  serviceAccountName: ${serviceAccount}
  containers: [{ name: main, image: x, ports: [{ name: grpc, containerPort: 8080 }] }]
status: { podIPs: [{ ip: 10.0.0.${++pods} }], conditions: [{ type: Ready, status: '${ready}' }] }
`;
const account = (name: string) => `---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name}, namespace: shop }
`;
const split = (backends: string, matches = '') => `---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: store, namespace: shop }
spec: { service: store, backends: [${backends}]${matches} }
`;
const group = (match: string) => `---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: group, namespace: shop }
spec: { matches: [${match}] }
`;
const target = (source: string) => `---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: store, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: store, namespace: shop }
  sources: [{ kind: ServiceAccount, name: ${source}, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: any }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: any, namespace: shop }
spec: { matches: [{ name: any, pathRegex: .* }] }
`;
const policy = (spec: string, name = 'policy') => `---
apiVersion: policy.smi-mesh.io/v1alpha1
kind: TrafficPolicy
metadata: { name: ${name}, namespace: shop }
spec: { targetRefs: [{ kind: Service, name: store }], ${spec} }
`;
const plain = ', annotations: { smi-mesh.io/sidecar: disabled }';

const stores =
  service('store', 'app: store') +
  service('store-v1', 'pod: store-1') +
  service('store-v2', 'pod: store-2') +
  pod('store-1', 'store') +
  pod('store-2', 'store');
const everyone = pod('buyer', 'buyer') + pod('thief', 'thief') + target('buyer');
const weights = (first: number, second: number) =>
  `{ service: store-v1, weight: ${first} }, { service: store-v2, weight: ${second} }`;
const onMatch = ', matches: [{ kind: HTTPRouteGroup, name: group }]';

function compile(manifests: string): MeshModel {
  const accounts = ['store', 'other', 'mixed', 'buyer', 'thief'].map(account).join('');
  const { documents, diagnostics } = readSourceText('mesh.yaml', manifests + accounts);
  const assembled = assemble(documents);
  const compiled = createCompiler().compile(assembled.input, defaultCompileOptions);
  const found = [...diagnostics, ...assembled.diagnostics, ...compiled.diagnostics];
  const errors = found.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  if (errors.length > 0) throw new Error(errors.join('; '));
  return compiled.model;
}

/** What a client may have, by the last word of the type and the name. */
function seen(model: MeshModel, client: string): ReadonlyMap<string, Json> {
  const artifacts = grpcAdapter
    .view(model, workloadId('shop', client), { options: {} })
    .flatMap((unit) => grpcAdapter.emitUnit(model, unit, { options: {} }));
  return new Map(artifacts.map(({ format, name, body }) => [`${format.split('.').at(-1)} ${name}`, body as Json]));
}

function routesOf(manifests: string, host = 'store.shop:80'): readonly Json[] {
  const routes = seen(compile(stores + everyone + manifests), 'buyer').get('RouteConfiguration shop/store:80');
  const hosts = routes?.virtualHosts as readonly { readonly domains: readonly string[]; readonly routes: Json[] }[];
  return hosts.find(({ domains }) => domains.includes(host))!.routes;
}

describe('what gRPC clients get', () => {
  it('is what the types have', () => {
    const model = compile(
      stores +
        everyone +
        service('mixed', 'app: mixed', '{ name: grpc, port: 80 }, { name: grpc-b, port: 81 }') +
        pod('mixed-1', 'mixed') +
        pod('mixed-2', 'mixed', plain) +
        split(weights(90, 10), onMatch) +
        group('{ name: a, pathRegex: /a, methods: [POST], headers: { x-a: b|c } }') +
        policy('timeouts: { request: 1s }, loadBalancer: { algorithm: leastRequest }') +
        policy('retries: { retryOn: [grpcUnavailable], methods: [POST] }, circuitBreaker: { requests: 4 }', 'b') +
        policy('outlierDetection: { successRate: { percent: 80 } }', 'c') +
        policy('faults: { delay: { duration: 5ms, percent: 1 }, abort: { httpStatus: 503, percent: 0.5 } }', 'd') +
        policy('loadBalancer: { algorithm: ringHash, hashOn: { header: x-user } }', 'e'),
    );
    const artifacts = grpcAdapter
      .units(model, { options: {} })
      .flatMap((unit) => grpcAdapter.emitUnit(model, unit, { options: {} }));
    expect(artifacts.length).toBeGreaterThan(30);
    expect(artifacts.flatMap(({ format, name, body }) => protoFaults(format.replace(/.*\//, ''), body, name))).toEqual(
      [],
    );
    for (const artifact of artifacts) expect(grpcAdapter.encode(artifact).length).toBeGreaterThan(0);
  });

  it('listeners: by every name, the bare one within its namespace, and without a port where one is meant', () => {
    const ports = '{ name: grpc, port: 81 }, { name: grpc-b, port: 82 }';
    const elsewhere = pod('guest', 'guest').replaceAll('namespace: shop', 'namespace: other');
    const model = compile(stores + everyone + service('two', 'app: store', ports) + elsewhere);
    const listeners = (workload: ReturnType<typeof workloadId>) =>
      grpcAdapter
        .view(model, workload, { options: {} })
        .flatMap((unit) => grpcAdapter.emitUnit(model, unit, { options: {} }))
        .filter(({ format }) => format.endsWith('Listener'))
        .map(({ name }) => name);
    const own = listeners(workloadId('shop', 'buyer'));
    expect(own.filter((name) => /^store(\.|:|$)/.test(name)).sort()).toEqual([
      'store',
      'store.shop',
      'store.shop.svc',
      'store.shop.svc.cluster.local',
      'store.shop.svc.cluster.local:80',
      'store.shop.svc:80',
      'store.shop:80',
      'store:80',
    ]);
    expect(own.filter((name) => name.startsWith('two')).every((name) => /:8[12]$/.test(name))).toBe(true);
    expect(listeners(workloadId('other', 'guest')).filter((name) => /^store(:|$)/.test(name))).toEqual([]);
  });

  it('weights as they are, and what has none is left out', () => {
    expect(routesOf(split(weights(90, 10)))).toMatchObject([
      {
        match: { prefix: '/' },
        route: {
          weightedClusters: {
            clusters: [
              { name: 'shop/store-v1:80', weight: 90 },
              { name: 'shop/store-v2:80', weight: 10 },
            ],
          },
        },
      },
    ]);
    expect(routesOf(split(weights(1, 0)))).toMatchObject([{ route: { cluster: 'shop/store-v1:80' } }]);
  });

  it('a split that leads nowhere: calls fail', () => {
    const [route] = routesOf(split(weights(0, 0)));
    expect(route).toMatchObject({ route: { cluster: 'none' } });
    expect(route?.typedPerFilterConfig).toMatchObject({
      'envoy.filters.http.fault': { abort: { grpcStatus: 14, percentage: { numerator: 100, denominator: 'HUNDRED' } } },
    });
  });

  it('matches: paths and metadata, each expression as one', () => {
    const [matched, rest] = routesOf(
      split(weights(1, 0), onMatch) +
        group("{ name: a, pathRegex: '/a|/b', methods: [GET, POST], headers: { x-a: b|c } }"),
    );
    expect(matched?.match).toEqual({
      safeRegex: { regex: expect.stringMatching(/^\(\?:.*\)$/) },
      headers: [{ name: 'x-a', safeRegexMatch: { regex: '(?:b|c)' } }],
    });
    expect(rest).toMatchObject({ match: { prefix: '/' }, route: { cluster: 'shop/store:80' } });
  });

  it('methods: calls are POST', () => {
    expect(routesOf(split(weights(1, 0), onMatch) + group('{ name: a, methods: [GET, PUT] }'))).toMatchObject([
      { match: { prefix: '/' }, route: { cluster: 'shop/store:80' } },
    ]);
  });

  it('the host that was asked for decides by virtual hosts', () => {
    const manifests = split(weights(1, 0), onMatch) + group("{ name: a, headers: { host: 'store.shop.*' } }");
    expect(routesOf(manifests, 'store.shop:80')).toMatchObject([
      { match: { prefix: '/' }, route: { cluster: 'shop/store-v1:80' } },
      { route: { cluster: 'shop/store:80' } },
    ]);
    expect(routesOf(manifests, 'store:80')).toMatchObject([{ route: { cluster: 'shop/store:80' } }]);
  });

  it('endpoints: only ready ones, by locality, of servers that prove who they are', () => {
    const model = compile(stores + everyone + pod('store-3', 'other', '', 'False'));
    const found = seen(model, 'buyer');
    const { endpoints } = found.get('ClusterLoadAssignment shop/store:80') as { endpoints: readonly Json[] };
    expect(endpoints).toMatchObject([{ locality: {}, loadBalancingWeight: 2 }]);
    expect(found.get('Cluster shop/store:80')).toMatchObject({
      lbPolicy: 'ROUND_ROBIN',
      transportSocket: {
        typedConfig: {
          commonTlsContext: {
            validationContext: {
              matchSubjectAltNames: [
                { exact: 'spiffe://cluster.local/ns/shop/sa/other' },
                { exact: 'spiffe://cluster.local/ns/shop/sa/store' },
              ],
            },
          },
        },
      },
    });
  });

  it('endpoints with and without a sidecar are two clusters, which share by their number', () => {
    const model = compile(
      stores +
        everyone +
        pod('store-3', 'store', plain) +
        split('{ service: store, weight: 1 }, { service: store-v1, weight: 1 }'),
    );
    const found = seen(model, 'buyer');
    expect(found.get('Cluster shop/store:80~plain')).not.toHaveProperty('transportSocket');
    expect(found.get('RouteConfiguration shop/store:80')).toMatchObject({
      virtualHosts: [
        {
          routes: [
            {
              route: {
                weightedClusters: {
                  clusters: [
                    { name: 'shop/store:80', weight: 2 },
                    { name: 'shop/store:80~plain', weight: 1 },
                    { name: 'shop/store-v1:80', weight: 3 },
                  ],
                },
              },
            },
          ],
        },
      ],
    });
  });

  it('whom no server lets in: the names, no endpoints, and calls that are refused', () => {
    const found = seen(compile(stores + everyone), 'thief');
    expect(found.has('Listener store.shop:80')).toBe(true);
    expect([...found.keys()].filter((name) => name.includes('LoadAssignment'))).toEqual(['ClusterLoadAssignment none']);
    expect(found.get('RouteConfiguration shop/store:80')).toMatchObject({
      virtualHosts: [
        {
          routes: [
            {
              route: { cluster: 'none' },
              typedPerFilterConfig: { 'envoy.filters.http.fault': { abort: { grpcStatus: 7 } } },
            },
          ],
        },
      ],
    });
  });

  it('policies of some calls are routes of their own, before the others', () => {
    const layered =
      policy('timeouts: { request: 1s }, matches: [{ kind: HTTPRouteGroup, name: group }]', 'narrow') +
      policy(
        'timeouts: { request: 9s }, retries: { retryOn: [gatewayError, grpcUnavailable], methods: [POST], attempts: 9 }',
        'wide',
      ) +
      group('{ name: a, pathRegex: /shop.Store/Get }');
    const routes = routesOf(layered);
    expect(routes.map(({ match }) => match)).toEqual([
      { safeRegex: { regex: expect.stringContaining('/shop.Store/Get') } },
      { prefix: '/' },
    ]);
    expect(routes.map(({ route }) => (route as Json).maxStreamDuration)).toEqual([
      { maxStreamDuration: '1s' },
      { maxStreamDuration: '9s' },
    ]);
    for (const { route } of routes)
      expect((route as Json).retryPolicy).toEqual({ retryOn: 'unavailable', numRetries: 4 });
  });

  it('calls are not idempotent: nothing is repeated unless a policy names POST', () => {
    const [route] = routesOf(policy('retries: { retryOn: [grpcUnavailable] }'));
    expect(route?.route).not.toHaveProperty('retryPolicy');
  });
});
