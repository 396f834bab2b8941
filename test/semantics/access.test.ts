import { describe, expect, it } from 'vitest';
import type { MeshInput } from '../../src/compile/index.ts';
import { decide, decideInbound } from '../../src/model/decide.ts';
import type { TrafficRequest } from '../../src/model/decision.ts';
import { spiffeId, workloadId } from '../../src/model/ids.ts';
import type { MeshSettings } from '../../src/model/types.ts';
import { account, compile, group, http, pod, service, target, tcp, tcpRoute, udpRoute } from '../support/objects.ts';

/** A server with an HTTP, a second HTTP and a TCP port, and two clients. */
const world: Partial<MeshInput> = {
  services: [service('server', { ports: ['80:8080', '81:8081', '5432 tcp-db'] })],
  pods: [pod('server', { ports: ['8080', '8081', '5432'] }), pod('buyer', { ports: [] }), pod('thief', { ports: [] })],
  serviceAccounts: [account('server'), account('buyer'), account('thief')],
  routeGroups: [
    group('books', {
      read: { pathRegex: '/books', methods: ['GET'] },
      write: { pathRegex: '/books', methods: ['POST'] },
      agent: { headers: { 'User-Agent': 'Firefox.*' } },
    }),
  ],
  tcpRoutes: [tcpRoute('db', [5432]), tcpRoute('web', [8080]), tcpRoute('all')],
};

function run(input: Partial<MeshInput>, request: TrafficRequest, settings: Partial<MeshSettings> = {}) {
  const { model, diagnostics } = compile({ ...world, ...input }, settings);
  const decision = decide(model, request);
  return {
    model,
    decision,
    verdict: decision.targets[0]?.verdict,
    access: decision.targets[0]?.sets[0]?.access,
    codes: diagnostics.map(({ code }) => code),
  };
}

const granting = (...rules: string[]) => ({ targets: [target('t', 'server', ['buyer'], rules)] });
const get = (path = '/books', from = 'buyer', port = 80) => http(from, `server:${port}`, `GET ${path}`);

describe('without a TrafficTarget', () => {
  it('nothing is let in', () => {
    const { verdict, access } = run({}, get());
    expect(verdict).toBe('deny');
    expect(access).toEqual({ verdict: 'deny', grants: [] });
    expect(run({}, tcp('buyer', 'server:5432')).verdict).toBe('deny');
  });

  it.each(['audit', 'allow'] as const)('mode %s lets everything in and marks it', (accessMode) => {
    expect(run({}, get(), { accessMode }).access).toEqual({ verdict: 'allow', grants: [], unmatched: true });
  });

  it('a pod without sidecar asks no policy', () => {
    const plain = pod('server', { annotations: { 'smi-mesh.io/sidecar': 'disabled' } });
    expect(run({ pods: [plain, pod('buyer', { ports: [] })] }, get()).access).toEqual({
      verdict: 'allow',
      grants: [],
      unmatched: true,
    });
  });
});

describe('a TrafficTarget', () => {
  it('lets its sources do what its matches say, and nobody else anything', () => {
    const input = granting('HTTPRouteGroup books read');
    expect(run(input, get()).verdict).toBe('allow');
    expect(run(input, get('/books', 'thief')).verdict).toBe('deny');
    expect(run(input, get('/admin')).verdict).toBe('deny');
    expect(run(input, http('buyer', 'server', 'POST /books')).verdict).toBe('deny');
  });

  it('adds to other targets', () => {
    const targets = [
      target('a', 'server', ['buyer'], ['HTTPRouteGroup books read']),
      target('b', 'server', ['thief'], ['HTTPRouteGroup books write']),
    ];
    expect(run({ targets }, get()).verdict).toBe('allow');
    expect(run({ targets }, http('thief', 'server', 'POST /books')).verdict).toBe('allow');
    expect(run({ targets }, http('thief', 'server', 'GET /books')).verdict).toBe('deny');
  });

  it('means every match of a group that it names alone', () => {
    expect(run(granting('HTTPRouteGroup books'), http('buyer', 'server', 'POST /books')).verdict).toBe('allow');
  });

  it('tells which fields let a request in', () => {
    const { access } = run(granting('HTTPRouteGroup books read'), get());
    expect(access?.grants).toEqual([
      {
        rule: 'default/t',
        origins: [
          { object: 'access.smi-spec.io/TrafficTarget/default/t', path: 'spec.destination' },
          { object: 'access.smi-spec.io/TrafficTarget/default/t', path: 'spec.sources[0]' },
          { object: 'access.smi-spec.io/TrafficTarget/default/t', path: 'spec.rules[0].matches[0]' },
          { object: 'specs.smi-spec.io/HTTPRouteGroup/default/books', path: 'spec.matches[0].pathRegex' },
          { object: 'specs.smi-spec.io/HTTPRouteGroup/default/books', path: 'spec.matches[0].methods' },
        ],
      },
    ]);
  });

  it.each([
    ['source', get('/books', 'thief')],
    ['path', get('/admin')],
    ['method', http('buyer', 'server', 'PUT /books')],
    ['port', tcp('buyer', 'server:5432')],
  ])('tells of a denied request that the %s is missing', (missing, request) => {
    const { access } = run(granting('HTTPRouteGroup books read'), request);
    expect(access?.nearest).toMatchObject({ rule: 'default/t', missing });
    expect(access?.nearest?.origins.length).toBeGreaterThan(0);
  });

  it('is of its own namespace where it names none', () => {
    const pods = [pod('server'), pod('buyer', { ports: [] }), pod('other/buyer', { ports: [] })];
    const input = { ...granting('HTTPRouteGroup books'), pods };
    expect(run(input, get()).verdict).toBe('allow');
    expect(run(input, http('other/buyer', 'server.default', 'GET /books')).verdict).toBe('deny');
  });

  it('may name sources of other namespaces', () => {
    const pods = [pod('server'), pod('other/buyer', { ports: [] })];
    const targets = [target('t', 'server', ['other/buyer'], ['HTTPRouteGroup books'])];
    expect(run({ pods, targets }, http('other/buyer', 'server.default', 'GET /books')).verdict).toBe('allow');
  });

  it('of another namespace than its destination grants nothing', () => {
    const targets = [target('other/t', 'default/server', ['default/buyer'], ['HTTPRouteGroup books'])];
    const routeGroups = [group('other/books', { all: {} })];
    const result = run({ targets, routeGroups }, get());
    expect(result.verdict).toBe('deny');
    expect(result.codes).toContain('SMI4009');
  });
});

describe('UDP', () => {
  const arriving = (from: string, port: number) =>
    ({
      kind: 'udp',
      peer: spiffeId('cluster.local', 'default', from),
      workload: workloadId('default', 'server'),
      port,
    }) as const;
  const input = { ...world, udpRoutes: [udpRoute('some', [8080]), udpRoute('every')] };

  it('is let in by a UDPRoute on its ports, and by nothing else', () => {
    const { model } = compile({ ...input, ...granting('UDPRoute some', 'TCPRoute all') });
    expect(decideInbound(model, arriving('buyer', 8080)).verdict).toBe('allow');
    expect(decideInbound(model, arriving('buyer', 9090))).toMatchObject({
      verdict: 'deny',
      nearest: { missing: 'port' },
    });
    expect(decideInbound(model, arriving('thief', 8080)).verdict).toBe('deny');
  });

  it('is let in on every port by a UDPRoute without ports', () => {
    const { model } = compile({ ...input, ...granting('UDPRoute every') });
    expect(decideInbound(model, arriving('buyer', 53)).verdict).toBe('allow');
  });

  it('leaves HTTP and connections as they are', () => {
    const alone = run({ ...input, ...granting('UDPRoute every') }, get());
    expect(alone.verdict).toBe('deny');
    expect(run({ ...input, ...granting('UDPRoute every') }, tcp('buyer', 'server:5432')).verdict).toBe('deny');
    expect(
      run({ ...input, ...granting('UDPRoute some', 'HTTPRouteGroup books') }, get('/books', 'buyer', 81)).verdict,
    ).toBe('allow');
  });
});

describe('the port of a destination', () => {
  const at = (destinationPort: number, ...rules: string[]) => ({
    targets: [{ ...target('t', 'server', ['buyer'], rules), destinationPort }],
  });

  it('narrows every grant to it', () => {
    expect(run(at(8080, 'HTTPRouteGroup books'), get()).verdict).toBe('allow');
    expect(run(at(8080, 'HTTPRouteGroup books'), get('/books', 'buyer', 81)).verdict).toBe('deny');
    expect(run(at(5432, 'TCPRoute all'), tcp('buyer', 'server:5432')).verdict).toBe('allow');
    expect(run(at(5432, 'TCPRoute all'), get()).verdict).toBe('deny');
  });

  it('may be a Service port', () => {
    expect(run(at(81, 'HTTPRouteGroup books'), get('/books', 'buyer', 81)).verdict).toBe('allow');
    expect(run(at(81, 'HTTPRouteGroup books'), get()).verdict).toBe('deny');
  });

  it('leaves nothing of routes on other ports', () => {
    const { verdict, codes } = run(at(8081, 'TCPRoute web'), get());
    expect(verdict).toBe('deny');
    expect(codes).toEqual(['SMI4014']);
  });

  it('is no reason to grant without rules', () => {
    expect(run(at(8080), get())).toMatchObject({ verdict: 'deny', codes: ['SMI4010'] });
  });
});

describe('what does not resolve grants nothing', () => {
  it.each([
    ['no rules', [], ['SMI4010']],
    ['a missing group', ['HTTPRouteGroup nobody'], ['SMI4014', 'SMI3004']],
    ['a group without matches', ['HTTPRouteGroup empty'], ['SMI4014']],
    ['a missing match', ['HTTPRouteGroup books reed'], ['SMI4014', 'SMI3005']],
    ['a missing TCPRoute', ['TCPRoute nobody'], ['SMI4014', 'SMI3006']],
    ['a missing group beside a TCPRoute', ['HTTPRouteGroup nobody', 'TCPRoute all'], ['SMI4014', 'SMI3004']],
    ['a missing TCPRoute beside a group', ['HTTPRouteGroup books', 'TCPRoute nobody'], ['SMI4014', 'SMI3006']],
    ['an unknown kind beside a group', ['HTTPRouteGroup books', 'GRPCRoute x'], ['SMI4014', 'SMI4012']],
    ['a missing UDPRoute', ['UDPRoute x'], ['SMI4014', 'SMI3006']],
  ])('%s', (_, rules, codes) => {
    const routeGroups = [...(world.routeGroups ?? []), group('empty', {})];
    const result = run({ ...granting(...rules), routeGroups }, get());
    expect(result.verdict).toBe('deny');
    expect(run(granting(...rules), tcp('buyer', 'server:5432')).verdict).toBe('deny');
    expect(result.codes.filter((code) => code !== 'SMI4023')).toEqual(codes);
  });

  it('an empty list of sources', () => {
    const result = run({ targets: [target('t', 'server', [], ['HTTPRouteGroup books'])] }, get());
    expect(result.verdict).toBe('deny');
    expect(result.codes).toEqual(['SMI4011']);
  });

  it('a subject of another kind', () => {
    const [made] = granting('HTTPRouteGroup books').targets;
    if (made === undefined) throw new Error('no target');
    const odd = { ...made, sources: [{ kind: 'Group', name: 'buyer' }] };
    expect(run({ targets: [odd] }, get())).toMatchObject({ verdict: 'deny', codes: ['SMI4012'] });
    const elsewhere = { ...made, destination: { kind: 'Group', name: 'server' } };
    expect(run({ targets: [elsewhere] }, get())).toMatchObject({ verdict: 'deny', codes: ['SMI4012'] });
  });

  it('one missing rule of two leaves the other', () => {
    const input = granting('HTTPRouteGroup nobody', 'HTTPRouteGroup books read');
    expect(run(input, get()).verdict).toBe('allow');
  });

  it('a UDPRoute beside a group narrows nothing', () => {
    expect(run(granting('UDPRoute x', 'HTTPRouteGroup books'), get()).verdict).toBe('allow');
  });
});

describe('ports', () => {
  it('of TCPRoutes narrow HTTP matches', () => {
    const input = granting('HTTPRouteGroup books read', 'TCPRoute web');
    expect(run(input, get()).verdict).toBe('allow');
    expect(run(input, get('/books', 'buyer', 81)).verdict).toBe('deny');
    expect(run(input, get('/admin')).verdict).toBe('deny');
  });

  it('of a TCPRoute alone let in any bytes', () => {
    const input = granting('TCPRoute db');
    expect(run(input, tcp('buyer', 'server:5432')).verdict).toBe('allow');
    expect(run(input, get()).verdict).toBe('deny');
    expect(run(granting('TCPRoute web'), http('buyer', 'server', 'DELETE /anything')).verdict).toBe('allow');
  });

  it('are all ports for a TCPRoute without ports', () => {
    expect(run(granting('TCPRoute all'), tcp('buyer', 'server:5432')).verdict).toBe('allow');
    expect(run(granting('TCPRoute all'), get('/x', 'buyer', 81)).verdict).toBe('allow');
  });

  it('that are not HTTP get nothing from a route group', () => {
    expect(run(granting('HTTPRouteGroup books'), tcp('buyer', 'server:5432')).verdict).toBe('deny');
  });

  it('may be Service ports that lead to one container port', () => {
    const tcpRoutes = [tcpRoute('front', [80])];
    expect(run({ ...granting('TCPRoute front'), tcpRoutes }, get()).verdict).toBe('allow');
    expect(run({ ...granting('TCPRoute front'), tcpRoutes }, get('/', 'buyer', 81)).verdict).toBe('deny');
  });

  it('grant nothing as Service ports that lead to several', () => {
    const services = [
      service('server', { ports: ['80:8080'] }),
      service('other', { app: 'server', ports: ['80:8081'] }),
    ];
    const result = run({ ...granting('TCPRoute front'), services, tcpRoutes: [tcpRoute('front', [80])] }, get());
    expect(result.verdict).toBe('deny');
    expect(result.codes).toEqual(['SMI4014', 'SMI4015']);
  });

  it('that nothing listens on are reported', () => {
    expect(run({ ...granting('TCPRoute odd'), tcpRoutes: [tcpRoute('odd', [9])] }, get()).codes).toEqual(['SMI3010']);
  });

  it('that Services see as HTTP and as TCP are TCP', () => {
    const services = [service('server'), service('raw', { app: 'server', ports: ['90:8080 tcp-raw'] })];
    const result = run({ ...granting('HTTPRouteGroup books'), services }, get());
    expect(result.verdict).toBe('deny');
    expect(result.codes).toContain('SMI4018');
  });
});

describe('matches', () => {
  const matching =
    (match: object, settings: Partial<MeshSettings> = {}) =>
    (request: TrafficRequest) =>
      run({ ...granting('HTTPRouteGroup g'), routeGroups: [group('g', { m: match })] }, request, settings).verdict;

  it('anchor a path at its start', () => {
    const verdict = matching({ pathRegex: '/books' });
    expect(verdict(get('/books/1?x=y'))).toBe('allow');
    expect(verdict(get('/old/books'))).toBe('deny');
  });

  it('anchor a path on both sides when the mesh says so', () => {
    const verdict = matching({ pathRegex: '/books' }, { pathRegexMode: 'full' });
    expect(verdict(get('/books?x=y'))).toBe('allow');
    expect(verdict(get('/books/1'))).toBe('deny');
  });

  it.each(['spec', 'full'] as const)('keep an alternative within the anchors (%s)', (pathRegexMode) => {
    const verdict = matching({ pathRegex: '/a|/b' }, { pathRegexMode });
    expect(verdict(get('/b'))).toBe('allow');
    expect(verdict(get('/x/b'))).toBe('deny');
  });

  it.each(['/a)|(?:.*', '/a\\', '(', '\\Q/a', '(?=/a)'])('cannot break out of their anchors: %s', (pathRegex) => {
    expect(matching({ pathRegex })(get('/secret'))).toBe('deny');
  });

  it.each([[undefined], [[]], [['*']], [['GET', '*']]])(
    'without methods, or with *, mean all of them: %j',
    (methods) => {
      expect(matching({ methods })(http('buyer', 'server', 'PATCH /'))).toBe('allow');
    },
  );

  it('look at the path in its normal form', () => {
    const verdict = matching({ pathRegex: '/books' });
    expect(verdict(get('//%62ooks'))).toBe('allow');
    expect(verdict(get('/books/../admin'))).toBe('deny');
  });

  it('take `host` for the authority', () => {
    const verdict = matching({ headers: { Host: 'server\\.default' } });
    expect(verdict(http('buyer', 'server.default', 'GET /'))).toBe('allow');
    expect(verdict(http('buyer', 'server', 'GET /'))).toBe('deny');
    expect(verdict(http('buyer', 'server', 'GET /', { host: 'server.default' }))).toBe('allow');
  });

  it('want the whole value of a header, several joined with a comma', () => {
    const verdict = matching({ headers: { 'X-Role': 'a,b|c' } });
    expect(verdict(http('buyer', 'server', 'GET /', { 'x-role': ['a', 'b'] }))).toBe('allow');
    expect(verdict(http('buyer', 'server', 'GET /', { 'x-role': 'c' }))).toBe('allow');
    expect(verdict(http('buyer', 'server', 'GET /', { 'x-role': 'cc' }))).toBe('deny');
  });

  it('never take an absent header for an empty one', () => {
    expect(matching({ headers: { 'x-role': '.*' } })(get())).toBe('deny');
    expect(matching({ headers: { 'x-role': '.*' } })(http('buyer', 'server', 'GET /', { 'x-role': '' }))).toBe('allow');
  });

  it.each([
    ['a name that is used twice', { name: 'm', methods: ['POST'] }, 'SMI4017'],
    ['an expression that cannot be used', { name: 'n', pathRegex: '(' }, 'SMI4016'],
  ])('of a group with %s match nothing', (_, match, code) => {
    const good = group('g', { m: { methods: ['GET'] } });
    const input = { ...granting('HTTPRouteGroup g m'), routeGroups: [{ ...good, matches: [...good.matches, match] }] };
    expect(run({ ...input, routeGroups: [good] }, get()).verdict).toBe('allow');
    expect(run(input, get())).toMatchObject({ verdict: 'deny', codes: ['SMI4014', code] });
  });
});

describe('at the server', () => {
  const { model } = run(granting('HTTPRouteGroup books read'), get());
  const arrival = {
    workload: workloadId('default', 'server'),
    port: 8080,
    kind: 'http',
    method: 'GET',
    headers: {},
  } as const;
  const buyer = spiffeId('cluster.local', 'default', 'buyer');

  it('a path without normal form is answered 400 before anybody asks who it is', () => {
    expect(decideInbound(model, { ...arrival, peer: spiffeId('cluster.local', 'y', 'z'), path: '/a%2Fb' })).toEqual({
      verdict: 'reject',
      status: 400,
      grants: [],
    });
  });

  it('the same account of another trust domain is somebody else', () => {
    expect(decideInbound(model, { ...arrival, peer: buyer, path: '/books' }).verdict).toBe('allow');
    const foreign = spiffeId('other.local', 'default', 'buyer');
    expect(decideInbound(model, { ...arrival, peer: foreign, path: '/books' }).verdict).toBe('deny');
  });

  it('a port or workload that is not there lets nothing in', () => {
    expect(decideInbound(model, { ...arrival, peer: buyer, path: '/books', port: 1 }).verdict).toBe('deny');
    const workload = workloadId('default', 'nobody');
    expect(decideInbound(model, { ...arrival, peer: buyer, path: '/books', workload }).verdict).toBe('deny');
  });
});

describe('ServiceAccounts', () => {
  it.each([
    ['nobody has', ['nobody'], ['SMI3007']],
    ['pods use without being declared', ['undeclared'], ['SMI3008']],
    ['every namespace has', ['default'], []],
  ])('that %s', (_, sources, codes) => {
    const pods = [...(world.pods ?? []), pod('undeclared', { ports: [] })];
    const targets = [target('t', 'server', sources, ['HTTPRouteGroup books'])];
    expect(run({ pods, targets }, get()).codes).toEqual(codes);
  });
});
