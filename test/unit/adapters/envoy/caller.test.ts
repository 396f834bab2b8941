import { describe, expect, it } from 'vitest';
import { envoyAdapter } from '../../../../adapters/envoy/index.ts';
import { clusterName, parseClusterName } from '../../../../adapters/envoy/names.ts';
import type { Artifact } from '../../../../src/adapter/contract.ts';
import { serviceId, workloadId } from '../../../../src/model/ids.ts';
import type { ClusterPolicy, PolicyLayer, RequestPolicy } from '../../../../src/model/policy.ts';
import type { MeshModel } from '../../../../src/model/types.ts';
import { matching, sampleModel } from '../../../support/envoy-model.ts';
import { protoFaults } from '../../../support/proto-json.ts';

type Json = Readonly<Record<string, unknown>>;
type Emitted = Artifact & { readonly body: Json };

const parsed = envoyAdapter.parseOptions(undefined);
if (!parsed.ok) throw new Error('defaults are refused');
const options = parsed.value;

const store = serviceId('default', 'store');

/** The sample mesh, with policies of `store`, or for the endpoints of its port. */
function meshWith(policies: readonly PolicyLayer<RequestPolicy>[], endpoints?: ClusterPolicy): MeshModel {
  const model = sampleModel({ base: 1, mode: 'allow' });
  const { ports } = model.outbound[store]!;
  const port = {
    ...ports[80]!,
    ...(policies.length === 0 ? {} : { policies: policies as never }),
    ...(endpoints === undefined
      ? {}
      : { endpoints: { policy: 'p', matches: 'any', fields: endpoints, origins: [] } as const }),
  };
  return { ...model, outbound: { ...model.outbound, [store]: { service: store, ports: { ...ports, 80: port } } } };
}

function layer(
  fields: RequestPolicy,
  matches: PolicyLayer<RequestPolicy>['matches'] = 'any',
): PolicyLayer<RequestPolicy> {
  return { policy: 'default/p', matches, fields, origins: [] };
}

function emitAll(model: MeshModel): readonly Emitted[] {
  return envoyAdapter
    .units(model, { options })
    .flatMap((unit) => envoyAdapter.emitUnit(model, unit, { options })) as Emitted[];
}

function find(model: MeshModel, name: string, type: string): Json {
  const found = emitAll(model).find((one) => one.name === name && one.format.endsWith(type));
  if (found === undefined) throw new Error(`no ${type} ${name}`);
  return found.body;
}

interface Route extends Json {
  readonly name: string;
  readonly match: Json;
  readonly route?: Json;
}

/** The routes of the buyer's requests to `store`, without those that look for faults. */
function routesOf(model: MeshModel): readonly Route[] {
  const { virtualHosts } = find(model, 'outbound/default/buyer/127.1.0.1:20000', 'RouteConfiguration');
  const [{ routes }] = virtualHosts as readonly [{ readonly routes: readonly Route[] }];
  return routes.filter(({ name }) => name.startsWith('default/'));
}

const everything: RequestPolicy = {
  timeouts: { request: 1_500, perTry: 300, idle: 0 },
  retries: {
    on: ['connectFailure', 'reset', 'gatewayError', 'serverError', 'rateLimited', 'perTryTimeout', 'grpcUnavailable'],
    methods: ['GET', 'POST'],
    attempts: 3,
    budget: { percent: 12.5, minPerSecond: 2 },
    backoff: { base: 10, max: 5 },
  },
  faults: { delay: { time: 20, share: 500 }, abort: { httpStatus: 503, grpcStatus: 14, share: 50 } },
  mirror: { service: serviceId('default', 'store-v2'), port: 80, share: 1_000 },
  headers: { request: { set: { 'x-a': '100%' }, add: { 'x-b': '' }, remove: ['x-c'] }, response: { remove: ['x-d'] } },
  debugRouting: true,
};

const endpoints: ClusterPolicy = {
  loadBalancer: { algorithm: 'maglev', hashOn: { cookie: 'session' }, panicPercent: 12.5 },
  connectTimeout: 250,
  circuitBreaker: { connections: 10, pending: 0, requests: 30, retries: 2 },
  outlierDetection: { consecutiveFailures: 0, successRate: { percent: 99.5, minRequests: 10 }, interval: 2_000 },
  healthCheck: { path: '/healthz', interval: 500 },
};

describe('what policies say of the caller', () => {
  it('holds only fields that Envoy knows', () => {
    const model = meshWith([layer(everything)], endpoints);
    const faults = emitAll(model).flatMap(({ format, body, name }) =>
      protoFaults(format.replace(/.*\//, ''), body, name),
    );
    expect(faults).toEqual([]);
  });

  it('is a route for what may be sent again, and one for what must not', () => {
    const names = routesOf(meshWith([])).map(({ name }) => name);
    expect(names).toEqual(['default/store:80#0', 'default/store:80#0/once', 'default/store:80#none']);
    const never = routesOf(meshWith([layer({ retries: { attempts: 0 } })])).map(({ name }) => name);
    expect(never).toEqual(['default/store:80#0', 'default/store:80#none']);
  });

  it('gives tunnels neither a deadline nor a copy', () => {
    const routes = routesOf(meshWith([layer({ timeouts: { request: 1_500 } })]));
    expect(
      routes.map(({ name, route }) => [name, (route?.maxStreamDuration as Json | undefined)?.maxStreamDuration]),
    ).toEqual([
      ['default/store:80#0/upgrade', undefined],
      ['default/store:80#0', '1.5s'],
      ['default/store:80#0/once', '1.5s'],
      ['default/store:80#none', undefined],
    ]);
  });

  it('combines policies with matches, the narrowest first, and leaves out those that say nothing more', () => {
    const reads = matching({ methods: ['GET'] });
    const books = matching({ path: { kind: 'prefix', value: '/books' } });
    const off = { retries: { attempts: 0 } };
    const names = (layers: readonly PolicyLayer<RequestPolicy>[]) =>
      routesOf(meshWith([...layers, layer(off)])).map(({ name }) => name.replace('default/store:80', ''));
    const a = { ...layer({ timeouts: { idle: 1 } }, [reads]), policy: 'default/a' };
    const b = { ...layer({ debugRouting: false }, [books]), policy: 'default/b' };
    expect(names([a, b])).toEqual(['#0[default/a,default/b]', '#0[default/a]', '#0[default/b]', '#0', '#none']);
    const again = { ...layer({ timeouts: { idle: 2 } }, [books]), policy: 'default/c' };
    expect(names([a, again])).toEqual(['#0[default/a]', '#0[default/c]', '#0', '#none']);
    const never = { ...layer({ timeouts: { idle: 2 } }, [matching({ methods: ['POST'] })]), policy: 'default/d' };
    expect(names([b, { ...a, matches: [reads] }, never]).filter((name) => name.includes('a,default/d'))).toEqual([]);
  });

  it('has a bounded number of combinations', () => {
    const layers = Array.from({ length: 30 }, (_, index) =>
      layer({ headers: { request: { set: { [`x-${index}`]: '1' } } }, timeouts: { idle: index } }, [
        matching({ headers: [{ name: `x-${index}`, re2: 'a' }] }),
      ]),
    );
    const some = layers.map((one, index) => ({
      ...one,
      fields: index % 2 === 0 ? { timeouts: { idle: 1 } } : { timeouts: { perTry: 1 } },
    }));
    expect(routesOf(meshWith(layers)).length).toBeLessThan(300);
    expect(routesOf(meshWith(some)).length).toBeLessThan(300);
  });

  it('asks for two conditions on a path by the path without query', () => {
    const rule = {
      from: 'any',
      match: matching({ path: { kind: 'regex', re2: '/a.*' } }),
      to: { kind: 'self' },
      origins: [],
    } as const;
    const model = meshWith([
      layer({ timeouts: { idle: 1 }, retries: { attempts: 0 } }, [
        matching({ path: { kind: 'prefix', value: '/ab' } }),
      ]),
    ]);
    const { ports } = model.outbound[store]!;
    const port = { ...ports[80]!, rules: [rule] as const };
    const both = { ...model, outbound: { ...model.outbound, [store]: { service: store, ports: { 80: port } } } };
    expect(routesOf(both)[0]?.match).toEqual({
      safeRegex: { regex: '/a.*' },
      headers: [{ name: 'x-smi-path', stringMatch: { prefix: '/ab' } }],
    });
    const listener = JSON.stringify(find(both, 'outbound/default/buyer/127.1.0.1:20000', 'Listener'));
    expect(listener).toContain('%PATH(NQ)%');
    expect(JSON.stringify(find(model, 'outbound/default/buyer/127.1.0.1:20000', 'Listener'))).not.toContain(
      '%PATH(NQ)%',
    );
  });

  it('bounds nothing that is not bounded, and keeps a budget for retries', () => {
    expect(find(meshWith([]), 'default/store:80', 'Cluster').circuitBreakers).toEqual({
      thresholds: [
        {
          maxConnections: 4_294_967_295,
          maxRequests: 4_294_967_295,
          retryBudget: { budgetPercent: { value: 20 }, minRetryConcurrency: 10 },
        },
      ],
    });
    expect(find(meshWith([], endpoints), 'default/store:80', 'Cluster')).toMatchObject({
      lbPolicy: 'MAGLEV',
      connectTimeout: '0.25s',
      commonLbConfig: { healthyPanicThreshold: { value: 12.5 } },
      circuitBreakers: { thresholds: [{ maxConnections: 10, maxPendingRequests: 1, maxRequests: 30, maxRetries: 2 }] },
      outlierDetection: {
        enforcingConsecutiveGatewayFailure: 0,
        enforcingConsecutive5xx: 0,
        enforcingSuccessRate: 0,
        failurePercentageThreshold: 1,
        failurePercentageRequestVolume: 10,
        interval: '2s',
      },
    });
  });
});

describe('what is near', () => {
  const placed = (model: MeshModel): MeshModel => {
    const at = (name: string, zone: string) => {
      const id = workloadId('default', name);
      return { [id]: { ...model.workloads[id]!, locality: { region: 'west', zone } } };
    };
    return {
      ...model,
      workloads: { ...model.workloads, ...at('buyer', 'west/1'), ...at('store-v1', 'west/1'), ...at('store-v2', 'b') },
    };
  };
  const prefer = { loadBalancer: { locality: { prefer: true, failover: ['east'] } } };
  const near = 'default/store:80@west/west%2F1';

  it('has a cluster for the clients of each place, and its tiers as priorities', () => {
    const model = placed(meshWith([], prefer));
    expect(find(model, near, 'Cluster')).toMatchObject({ altStatName: 'default/store:80', type: 'EDS' });
    const { endpoints: tiers } = find(model, near, 'ClusterLoadAssignment') as {
      readonly endpoints: readonly { readonly priority: number; readonly lbEndpoints: readonly unknown[] }[];
    };
    expect(tiers.map(({ priority, lbEndpoints }) => [priority, lbEndpoints.length])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(JSON.stringify(tiers[0])).toContain('default/store-v1');
  });

  it('is one cluster for all where nobody prefers it', () => {
    const names = (policy: ClusterPolicy) =>
      emitAll(placed(meshWith([], policy))).flatMap(({ name }) => (name.startsWith('default/store:80') ? [name] : []));
    expect(new Set(names({ loadBalancer: { locality: { failover: ['b'] } } }))).toEqual(new Set(['default/store:80']));
    expect(names(prefer)).toContain(near);
  });

  it('is what a client sees of it', () => {
    const model = placed(meshWith([], prefer));
    const seen = (name: string) => envoyAdapter.view(model, workloadId('default', name), { options });
    const rules = JSON.stringify(routesOf(model));
    expect(rules).toContain('"default/store-v1:80"');
    const self = { from: 'any', match: 'any', to: { kind: 'self' }, origins: [] } as const;
    const port = { ...model.outbound[store]!.ports[80]!, rules: [self] as const };
    const own = { ...model, outbound: { ...model.outbound, [store]: { service: store, ports: { 80: port } } } };
    expect(envoyAdapter.view(own, workloadId('default', 'buyer'), { options })).toContain(`cluster/${near}`);
    expect(envoyAdapter.view(own, workloadId('default', 'thief'), { options })).toContain('cluster/default/store:80');
    expect(seen('buyer')).not.toContain(`cluster/${near}`);
  });

  it('is read back from the name of its cluster', () => {
    const place = { region: 'a@b', zone: 'c/d:1' };
    expect(parseClusterName(clusterName(store, 80, place))).toEqual({ service: store, port: 80, place });
    expect(parseClusterName(clusterName(store, 80))).toEqual({ service: store, port: 80 });
  });
});
