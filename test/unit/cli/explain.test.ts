import { describe, expect, it } from 'vitest';
import { explainJson } from '../../../src/cli/explain/json.ts';
import { findDestination, findWorkload } from '../../../src/cli/explain/parties.ts';
import { explainText } from '../../../src/cli/explain/text.ts';
import { verdictOf } from '../../../src/cli/explain/verdict.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { plainStyle } from '../../../src/lib/text-style.ts';
import { decide } from '../../../src/model/decide.ts';
import type { TrafficRequest } from '../../../src/model/decision.ts';
import type { WorkloadId } from '../../../src/model/types.ts';
import { compile, deployment, group, http, pod, service, split, target } from '../../support/objects.ts';

const { model } = compile({
  services: [service('shop'), service('shop-v2'), service('two', { ports: ['81:81', '82:82'] }), service('other/shop')],
  deployments: [deployment('buyer', 2)],
  pods: [
    pod('shop'),
    pod('shop-v2'),
    pod('thief', { account: 'rogue' }),
    pod('other/far'),
    pod('two', { ready: false }),
  ],
  splits: [split('s', 'shop', { shop: 3, 'shop-v2': 1 })],
  routeGroups: [group('g', { m: { pathRegex: '/x' } })],
  targets: [
    target('t', 'shop', ['buyer'], ['HTTPRouteGroup g']),
    target('u', 'shop-v2', ['rogue'], ['HTTPRouteGroup g']),
  ],
});

const locate = ({ path }: Origin) => ({ file: 'mesh.yaml', line: path.length, column: 1 });

describe('the client', () => {
  it.each([
    ['shop', 'default/shop'],
    ['buyer', 'default/buyer-0'],
    ['buyer-1', 'default/buyer-1'],
    ['default/buyer', 'default/buyer-0'],
    ['rogue', 'default/thief'],
    ['far', 'other/far'],
    ['other/far', 'other/far'],
  ])('%s is %s', (text, id) => {
    const found = findWorkload(model, text);
    expect(found.ok && found.value.id).toBe(id);
  });

  it.each([
    ['buyr', 'did you mean "buyer"?'],
    ['other/fra', 'did you mean "other/far"?'],
    ['other/shop', 'no pod, Deployment or ServiceAccount is named "other/shop"'],
    ['', 'is named ""'],
  ])('%j is nobody', (text, sentence) => {
    const found = findWorkload(model, text);
    expect(found.ok ? '' : found.error).toContain(sentence);
  });
});

describe('the destination', () => {
  const destination = (text: string) => {
    const client = model.workloads['default/thief' as WorkloadId];
    if (client === undefined) throw new Error('no client');
    return findDestination(model, client, text);
  };

  it.each([
    ['shop', 'shop', 80],
    ['SHOP.default.svc:80', 'shop.default.svc', 80],
    ['shop.other', 'shop.other', 80],
    ['two:82', 'two', 82],
  ])('%s is found', (text, host, port) => {
    expect(destination(text)).toEqual({ ok: true, value: { host, port, protocol: 'http' } });
  });

  it.each([
    ['shp', 'did you mean "shop"?'],
    ['shop:81', 'offers port 80'],
    ['two', 'offers port 81, 82'],
    ['http://shop', 'not of the form'],
  ])('%s is not', (text, sentence) => {
    const found = destination(text);
    expect(found.ok ? '' : found.error).toContain(sentence);
  });
});

function explained(request: TrafficRequest): string {
  const client = model.workloads[request.from];
  if (client === undefined) throw new Error('no client');
  return explainText({ client, request, decision: decide(model, request), locate, style: plainStyle }).join('\n');
}

describe('the explanation', () => {
  it('starts with the verdict and gives share, verdict and places of each backend', () => {
    const text = explained(http('buyer-0', 'shop', 'GET /x'));
    expect(text).toMatch(/^partly allowed: GET \/x from default\/buyer-0 to default\/shop:80\n/);
    expect(text).toContain('75 %  default/shop:80  allow');
    expect(text).toContain('25 %  default/shop-v2:80  deny');
    expect(text).toContain('by TrafficTarget default/t');
    expect(text).toContain('mesh.yaml:16:1  TrafficSplit default/s spec.backends[0]');
    expect(text).toContain('mesh.yaml:25:1  HTTPRouteGroup default/g spec.matches[0].pathRegex');
  });

  it('of a denial names the nearest grant and what kept it from covering the request', () => {
    expect(explained(http('buyer-0', 'shop', 'GET /y'))).toContain(
      'nearest: TrafficTarget default/t, but not this path',
    );
    expect(explained(http('thief', 'shop', 'GET /x'))).toContain('but the client is not among its sources');
  });

  it('of a rejection names the status', () => {
    expect(explained(http('buyer-0', 'shop', 'GET /%zz'))).toContain("the client's proxy answers 400");
  });

  it('has the places in its JSON form', () => {
    const request = http('buyer-0', 'shop', 'GET /x');
    expect(explainJson(request, decide(model, request), locate)).toMatchObject({
      verdict: 'partly allowed',
      decision: { targets: [{ origins: [{ path: 'spec.backends[0]', file: 'mesh.yaml', line: 16 }] }, {}] },
    });
  });

  it.each([
    ['rejected', http('buyer-0', 'nowhere')],
    ['unavailable', http('buyer-0', 'two:81')],
    ['denied', http('shop', 'shop-v2')],
    ['allowed', http('thief', 'shop-v2', 'GET /x')],
  ])('says %s', (verdict, request) => {
    expect(verdictOf(decide(model, request))).toBe(verdict);
  });
});
