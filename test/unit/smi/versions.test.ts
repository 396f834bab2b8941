import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import type { MeshInput } from '../../../src/compile/input.ts';
import { readSourceText } from '../../../src/source/read.ts';

/** Decodes one object without a finding, and leaves out its metadata. */
function hub(list: Exclude<keyof MeshInput, 'refused' | 'meshConfig'>, text: string): readonly object[] {
  const sources = readSourceText('a.yaml', text);
  const { input, diagnostics } = assemble(sources.documents);
  expect([sources.diagnostics, diagnostics]).toEqual([[], []]);
  const objects: readonly { readonly meta: unknown }[] = input[list] ?? [];
  return objects.map(({ meta: _meta, ...value }) => value);
}

/** The findings of one object, by code and path. */
function findings(text: string): readonly (readonly unknown[])[] {
  return assemble(readSourceText('a.yaml', text).documents).diagnostics.map(({ code, origin }) => [code, origin?.path]);
}

const head = (apiVersion: string, kind: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: shop }\n`;

describe('TrafficSplit', () => {
  const split = (version: string, weights: readonly (number | string)[]) =>
    `${head(`split.smi-spec.io/${version}`, 'TrafficSplit')}spec: { service: shop, backends: [${weights
      .map((weight, index) => `{ service: shop-v${index + 1}, weight: ${weight} }`)
      .join(', ')}] }`;
  const weights = (text: string) =>
    hub('splits', text).flatMap((value) =>
      (value as { backends: { weight: number }[] }).backends.map(({ weight }) => weight),
    );

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'])('%s says the same with whole weights', (version) => {
    expect(hub('splits', split(version, [90, 10]))).toEqual([
      {
        service: 'shop',
        backends: [
          { service: 'shop-v1', weight: 90 },
          { service: 'shop-v2', weight: 10 },
        ],
      },
    ]);
  });

  test('quantities of v1alpha1 keep their ratios', () => {
    expect(weights(split('v1alpha1', ['900m', '100m']))).toEqual([9, 1]);
    expect(weights(split('v1alpha1', [1, '500m']))).toEqual([2, 1]);
    expect(weights(split('v1alpha1', [0.5, '1k']))).toEqual([1, 2000]);
    expect(weights(split('v1alpha1', ['0m', '"0"']))).toEqual([0, 0]);
    expect(weights(split('v1alpha1', ['4G', '4G']))).toEqual([1, 1]);
  });

  test('a quantity is refused where whole numbers are due', () => {
    expect(findings(split('v1alpha2', ['500m']))).toEqual([['SMI2003', 'spec.backends[0].weight']]);
  });

  test.each(['null', 'true', '[]', '.inf', '.nan', '""', '"1 m"'])('the weight %s of v1alpha1 is refused', (weight) => {
    expect(findings(split('v1alpha1', [weight]))).toMatchObject([[expect.any(String), 'spec.backends[0].weight']]);
  });

  test('weights that are too large together are refused', () => {
    expect(findings(split('v1alpha1', ['2147483647', '2147483646', '2147483645']))).toEqual([
      ['SMI2004', 'spec.backends'],
    ]);
  });
});

describe('TrafficTarget', () => {
  const spec = (rules: string, destination: string) => `
  destination: { kind: ServiceAccount, name: shop${destination} }
  ${rules}: [{ kind: HTTPRouteGroup, name: shop, matches: [browse] }, { kind: TCPRoute, name: shop }]
  sources: [{ kind: ServiceAccount, name: buyer, namespace: web }]`;
  const target = (version: string, destination = '') => {
    const top = head(`access.smi-spec.io/${version}`, 'TrafficTarget');
    if (version !== 'v1alpha1') return `${top}spec:${spec('rules', destination)}`;
    return `${top}${spec('specs', destination).replaceAll('\n  ', '\n')}`;
  };
  const expected = {
    destination: { kind: 'ServiceAccount', name: 'shop' },
    rules: [
      { kind: 'HTTPRouteGroup', name: 'shop', matches: ['browse'] },
      { kind: 'TCPRoute', name: 'shop' },
    ],
    sources: [{ kind: 'ServiceAccount', name: 'buyer', namespace: 'web' }],
  };

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'])('%s says the same', (version) => {
    expect(hub('targets', target(version))).toEqual([expected]);
  });

  test.each([
    ['v1alpha1', '8080'],
    ['v1alpha1', '"8080"'],
    ['v1alpha2', '8080'],
  ])('%s has the destination port %s', (version, port) => {
    expect(hub('targets', target(version, `, port: ${port}`))).toEqual([{ ...expected, destinationPort: 8080 }]);
  });

  test.each([
    ['v1alpha1', '0', 'SMI2004', 'destination.port'],
    ['v1alpha1', '"0"', 'SMI2012', 'destination.port'],
    ['v1alpha1', '"70000"', 'SMI2004', 'destination.port'],
    ['v1alpha1', '80.5', 'SMI2004', 'destination.port'],
    ['v1alpha1', 'null', 'SMI2003', 'destination.port'],
    ['v1alpha2', '"8080"', 'SMI2003', 'spec.destination.port'],
    ['v1alpha3', '8080', 'SMI2020', 'spec.destination.port'],
    ['v1alpha4', '8080', 'SMI2020', 'spec.destination.port'],
  ])('%s refuses the destination port %s', (version, port, code, path) => {
    expect(findings(target(version, `, port: ${port}`))).toEqual([[code, path]]);
  });

  test('rules and sources that are left out before v1alpha3 are none', () => {
    const destination = 'destination: { kind: ServiceAccount, name: shop }';
    const nobody = { destination: expected.destination, rules: [], sources: [] };
    const top = (version: string) => head(`access.smi-spec.io/${version}`, 'TrafficTarget');
    expect(hub('targets', `${top('v1alpha1')}${destination}`)).toEqual([nobody]);
    expect(hub('targets', `${top('v1alpha2')}spec: { ${destination} }`)).toEqual([nobody]);
    expect(findings(`${top('v1alpha3')}spec: { ${destination} }`)).toEqual([
      ['SMI2002', 'spec.rules'],
      ['SMI2002', 'spec.sources'],
    ]);
  });

  test('identity bindings are subjects of v1alpha4 only', () => {
    const subject = '{ kind: IdentityBinding, name: ids, group: access.smi-spec.io }';
    const text = (version: string) =>
      `${head(`access.smi-spec.io/${version}`, 'TrafficTarget')}spec: { destination: ${subject}, rules: [], sources: [${subject}] }`;
    const decoded = { kind: 'IdentityBinding', name: 'ids', group: 'access.smi-spec.io' };
    expect(hub('targets', text('v1alpha4'))).toEqual([{ destination: decoded, rules: [], sources: [decoded] }]);
    expect(findings(text('v1alpha3'))).toContainEqual(['SMI2005', 'spec.destination.kind']);
  });

  test('UDP routes are rules from v1alpha3', () => {
    const text = (version: string) => target(version).replace('TCPRoute', 'UDPRoute');
    expect(findings(text('v1alpha1'))).toEqual([['SMI2005', 'specs[1].kind']]);
    expect(findings(text('v1alpha2'))).toEqual([['SMI2005', 'spec.rules[1].kind']]);
    expect(findings(text('v1alpha3'))).toEqual([]);
  });
});

describe('IdentityBinding', () => {
  const binding = (schemes: string) =>
    `${head('access.smi-spec.io/v1alpha4', 'IdentityBinding')}spec: { schemes: ${schemes} }`;
  const id = 'spiffe://cluster.local/ns/web/sa/buyer';

  test('decodes its schemes; null is absent', () => {
    expect(
      hub('identityBindings', binding(`{ serviceAccount: a, spiffeIdentities: ["${id}"], podLabelSelector: null }`)),
    ).toEqual([{ schemes: { serviceAccount: 'a', spiffeIdentities: [id] } }]);
    expect(hub('identityBindings', binding('{ podLabelSelector: { matchLabels: { app: a } } }'))).toEqual([
      { schemes: { podLabelSelector: { app: 'a' } } },
    ]);
  });

  test.each([
    ['{}', 'SMI2003', 'spec.schemes'],
    ['{ serviceAccount: null }', 'SMI2014', 'spec.schemes'],
    ['{ podLabelSelector: { matchLabels: null } }', 'SMI2014', 'spec.schemes'],
    ['{ podLabelSelector: { matchLabels: {} } }', 'SMI2003', 'spec.schemes.podLabelSelector.matchLabels'],
    ['{ podLabelSelector: {} }', 'SMI2002', 'spec.schemes.podLabelSelector.matchLabels'],
    ['{ spiffeIdentities: [] }', 'SMI2003', 'spec.schemes.spiffeIdentities'],
    ['{ spiffeIdentities: [cluster.local/ns/web/sa/buyer] }', 'SMI2013', 'spec.schemes.spiffeIdentities[0]'],
    ['{ spiffeIdentities: ["spiffe://a/."] }', 'SMI2013', 'spec.schemes.spiffeIdentities[0]'],
    ['{ serviceAccount: a, podLabelSelector: { matchLabels: { a: b } } }', 'SMI2014', 'spec.schemes'],
    ['{ serviceAccount: A }', 'SMI2006', 'spec.schemes.serviceAccount'],
  ])('%s is refused', (schemes, code, path) => {
    expect(findings(binding(schemes))).toEqual([[code, path]]);
  });
});

describe('HTTPRouteGroup', () => {
  const matches =
    'matches: [{ name: m, pathRegex: /a, methods: [GET], headers: { x-a: b } }, { name: n, headers: [{ x-a: b }] }]';

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'])('%s says the same', (version) => {
    const top = head(`specs.smi-spec.io/${version}`, 'HTTPRouteGroup');
    const text = version > 'v1alpha2' ? `${top}spec: { ${matches} }` : `${top}${matches}`;
    expect(hub('routeGroups', text)).toEqual([
      {
        matches: [
          { name: 'm', pathRegex: '/a', methods: ['GET'], headers: { 'x-a': 'b' } },
          { name: 'n', headers: { 'x-a': 'b' } },
        ],
      },
    ]);
  });

  test.each(['v1alpha1', 'v1alpha2'])('%s has no spec', (version) => {
    expect(findings(`${head(`specs.smi-spec.io/${version}`, 'HTTPRouteGroup')}spec: { ${matches} }`)).toEqual([
      ['SMI2002', 'matches'],
      ['SMI2020', 'spec'],
    ]);
  });
});

describe('TCPRoute and UDPRoute', () => {
  test.each([
    ['v1alpha1', ''],
    ['v1alpha2', ''],
    ['v1alpha3', ''],
    ['v1alpha3', 'spec: {}'],
    ['v1alpha4', 'spec: { matches: { ports: [] } }'],
  ])('TCPRoute %s with "%s" means every port', (version, spec) => {
    expect(hub('tcpRoutes', `${head(`specs.smi-spec.io/${version}`, 'TCPRoute')}${spec}`)).toEqual([{ ports: [] }]);
  });

  test('have ports in v1alpha4, and a name that says nothing', () => {
    const spec = 'spec: { matches: { name: x, ports: [53, 65535] } }';
    expect(hub('tcpRoutes', `${head('specs.smi-spec.io/v1alpha4', 'TCPRoute')}${spec}`)).toEqual([
      { ports: [53, 65_535] },
    ]);
    expect(hub('udpRoutes', `${head('specs.smi-spec.io/v1alpha4', 'UDPRoute')}${spec}`)).toEqual([
      { ports: [53, 65_535] },
    ]);
  });

  test.each([
    ['v1alpha1', 'SMI2020', 'spec'],
    ['v1alpha2', 'SMI2020', 'spec'],
    ['v1alpha3', 'SMI2020', 'spec.matches'],
  ])('ports in TCPRoute %s are refused: without them it would mean every port', (version, code, path) => {
    const text = `${head(`specs.smi-spec.io/${version}`, 'TCPRoute')}spec: { matches: { ports: [53] } }`;
    expect(findings(text)).toEqual([[code, path]]);
  });
});

describe('TrafficMetrics', () => {
  const head = (version: string) =>
    `apiVersion: metrics.smi-spec.io/${version}\nkind: TrafficMetrics\nmetadata: { name: shop }\n`;

  test.each(['v1alpha1', 'v1alpha2'])('%s of a server decodes, with empty values as none', (version) => {
    const text = `${head(version)}timestamp: "2021-04-29T15:04:05Z"
window: 30s
resource: { kind: Pod, namespace: shop, name: shop }
edge: { direction: from, side: "", resource: {} }
backend: { apex: "", name: "", weight: 0 }
metrics: [{ name: p99_response_latency, unit: ms, value: 296875m }, { name: success_count, unit: "", value: 3 }]
`;
    expect(hub('trafficMetrics', text)).toEqual([
      {
        timestamp: '2021-04-29T15:04:05Z',
        window: '30s',
        resource: { kind: 'Pod', namespace: 'shop', name: 'shop' },
        edge: { direction: 'from' },
        metrics: [
          { name: 'p99_response_latency', unit: 'ms', value: '296875m' },
          { name: 'success_count', value: '3' },
        ],
      },
    ]);
  });

  test.each(['v1alpha1', 'v1alpha2'])('%s of a person is a question', (version) => {
    const text = `${head(version)}resource: { kind: TrafficSplit, name: shop }
edge: { direction: to, side: client, resource: { kind: Service, name: shop } }
backend: { apex: shop, name: shop-v2 }
`;
    expect(hub('trafficMetrics', text)).toEqual([
      {
        resource: { kind: 'TrafficSplit', name: 'shop' },
        edge: { direction: 'to', side: 'client', resource: { kind: 'Service', name: 'shop' } },
        backend: { apex: 'shop', name: 'shop-v2' },
        metrics: [],
      },
    ]);
  });

  test('a list may hold several answers about one resource, or nothing', () => {
    const item = (direction: string) =>
      `{ metadata: { name: shop }, resource: { kind: Pod, name: shop }, edge: { direction: ${direction} }, metrics: null }`;
    const list = (items: string) =>
      `apiVersion: metrics.smi-spec.io/v1alpha1\nkind: TrafficMetricsList\nitems: ${items}\n`;
    expect(hub('trafficMetrics', list(`[${item('to')}, ${item('from')}]`))).toMatchObject([
      { edge: { direction: 'to' } },
      { edge: { direction: 'from' } },
    ]);
    expect(readSourceText('a.yaml', list('null'))).toMatchObject({ documents: [], diagnostics: [] });
  });
});
