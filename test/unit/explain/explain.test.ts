import { describe, expect, it } from 'vitest';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { findClient, findWorkload } from '../../../src/explain/client.ts';
import { findDestination } from '../../../src/explain/destination.ts';
import { explain } from '../../../src/explain/explain.ts';
import type { Explanation, Question } from '../../../src/explain/explanation.ts';
import { withPlaces } from '../../../src/explain/json.ts';
import { explanationText } from '../../../src/explain/text.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { compile, deployment, group, pod, service, split, target, tcpRoute } from '../../support/objects.ts';
import { trafficPolicy } from '../../support/policies.ts';

const { model } = compile({
  services: [
    service('shop', { clusterIPs: ['10.0.0.7'] }),
    service('shop-v2'),
    service('two', { ports: ['81:81', '82:82'] }),
    service('other/shop'),
    service('other/only'),
    service('db', { ports: ['5432:5432 tcp-db'] }),
  ],
  deployments: [deployment('buyer', 2)],
  pods: [
    pod('shop', { ips: ['10.1.0.1'] }),
    pod('shop-v2', { ports: ['8080', '9090'] }),
    pod('db', { ports: ['5432 tcp-db'] }),
    pod('thief', { account: 'rogue' }),
    pod('other/far'),
    pod('other/only'),
    pod('other/rogue', { account: 'saint' }),
    pod('two', { ready: false }),
  ],
  splits: [
    split('s', 'shop', { shop: 3, 'shop-v2': 1 }),
    split('canary', 'shop', { 'shop-v2': 1 }, { matches: ['canary'] }),
  ],
  routeGroups: [
    group('g', { m: { pathRegex: '/x', methods: ['GET', 'HEAD'] } }),
    group('canary', { c: { headers: { 'x-canary': 'yes' } } }),
    group('h', { h: { headers: { 'x-token': '[0-9]+', host: 'shop' } } }),
  ],
  tcpRoutes: [tcpRoute('admin', [9090])],
  targets: [
    target('t', 'shop', ['buyer', 'batch'], ['HTTPRouteGroup g']),
    target('u', 'shop-v2', ['rogue'], ['HTTPRouteGroup g']),
    target('v', 'db', ['rogue'], ['HTTPRouteGroup h']),
    target('w', 'other/far', ['rogue'], ['HTTPRouteGroup g']),
    target('x', 'shop-v2', ['shop'], ['TCPRoute admin']),
    target('y', 'two', ['rogue'], ['HTTPRouteGroup h']),
  ],
});

const locate = ({ path }: Origin) => ({ file: 'mesh.yaml', line: path.length, column: 1 });

describe('the client', () => {
  it.each([
    ['shop', 'default/shop'],
    ['buyer', 'default/buyer-0'],
    ['deployment/buyer', 'default/buyer-0'],
    ['buyer-1', 'default/buyer-1'],
    ['default/buyer', 'default/buyer-0'],
    ['far', 'other/far'],
    ['sa/default/rogue', 'default/thief'],
    ['rogue', 'default/thief'],
    ['pod/other/rogue', 'other/rogue'],
    ['spiffe://cluster.local/ns/default/sa/rogue', 'default/thief'],
    ['10.1.0.1', 'default/shop'],
    ['10.0.0.7', 'default/shop'],
    ['only.other.svc', 'other/only'],
  ])('%s is %s', (text, id) => {
    const found = findWorkload(model, text);
    expect(found.ok && found.value.id).toBe(id);
  });

  it.each([
    ['buyr', 'did you mean "buyer"?'],
    ['other/fra', 'did you mean "other/far"?'],
    ['other/shop', 'is named "other/shop"'],
    ['', 'is named ""'],
    ['spiffe://elsewhere/ns/default/sa/rogue', 'no pod has the identity'],
    ['a/b/c/d', 'is named "a/b/c/d"'],
  ])('%j is nobody', (text, sentence) => {
    const found = findClient(model, text);
    expect(found.ok ? '' : found.error).toContain(sentence);
  });

  it('that other objects are called like comes with how to write each of them', () => {
    const found = findClient(model, 'rogue');
    expect(found.ok && found.value.notes).toEqual([
      '"rogue" is taken for ServiceAccount default/rogue; it is also the name of Pod other/rogue (write pod/other/rogue)',
    ]);
  });

  it('is not ambiguous when every object of the name may do the same', () => {
    const found = findClient(model, 'shop');
    expect(found.ok && found.value.notes).toEqual([]);
  });

  it.each([['batch'], ['sa/batch'], ['default/batch'], ['spiffe://cluster.local/ns/default/sa/batch']])(
    '%s, an account without pods, is assumed to have one',
    (text) => {
      const found = findClient(model, text);
      expect(found.ok && found.value.workload.identity).toBe('spiffe://cluster.local/ns/default/sa/batch');
      expect(found.ok && found.value.notes).toEqual([expect.stringContaining('one with a sidecar is assumed')]);
      expect(model.workloads).not.toHaveProperty('default/batch-assumed');
    },
  );
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
    ['10.0.0.7:80', '10.0.0.7', 80],
    ['other/only', 'only.other', 80],
    ['service/shop:80', 'shop.default', 80],
  ])('%s is a Service', (text, host, port) => {
    expect(destination(text)).toMatchObject({ ok: true, value: { kind: 'service', host, port, protocol: 'http' } });
  });

  it.each([
    ['pod/shop', 'Pod default/shop', 8080],
    ['10.1.0.1:8080', 'Pod default/shop', 8080],
    ['shop-v2:9090', undefined, 0],
    ['sa/shop-v2:9090', 'ServiceAccount default/shop-v2', 9090],
    ['buyer', 'Deployment default/buyer', 8080],
    ['spiffe://cluster.local/ns/default/sa/shop:8080', 'ServiceAccount default/shop', 8080],
  ])('%s is pods', (text, name, port) => {
    const found = destination(text);
    if (name === undefined) expect(found.ok ? '' : found.error).toContain('offers port 80');
    else expect(found).toMatchObject({ ok: true, value: { kind: 'pods', name, port } });
  });

  it.each([
    ['shp', 'did you mean "shop"?'],
    ['shop:81', 'offers port 80'],
    ['two', 'offers port 81, 82'],
    ['http://shop', 'http://shop'],
    ['only', 'from default, Service other/only is "only.other"'],
    ['sa/shop-v2', 'offers port 8080, 9090: write --to sa/default/shop-v2:PORT'],
  ])('%s is not', (text, sentence) => {
    const found = destination(text);
    expect(found.ok ? '' : found.error).toContain(sentence);
  });
});

function explained(question: Question, mesh: MeshModel = model): Explanation {
  const found = explain(mesh, question);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

const text = (question: Question, mesh?: MeshModel) =>
  explanationText(explained(question, mesh), { locate }).join('\n');

/** The sentences of what would have to differ at the first server. */
function differences(question: Question): readonly string[] {
  const [server] = explained(question).backends[0]?.servers ?? [];
  return server?.denial?.differences.map((each) => each.text) ?? [];
}

describe('the explanation', () => {
  it('starts with the verdict and gives share, verdict and places of each backend', () => {
    const lines = text({ from: 'buyer', to: 'shop', path: '/x' });
    expect(lines).toMatch(/^partly allowed: GET \/x from default\/buyer-0 to default\/shop:80\n/);
    expect(lines).toContain('75 %  default/shop:80  allow');
    expect(lines).toContain('25 %  default/shop-v2:80  deny');
    expect(lines).toContain('by TrafficTarget default/t');
    expect(lines).toContain('mesh.yaml:16:1  TrafficSplit default/s spec.backends[0]');
    expect(lines).toContain('mesh.yaml:25:1  HTTPRouteGroup default/g spec.matches[0].pathRegex');
  });

  it('says why the rules before the one that applies do not', () => {
    const { route } = explained({ from: 'buyer', to: 'shop', path: '/x' });
    expect(route).toMatchObject({ index: 1, rules: 2 });
    expect(route?.passedOver[0]?.differences[0]?.text).toBe(
      'the request has no header x-canary, the match wants a value that is yes',
    );
    expect(explained({ from: 'buyer', to: 'shop', path: '/x', headers: { 'X-Canary': ' yes ' } }).route?.index).toBe(0);
  });

  it.each<[string, Question, readonly RegExp[]]>([
    ['the path', { from: 'buyer', to: 'shop', path: '/y' }, [/^the path \/y must begin with a match of \/x$/]],
    [
      'the method',
      { from: 'buyer', to: 'shop', path: '/x', method: 'POST' },
      [/^the request uses method POST, the match allows GET, HEAD$/],
    ],
    [
      'the source',
      { from: 'sa/default/rogue', to: 'shop', path: '/x' },
      [/^the client is not among its sources \(.*\): add ServiceAccount default\/rogue to spec\.sources$/],
    ],
    [
      'several at once',
      { from: 'far', to: 'shop.default', path: '/y', method: 'PUT' },
      [/not among its sources/, /method PUT/, /the path \/y/],
    ],
    [
      'the port',
      { from: 'shop', to: 'sa/shop-v2:8080' },
      [/^the request arrives at container port 8080, the rule allows 9090$/],
    ],
    [
      'bytes where HTTP is granted',
      { from: 'sa/default/rogue', to: 'db' },
      [/^the rule lets in HTTP requests, and container port 5432 does not carry HTTP$/],
    ],
  ])('of a denial by %s names what would have to differ', (_what, question, sentences) => {
    const found = differences(question);
    expect(found).toHaveLength(sentences.length);
    for (const [index, sentence] of sentences.entries()) expect(found[index]).toMatch(sentence);
  });

  it('points each difference at the field that says so', () => {
    const [server] = explained({ from: 'buyer', to: 'shop', path: '/y', method: 'PUT' }).backends[0]?.servers ?? [];
    expect(server?.denial?.differences.map(({ origins }) => origins.map(({ path }) => path))).toEqual([
      ['spec.matches[0].methods'],
      ['spec.matches[0].pathRegex'],
    ]);
  });

  it('of a datagram asks the pods, at ports that they need not declare', () => {
    const found = explained({ from: 'shop', to: 'sa/shop-v2:9090', udp: true });
    expect(found).toMatchObject({ verdict: 'denied', request: { kind: 'udp' }, backends: [{ port: 9090 }] });
    expect(differences({ from: 'shop', to: 'sa/shop-v2:9090', udp: true })).toEqual([
      'the request comes over UDP, the rule is about TCP',
    ]);
    const granted = compile({
      pods: [pod('client'), pod('dns')],
      udpRoutes: [{ ...tcpRoute('names', [53]) }],
      targets: [target('t', 'dns', ['client'], ['UDPRoute names'])],
    });
    expect(explained({ from: 'client', to: 'sa/dns:53', udp: true }, granted.model).verdict).toBe('allowed');
    expect(explained({ from: 'client', to: 'sa/dns:54', udp: true }, granted.model).verdict).toBe('denied');
    const service = explain(model, { from: 'shop', to: 'db', udp: true });
    expect(service.ok ? '' : service.error).toContain('Service default/db offers no UDP port');
  });

  it('of pods that nothing grants says that a TrafficTarget is missing', () => {
    expect(text({ from: 'buyer', to: 'pod/other/only' })).toContain(
      'no TrafficTarget has ServiceAccount other/only as its destination: write one with ServiceAccount default/buyer',
    );
  });

  it('shows nothing that a terminal would obey', () => {
    const lines = text({ from: 'buyer', to: 'shop', path: '/\u001b[2Jx', method: '\u009bX' });
    expect(lines.includes('\u001b') || lines.includes('\u009b')).toBe(false);
  });

  it('of a rejection names the status', () => {
    expect(text({ from: 'buyer', to: 'shop', path: '/%zz' })).toContain("the client's proxy answers 400");
  });

  it('of a difference in whole-path mode shows the expression as it was written', () => {
    const { model: whole } = compile(
      {
        services: [service('shop')],
        pods: [pod('shop'), pod('buyer')],
        routeGroups: [group('g', { m: { pathRegex: '/a|/b' } })],
        targets: [target('t', 'shop', ['buyer'], ['HTTPRouteGroup g'])],
      },
      { pathRegexMode: 'full' },
    );
    expect(text({ from: 'buyer', to: 'shop', path: '/abc' }, whole)).toContain(
      'the path /abc must match /a|/b as a whole',
    );
  });

  it('in audit mode says that nothing covers what is let through', () => {
    const { model: audit } = compile(
      { services: [service('shop')], pods: [pod('shop'), pod('buyer')] },
      { accessMode: 'audit' },
    );
    const lines = text({ from: 'buyer', to: 'shop' }, audit);
    expect(lines).toContain('allowed although no TrafficTarget covers it');
    expect(lines).toContain('audit: what no TrafficTarget covers is counted and let through');
  });

  it('says what applies where SMI says nothing', () => {
    const { policies } = explained({ from: 'buyer', to: 'shop', path: '/x' });
    expect(policies.map(({ policy }) => policy)).toEqual(['access', 'transport', 'retries', 'timeouts']);
    const { policies: ofTcp } = explained({ from: 'buyer', to: 'db' });
    expect(ofTcp.map(({ policy }) => policy)).toEqual(['access', 'transport']);
  });

  it('has the places in its JSON form', () => {
    expect(withPlaces(explained({ from: 'buyer', to: 'shop', path: '/x' }), locate)).toMatchObject({
      verdict: 'partly allowed',
      backends: [
        { percent: 75, origins: [{ path: 'spec.backends[0]', file: 'mesh.yaml', line: 16 }] },
        { percent: 25, servers: [{ denial: { rule: 'default/u', differences: [{ part: 'source' }] } }] },
      ],
    });
  });

  it.each<[string, Question]>([
    ['unavailable', { from: 'buyer', to: 'two:81' }],
    ['denied', { from: 'shop', to: 'shop-v2' }],
    ['allowed', { from: 'sa/default/rogue', to: 'shop-v2', path: '/x' }],
    ['rejected', { from: 'buyer', to: 'shop-v2', headers: { host: 'nowhere' } }],
  ])('says %s', (verdict, question) => {
    expect(explained(question).verdict).toBe(verdict);
  });
});

describe('TrafficPolicies', () => {
  const { model: governed } = compile({
    services: [service('shop')],
    pods: [pod('shop'), pod('client')],
    routeGroups: [group('g', { m: { methods: ['GET'] } })],
    targets: [target('t', 'shop', ['client'], ['HTTPRouteGroup g'])],
    policies: [
      trafficPolicy(
        'shop',
        'timeouts: { request: 5s, connect: 250ms }\nfaults: { abort: { httpStatus: 503, percent: 2.5 } }\nauthentication: { jwt: [{ issuer: login, jwks: { file: /k } }] }\nrateLimit: { requests: 9 }',
      ),
      trafficPolicy('smi-mesh/all', 'targetRefs: [{ kind: Mesh }]\ntimeouts: { idle: 1m }'),
    ],
  });
  const lines = (headers: Record<string, string>) => {
    const explained = explain(governed, { from: 'client', to: 'shop', headers });
    if (!explained.ok) throw new Error(explained.error);
    return explanationText(explained.value, { locate }).map((line) => line.trim().replace(/ {2,}/g, '  '));
  };

  it('are told field by field, with their places', () => {
    const text = lines({ authorization: 'Bearer x' });
    expect(text).toEqual(
      expect.arrayContaining([
        'allowed: GET / from default/client to default/shop:80',
        'timeouts  request 5s, by TrafficPolicy default/shop',
        'mesh.yaml:21:1  TrafficPolicy default/shop spec.timeouts.request',
        'timeouts  idle 1m, by TrafficPolicy smi-mesh/all',
        'timeouts  connect 250ms, by TrafficPolicy default/shop',
        'faults  abort 503 for 2.5 %, by TrafficPolicy default/shop',
        'default/shop as default/shop: allowed, with a good token',
        'authentication  a token of login, by TrafficPolicy default/shop',
        'rateLimit  9 requests in 1s, by TrafficPolicy default/shop',
      ]),
    );
    expect(text.join('\n')).not.toContain('none for the whole request');
  });

  it('are told to a request without the token that it needs', () => {
    expect(lines({})).toEqual(
      expect.arrayContaining([
        'denied: GET / from default/client to default/shop:80',
        'default/shop as default/shop: rejected with 401: it carries no token',
      ]),
    );
  });
});
