import { describe, expect, it } from 'vitest';
import { admitted } from '../../../src/model/admission.ts';
import { decide, decideInbound } from '../../../src/model/decide.ts';
import type { InboundRequest } from '../../../src/model/decision.ts';
import { spiffeId } from '../../../src/model/ids.ts';
import type { WorkloadId } from '../../../src/model/types.ts';
import { compile, group, http, pod, service, target } from '../../support/objects.ts';
import { refusedTrafficPolicy, trafficPolicy } from '../../support/policies.ts';

const jwt = 'jwt: [{ issuer: login, jwks: { file: /keys }, claimHeaders: { sub: x-user } }]';
const common = {
  services: [service('shop')],
  pods: [pod('shop'), pod('client')],
  routeGroups: [group('g', { read: { methods: ['GET'] }, alice: { headers: { 'x-user': 'alice' } } })],
  targets: [target('t', 'shop', ['client'], ['HTTPRouteGroup g'])],
};
const meshOf = (...policies: ReturnType<typeof trafficPolicy>[]) => compile({ ...common, policies }).model;
const ask = (model: ReturnType<typeof meshOf>, line = 'GET /', headers: Record<string, string> = {}) =>
  decide(model, http('client', 'shop:80', line, headers));
const access = (model: ReturnType<typeof meshOf>, line?: string, headers?: Record<string, string>) =>
  ask(model, line, headers).targets[0]?.sets[0]?.access;

describe('decide()', () => {
  it('says the fields in force for a request, with the policy and the place of each', () => {
    const model = meshOf(
      trafficPolicy(
        'some',
        'targetRefs: [{ kind: Service, name: shop }]\nmatches: [{ kind: HTTPRouteGroup, name: g, matches: [read] }]\ntimeouts: { request: 1s }',
      ),
      trafficPolicy('shop', 'timeouts: { request: 5s, idle: 1m, connect: 2s }'),
    );
    const fields = (line: string) => ask(model, line).policies?.map(({ path, value, policy }) => [path, value, policy]);
    expect(fields('GET /')).toEqual([
      ['timeouts.idle', 60_000, 'default/shop'],
      ['timeouts.request', 1_000, 'default/some'],
    ]);
    expect(fields('POST /')).toEqual([
      ['timeouts.idle', 60_000, 'default/shop'],
      ['timeouts.request', 5_000, 'default/shop'],
    ]);
    expect(ask(model).policies?.[1]?.origins).toEqual([
      { object: 'policy.smi-mesh.io/TrafficPolicy/default/some', path: 'spec.timeouts.request' },
    ]);
    expect(ask(model).targets[0]?.endpoints).toMatchObject([
      { path: 'connectTimeout', value: 2_000, policy: 'default/shop', origins: [{ path: 'spec.timeouts.connect' }] },
    ]);
    expect(ask(meshOf())).not.toHaveProperty('policies');
  });

  it('rejects a request without a token with 401 before grants are asked', () => {
    const model = meshOf(trafficPolicy('shop', `authentication: { ${jwt} }`));
    expect(access(model)).toMatchObject({ verdict: 'reject', status: 401, guards: [{ policy: 'default/shop' }] });
    expect(access(model, 'GET /', { authorization: 'Basic x' })).toMatchObject({ verdict: 'reject', status: 401 });
    expect(access(model, 'GET /', { authorization: 'Bearer x' })).toMatchObject({ verdict: 'allow', guards: [{}] });
    expect(access(model, 'POST /', { authorization: 'Bearer x' })).toMatchObject({ verdict: 'deny' });
  });

  it('takes headers of claims from tokens alone', () => {
    const model = meshOf(trafficPolicy('shop', `authentication: { ${jwt}, required: false }`));
    expect(access(model, 'POST /', { 'x-user': 'alice' })).toMatchObject({ verdict: 'deny' });
    expect(access(model, 'POST /', { 'x-user': 'alice', authorization: 'Bearer x' })).toMatchObject({
      verdict: 'allow',
    });
    expect(access(meshOf(), 'POST /', { 'x-user': 'alice' })).toMatchObject({ verdict: 'allow' });
  });

  it('finds tokens in the header that the policy names', () => {
    const own = jwt.replace('issuer: login', 'issuer: login, fromHeader: X-Token');
    const model = meshOf(trafficPolicy('shop', `authentication: { ${own} }`));
    expect(access(model, 'GET /', { authorization: 'Bearer x' })).toMatchObject({ status: 401 });
    expect(access(model, 'GET /', { 'x-token': 'x' })).toMatchObject({ verdict: 'allow' });
  });

  it('asks only for what covers the request', () => {
    const matches = 'matches: [{ kind: HTTPRouteGroup, name: g, matches: [alice] }]';
    const model = meshOf(trafficPolicy('shop', `${matches}\nauthentication: { ${jwt} }`));
    expect(access(model)).toMatchObject({ verdict: 'allow' });
    expect(access(model)).not.toHaveProperty('guards');
    expect(access(model, 'GET /', { 'x-user': 'alice' })).toMatchObject({ status: 401 });
  });

  it('closes what a refused policy was for', () => {
    const refused = refusedTrafficPolicy('shop', `authentication: { ${jwt} }\ntimeout: 1s`);
    const { model } = compile({ ...common, ...refused });
    expect(access(model)).toMatchObject({ verdict: 'reject', status: 401 });
  });

  it('lets plain callers in where a port takes no others', () => {
    const model = meshOf(trafficPolicy('shop', 'tls: { mode: disabled }'));
    expect(access(model, 'POST /')).toMatchObject({ verdict: 'allow', unmatched: true });
    const request = { kind: 'http', method: 'POST', path: '/', headers: {}, workload: 'default/shop', port: 8080 };
    const peer = spiffeId('cluster.local', 'default', 'nobody');
    expect(decideInbound(model, { ...request, peer } as InboundRequest)).toMatchObject({ verdict: 'allow' });
    const permissive = meshOf(trafficPolicy('shop', 'tls: { mode: permissive }'));
    expect(access(permissive, 'POST /')).toMatchObject({ verdict: 'deny' });
  });
});

describe('what a client foresees', () => {
  it('leaves claims of tokens open', () => {
    const matches = (model: ReturnType<typeof meshOf>) => {
      const port = model.services['default/shop' as keyof typeof model.services]!.ports[0]!;
      const found = admitted(model, model.workloads['default/client' as WorkloadId]!, port);
      return found === 'any' ? found : found.map(({ headers }) => (headers === 'any' ? headers : headers.length));
    };
    expect(matches(meshOf())).toEqual(['any', 1]);
    expect(matches(meshOf(trafficPolicy('shop', `authentication: { ${jwt} }`)))).toEqual(['any', 'any']);
  });
});
