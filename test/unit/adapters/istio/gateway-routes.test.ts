import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { istioAdapter } from '../../../../adapters/istio/index.ts';
import { defaultOptions, type IstioOptions } from '../../../../adapters/istio/options.ts';
import type { Artifact } from '../../../../src/adapter/contract.ts';
import { emitAll } from '../../../../src/adapter/emit-all.ts';
import { decide } from '../../../../src/model/decide.ts';
import type { TcpRequest } from '../../../../src/model/decision.ts';
import type { MeshModel, OutboundRule } from '../../../../src/model/types.ts';
import { difference } from '../../../support/gateway-api/agreement.ts';
import { meshOf } from '../../../support/gateway-api/mesh.ts';
import { requests, rules } from '../../../support/gateway-api/rules.ts';
import { compile, pod, service, split } from '../../../support/objects.ts';
import { trafficPolicy } from '../../../support/policies.ts';
import '../../../support/property-seed.ts';

const options: IstioOptions = { ...defaultOptions, routes: 'gateway-api' };

interface Body {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly rules: readonly unknown[]; readonly parentRefs?: readonly unknown[] };
}

function written(model: MeshModel, chosen: Partial<IstioOptions> = {}) {
  const { artifacts, losses } = emitAll(istioAdapter, model, { ...options, ...chosen });
  const bodies = artifacts.map(({ body }) => body as Body);
  const routes = bodies.filter(({ kind }) => kind.endsWith('Route'));
  return { artifacts, losses, kinds: new Set(bodies.map(({ kind }) => kind)), routes };
}

const pods = [pod('shop', { ports: ['8080', '5432'] }), pod('v1', { ports: ['8080', '5432'] })];
const both = ['80:8080 http', '5432:5432 tcp'];
const services = [service('shop', { ports: both }), service('v1', { ports: both })];
const aboutShop = 'targetRefs: [{ kind: Service, name: shop }]';

describe('with routes: gateway-api', () => {
  test('Gateway API says where requests go, and Istio all the rest', () => {
    const policies = [trafficPolicy('p', `${aboutShop}\nloadBalancer: { algorithm: roundRobin }`)];
    const { kinds, routes } = written(
      compile({ services, pods, policies, splits: [split('s', 'shop', { v1: 1 })] }).model,
    );
    expect(kinds).toEqual(
      new Set(['HTTPRoute', 'TCPRoute', 'DestinationRule', 'AuthorizationPolicy', 'PeerAuthentication']),
    );
    const parent = { group: '', kind: 'Service', name: 'shop' };
    expect(routes.map(({ spec }) => spec.parentRefs)).toEqual([[{ ...parent, port: 80 }], [{ ...parent, port: 5432 }]]);
  });

  test('names that Istio has by a ServiceEntry are a parent, too, even where nothing is routed', () => {
    const shop = service('shop', { ports: both });
    const named = { ...shop, meta: { ...shop.meta, annotations: { 'smi-mesh.io/hosts': 'shop.example' } } };
    const { kinds, routes } = written(compile({ services: [named], pods }).model);
    expect(kinds).toContain('ServiceEntry');
    expect(routes).toMatchObject([
      {
        kind: 'HTTPRoute',
        spec: { parentRefs: [{ kind: 'Service' }, { kind: 'ServiceEntry', name: 'shop', port: 80 }] },
      },
    ]);
  });

  test('what no route says is told where the policy asks for it: faults, and failures that Istio does not try again', () => {
    const asked =
      'faults: { abort: { percent: 10, httpStatus: 503 } }\nretries: { retryOn: [perTryTimeout, grpcCancelled, gatewayError] }';
    const { losses } = written(
      compile({ services, pods, policies: [trafficPolicy('p', `${aboutShop}\n${asked}`)] }).model,
    );
    const told = losses.map(({ feature, kind, origins }) => [
      feature,
      kind,
      [...new Set(origins.map(({ path }) => path))].sort(),
    ]);
    expect(told).toContainEqual(['fault-injection', 'dropped', ['spec.faults.abort']]);
    expect(losses.map(({ text }) => text)).toContain('no route retries on perTryTimeout');
    expect(losses.some(({ text }) => text.includes('grpcCancelled'))).toBe(false);
  });

  test('of a name outside no route says anything, and what policies ask of it is told', () => {
    const outside = {
      ...service('shop', { ports: ['80:8080 http'], type: 'ExternalName' }),
      externalName: 'shop.example.org',
    };
    const asked = 'timeouts: { request: 1s }\nretries: { attempts: 3 }\nheaders: { request: { set: { a: b } } }';
    const { routes, losses } = written(
      compile({ services: [outside], pods, policies: [trafficPolicy('p', `${aboutShop}\n${asked}`)] }).model,
    );
    expect(routes).toEqual([]);
    expect(losses.map(({ feature, kind }) => `${kind} ${feature}`).sort()).toEqual([
      'dropped header-edits',
      'dropped request-timeouts',
      'dropped retries',
    ]);
  });

  test('header values are spelled as Envoy reads them', () => {
    const asked = 'headers: { request: { set: { x-share: "50%" }, add: { x-more: "%a" } } }';
    const { routes } = written(
      compile({ services, pods, policies: [trafficPolicy('p', `${aboutShop}\n${asked}`)] }).model,
    );
    expect(routes[0]?.spec.rules).toMatchObject([
      {
        filters: [
          {
            requestHeaderModifier: {
              set: [{ name: 'x-share', value: '50%%' }],
              add: [{ name: 'x-more', value: '%%a' }],
            },
          },
        ],
      },
    ]);
  });

  test('a GRPCRoute is written where it is asked for', () => {
    const model = meshOf([weightedTo('one')]);
    Object.assign(model.services['default/root' as never]!.ports[0]!, { name: 'grpc', http2: true });
    expect(written(model).kinds).not.toContain('GRPCRoute');
    expect(written(model, { grpc: 'GRPCRoute' }).kinds).toContain('GRPCRoute');
  });

  test('connections go by no rule for the clients of one namespace: such a TCPRoute would be in force for all', () => {
    const model = meshOf([{ ...weightedTo('one'), from: ['other'] as never }, weightedTo('two')], { protocol: 'tcp' });
    const { routes, losses } = written(model);
    expect(routes.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`)).toEqual(['TCPRoute default']);
    expect(losses).toMatchObject([{ feature: 'client-rules', kind: 'dropped' }]);
    // The same as a route of another namespace: it is in force for clients of this one.
    const elsewhere = JSON.stringify(routes[0])
      .replace('"namespace":"default"', '"namespace":"other"')
      .replace('"kind":"Service"', '"kind":"Service","namespace":"default"')
      .replace('"name":"two"', '"name":"two","namespace":"default"');
    const ofOther = [{ name: 'r', format: 'kubernetes', body: JSON.parse(elsewhere) as unknown, origins: [] }];
    const asked: TcpRequest = { kind: 'tcp', from: 'default/client' as never, to: { host: 'root.default', port: 80 } };
    expect(done(ofOther, model, asked)).toMatchObject({ targets: [{ service: 'default/two' }] });
  });

  test('the first rule that matches counts, of every client', () => {
    fc.assert(
      fc.property(rules, (generated) => {
        const model = meshOf(generated);
        const simulated = istioAdapter.simulate?.(written(model).artifacts, model);
        for (const request of requests) {
          const problem = simulated && difference(decide(model, request), simulated(request));
          if (problem !== undefined) throw new Error(`${JSON.stringify(request)}: ${problem}`);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what Istio makes of both kinds of routes', () => {
  const model = compile({ services, pods, splits: [split('s', 'shop', { v1: 1 })] }, { accessMode: 'allow' }).model;
  const asked = { kind: 'http', method: 'GET', path: '/', headers: {} } as const;
  const request = { ...asked, from: 'default/shop' as never, to: { host: 'shop.default', port: 80 } };

  test('they send a request to the same place', () => {
    for (const routes of ['gateway-api', 'virtual-service'] as const) {
      const byRoutes = done(written(model, { routes }).artifacts, model, request);
      expect(byRoutes).toMatchObject({ targets: [{ service: 'default/v1' }] });
    }
    expect(done([], model, request)).toMatchObject({ targets: [{ service: 'default/shop' }] });
  });

  test('without weights one answers 500 and the other 503, and connections are closed', () => {
    const nobody = compile({ services, pods, splits: [split('s', 'shop', { v1: 0 })] }, { accessMode: 'allow' }).model;
    const { artifacts, losses } = written(nobody);
    expect(done(artifacts, nobody, request)).toEqual({ outcome: 'rejected', status: 500 });
    expect(losses.map(({ feature }) => feature)).toContain('failed-distribution');
    const connection: TcpRequest = { kind: 'tcp', from: request.from, to: { host: 'shop.default', port: 5432 } };
    expect(done(artifacts, nobody, connection)).toEqual({ outcome: 'rejected', status: 0 });
    const own = written(nobody, { routes: 'virtual-service' }).artifacts;
    expect(done(own, nobody, request)).toEqual({ outcome: 'rejected', status: 503 });
  });
});

function weightedTo(name: string): OutboundRule {
  const target = { service: `default/${name}` as never, port: 80, weight: 1, origins: [] };
  return { from: 'any', match: 'any', to: { kind: 'weighted', targets: [target] }, origins: [] };
}

function done(documents: readonly Artifact[], model: MeshModel, request: Parameters<typeof decide>[1]) {
  return istioAdapter.simulate?.(documents, model)(request);
}
