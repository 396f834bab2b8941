import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/model/decide.ts';
import { workloadId } from '../../../src/model/ids.ts';
import type { OutboundRule, ServiceId } from '../../../src/model/types.ts';
import { routedShop } from '../../support/gateway/mesh.ts';
import { service, target } from '../../support/objects.ts';

const route = (rules: string, kind = 'HTTPRoute') => `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: shop }
spec:
  parentRefs: [{ group: '', kind: Service, name: shop }]
  rules:
${rules}`;
const v1 = 'backendRefs: [{ name: shop-v1, port: 80 }]';

function read(rules: string, kind?: string) {
  const { model, diagnostics } = routedShop(route(rules, kind));
  return {
    model,
    rules: model.outbound['default/shop' as ServiceId]?.ports['80']?.rules as readonly OutboundRule[],
    found: diagnostics.map(({ code, severity, origin }) => `${severity} ${code} ${origin?.path}`),
  };
}

it('is for the port whose name its parent states', () => {
  const ports = (parent: string) => {
    const text = route(`    - ${v1}`).replace('name: shop }]', `name: shop, ${parent} }]`);
    const shop = service('shop', { ports: ['80:8080 http-web', '81:8081 http-admin'] });
    const services = [shop, service('shop-v1'), service('shop-v2')];
    const { model, diagnostics } = routedShop(text, { accessMode: 'allow' }, { services });
    const governed = Object.values(model.outbound['default/shop' as ServiceId]?.ports ?? {});
    const routed = governed.filter(({ rules }) => rules[0].to.kind !== 'self').map(({ port }) => port);
    return [routed, diagnostics.filter(({ code }) => code === 'SMI4705').map(({ message }) => message)];
  };
  expect(ports('sectionName: http-admin')).toEqual([[81], []]);
  expect(ports('sectionName: http-admin, port: 81')).toEqual([[81], []]);
  expect(ports('sectionName: http-admin, port: 80')).toEqual([
    [],
    ['Service default/shop has no port 80 http-admin for HTTPRoutes'],
  ]);
});

it('is not for a Service without the group of Services, and that is told', () => {
  const text = route(`    - ${v1}`).replace("group: '', ", '');
  const { model, diagnostics } = routedShop(text, { accessMode: 'allow' });
  expect(model.outbound['default/shop' as ServiceId]?.ports['80']?.rules).toMatchObject([{ to: { kind: 'self' } }]);
  expect(diagnostics.filter(({ code }) => code === 'SMI4705')).toMatchObject([
    {
      severity: 'warning',
      origin: { path: 'spec.parentRefs[0]' },
      message: expect.stringContaining("without group: ''"),
    },
  ]);
  const ofGateway = route(`    - ${v1}`).replace("group: '', kind: Service", 'kind: Gateway');
  expect(routedShop(ofGateway, { accessMode: 'allow' }).diagnostics.map(({ code }) => code)).not.toContain('SMI4705');
});

describe('what a rule asks of clients', () => {
  it('takes the first of several values of one header', () => {
    const { rules } = read(`
    - filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: X-A, value: one }, { name: x-a, value: two }] }
      ${v1}`);
    expect(rules[0]?.policy?.fields.headers?.request?.set).toEqual({ 'x-a': 'one' });
  });

  it('is its own policy, with the place of each field', () => {
    const { model, found } = read(`
    - matches: [{ path: { value: /books } }]
      timeouts: { request: 1m30s, backendRequest: 2s }
      retry: { attempts: 20, codes: [429, 502, 503, 504], backoff: 10ms }
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: X-A, value: one two }], remove: [X-B] }
        - type: RequestMirror
          requestMirror: { backendRef: { name: shop-v2, port: 80 }, fraction: { numerator: 1, denominator: 3 } }
      ${v1}`);
    const from = workloadId('default', 'client');
    const asked = { kind: 'http', from, to: { host: 'shop', port: 80 }, method: 'GET', headers: {} } as const;
    const fields = decide(model, { ...asked, path: '/books' }).policies ?? [];
    expect(fields.map(({ path, value, policy, origins }) => [path, value, policy, origins[0]?.path])).toEqual([
      ['headers.request.remove', ['x-b'], 'default/shop', 'spec.rules[0].filters[0].requestHeaderModifier.remove'],
      [
        'headers.request.set',
        { 'x-a': 'one two' },
        'default/shop',
        'spec.rules[0].filters[0].requestHeaderModifier.set',
      ],
      [
        'mirror',
        { service: 'default/shop-v2', port: 80, share: 3333 },
        'default/shop',
        'spec.rules[0].filters[1].requestMirror',
      ],
      ['retries.attempts', 10, 'default/shop', 'spec.rules[0].retry.attempts'],
      ['retries.backoff.base', 10, 'default/shop', 'spec.rules[0].retry.backoff'],
      [
        'retries.on',
        ['connectFailure', 'gatewayError', 'rateLimited', 'perTryTimeout'],
        'default/shop',
        'spec.rules[0].retry.codes',
      ],
      ['timeouts.perTry', 2000, 'default/shop', 'spec.rules[0].timeouts.backendRequest'],
      ['timeouts.request', 90000, 'default/shop', 'spec.rules[0].timeouts.request'],
    ]);
    expect(found).toEqual([
      'info SMI4704 spec.rules[0].filters[1].requestMirror.fraction',
      'warning SMI4704 spec.rules[0].retry.attempts',
      'info SMI4708 spec.parentRefs[0]',
    ]);
  });

  it('leaves a mirror out that leads nowhere, and keeps the requests', () => {
    const { rules, found } = read(`
    - filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: gone, port: 80 } } }]
      ${v1}`);
    expect(rules).toHaveLength(1);
    expect(rules[0]?.policy).toBeUndefined();
    expect(rules[0]?.to).toMatchObject({ kind: 'weighted' });
    expect(found).toEqual(['error SMI4703 spec.rules[0].filters[0].requestMirror.backendRef.name']);
  });
});

describe('a backend that cannot be used', () => {
  it('keeps its share, which is answered 500', () => {
    const { rules } = read(`
    - backendRefs:
        - { name: shop-v1, port: 80, weight: 2 }
        - { name: gone, port: 80, weight: 1 }
        - { name: shop-v2, port: 81 }`);
    expect(rules[0]?.to).toMatchObject({ kind: 'weighted', targets: [{ service: 'default/shop-v1', weight: 2 }] });
    expect(rules[0]?.policy).toMatchObject({ fields: { faults: { abort: { httpStatus: 500, share: 5000 } } } });
    expect(rules[0]?.policy?.origins).toContainEqual({
      object: 'gateway.networking.k8s.io/HTTPRoute/default/shop',
      path: 'spec.rules[0].backendRefs[1]',
      says: 'spec.faults.abort',
    });
  });

  it('of a GRPCRoute is UNAVAILABLE', () => {
    const { rules } = read('    - backendRefs: [{ name: shop-v1, port: 80 }, { name: gone, port: 80 }]', 'GRPCRoute');
    const abort = { httpStatus: 503, grpcStatus: 14, share: 5000 };
    expect(rules[0]?.policy?.fields).toEqual({ faults: { abort } });
  });
});

describe('a route that is not what the API says', () => {
  it.each([
    ['a rule that is no mapping', '    - 7', 'error SMI2003 spec.rules[0]'],
    [
      'a weight below nothing',
      '    - backendRefs: [{ name: shop-v1, port: 80, weight: -1 }]',
      'error SMI2004 spec.rules[0].backendRefs[0].weight',
    ],
    [
      'a type that is none',
      `    - matches: [{ path: { type: Glob, value: /a } }]\n      ${v1}`,
      'error SMI2005 spec.rules[0].matches[0].path.type',
    ],
    [
      'a duration that is none',
      `    - timeouts: { request: soon }\n      ${v1}`,
      'error SMI2012 spec.rules[0].timeouts.request',
    ],
    [
      'a header without value',
      `    - matches: [{ headers: [{ name: x }] }]\n      ${v1}`,
      'error SMI2002 spec.rules[0].matches[0].headers[0].value',
    ],
  ])('is refused for %s, and counts as absent', (_, rules, finding) => {
    const { found, rules: read_ } = read(rules);
    expect(found).toContain(finding);
    expect(read_).toEqual([{ from: 'any', match: 'any', to: { kind: 'self' }, origins: [] }]);
  });

  it.each([
    ['- matches: [{ path: { value: books } }]', 'error SMI4701 spec.rules[0].matches[0].path.value'],
    ['- matches: [{ path: { value: /a, prefix: true } }]', 'error SMI4701 spec.rules[0].matches[0].path.prefix'],
    [
      '- matches: [{ headers: [{ name: x, value: y, not: true }] }]',
      'error SMI4701 spec.rules[0].matches[0].headers[0].not',
    ],
  ])('matches nothing with %s', (rule, finding) => {
    const { rules, found } = read(`    ${rule}\n      ${v1}`);
    expect(found).toContain(finding);
    expect(rules).toMatchObject([{ match: 'any', to: { kind: 'fail', status: 404 } }]);
  });

  it('of an unknown version is refused', () => {
    const text = route(`    - ${v1}`).replace('/v1\n', '/v9\n');
    expect(routedShop(text).diagnostics.map(({ code, origin }) => `${code} ${origin?.path}`)).toEqual([
      'SMI2011 apiVersion',
    ]);
  });
});

describe('a route for a Gateway', () => {
  it("is somebody else's: nothing is found wrong with it", () => {
    const text = route('    - filters: [{ type: RequestRedirect }]').replace(
      "[{ group: '', kind: Service, name: shop }]",
      '[{ name: in }]',
    );
    expect(routedShop(text).diagnostics).toEqual([]);
  });
});

describe('routes without a TrafficTarget', () => {
  const codes = (...args: Parameters<typeof routedShop>) =>
    routedShop(...args).diagnostics.flatMap(({ code, origin }) => (code === 'SMI4707' ? [origin?.object] : []));

  it('are told once that every request is denied', () => {
    expect(codes(route(`    - ${v1}`), {})).toEqual(['gateway.networking.k8s.io/HTTPRoute/default/shop']);
  });

  it('are not told where the user allows access, or grants some', () => {
    expect(codes(route(`    - ${v1}`), { accessMode: 'allow' })).toEqual([]);
    expect(codes(route(`    - ${v1}`), {}, { targets: [target('t', 'shop', ['client'], [])] })).toEqual([]);
  });
});
