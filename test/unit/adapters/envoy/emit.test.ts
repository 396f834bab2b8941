import { describe, expect, it } from 'vitest';
import { type EnvoyOptions, envoyAdapter, staticBootstrap } from '../../../../adapters/envoy/index.ts';
import type { Artifact } from '../../../../src/adapter/contract.ts';
import { workloadId } from '../../../../src/model/ids.ts';
import type { InboundPolicy, MeshModel } from '../../../../src/model/types.ts';
import { allowed, matching, type SampleOptions, sampleModel, weighted } from '../../../support/envoy-model.ts';
import { protoFaults } from '../../../support/proto-json.ts';

/** The value at a path of fields and indexes; nothing where the path leads nowhere. */
function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>>)?.[key], value);
}

/** The value at a path in each item of a list. */
function each(list: unknown, path: string): readonly unknown[] {
  return (list as readonly unknown[]).map((item) => at(item, path));
}

function named(list: unknown, name: string): unknown {
  return (list as readonly unknown[]).find((item) => at(item, 'name') === name);
}

const parsed = envoyAdapter.parseOptions(undefined);
if (!parsed.ok) throw new Error('defaults are refused');
const options = parsed.value;

const everything: Omit<SampleOptions, 'base'> = {
  grants: [
    allowed('buyer', [
      { ports: [15_001], http: matching({ methods: ['GET', 'HEAD'], path: { kind: 'regex', re2: '/b.*' } }) },
      { http: matching({ headers: [{ name: 'x-key', re2: 'a|b' }] }) },
      { ports: [15_002] },
    ]),
    allowed('buyer', [{ http: matching({ path: { kind: 'exact', value: '/x' } }) }]),
  ],
  rules: [
    { ...weighted(1, 0), match: matching({ methods: ['GET'], path: { kind: 'prefix', value: '/a' } }) },
    { from: 'any', match: 'any', to: { kind: 'fail', because: 'SMI4001' }, origins: [] },
  ],
};

const jwt = { audiences: ['a'], cache: 1, claimHeaders: { sub: 'x-user' }, forward: false } as const;

const sharedSecret = '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}';

const everyOption: EnvoyOptions = {
  ...options,
  secrets: 'ads',
  accessLog: { path: '/dev/stdout', requests: 'all' },
  tracing: { collector: { address: 'collector.example', port: 4317 }, sampling: 12.5, propagation: ['b3'] },
  interception: { outbound: 15_001, inbound: 15_006 },
};

/** With everything that a server can be asked at an HTTP port. */
function guarded(model: MeshModel): MeshModel {
  const policies = [
    {
      ...{ policy: 'default/p', matches: [matching({ path: books })], origins: [], ports: [15_001] },
      fields: {
        rateLimit: { requests: 1, period: 1, burst: 0, per: { header: 'x-key' } },
        authentication: {
          required: false,
          jwt: [
            { ...jwt, issuer: 'a', jwks: { url: 'https://login.example.com/keys' } },
            { ...jwt, issuer: 'b', jwks: { file: '/keys.json' }, fromHeader: 'x-token' },
          ],
        },
      },
    },
    {
      ...{ policy: 'default/p', matches: 'any', origins: [], ports: [15_001] },
      fields: {
        rateLimit: { requests: 1, period: 60_000, burst: 0, per: 'identity' },
        authentication: { required: true, jwt: [{ ...jwt, issuer: 'a', jwks: { inline: sharedSecret } }] },
      },
    },
  ] as unknown as NonNullable<InboundPolicy['policies']>;
  const inbound = Object.values(model.inbound).map((policy) => [policy.set, { ...policy, policies }]);
  return { ...model, inbound: Object.fromEntries(inbound) };
}

const books = { kind: 'prefix', value: '/books' } as const;

function emitAll(model: MeshModel, chosen: EnvoyOptions = options): readonly Artifact[] {
  return envoyAdapter
    .units(model, { options: chosen })
    .flatMap((unit) => envoyAdapter.emitUnit(model, unit, { options: chosen }));
}

function bootstrapOf(model: MeshModel, name: string, more: Partial<EnvoyOptions> = {}): unknown {
  return staticBootstrap(model, workloadId('default', name), { ...options, ...more });
}

describe('what the Envoy adapter emits', () => {
  it.each(['deny', 'audit', 'allow'] as const)('holds only fields that Envoy knows, mode %s', (mode) => {
    for (const clients of [{}, { clients: 'intercepted' }] as const) {
      const model = guarded(sampleModel({ base: 1, mode, ...everything, ...clients }));
      const faults = [
        ...[...emitAll(model), ...emitAll(model, everyOption)].flatMap(({ name, format, body }) =>
          protoFaults(format.replace(/.*\//, ''), body, name),
        ),
        ...Object.values(model.workloads).flatMap(({ name }) =>
          protoFaults('envoy.config.bootstrap.v3.Bootstrap', bootstrapOf(model, name), name),
        ),
      ];
      expect(faults).toEqual([]);
    }
  });

  it.each([{}, { interception: { outbound: 15_001, inbound: 15_006 } }])(
    'has the same inbound listeners whoever may send requests, and whether its pods are there, options %j',
    (more) => {
      const listeners = (model: MeshModel) => {
        const redirected = Object.values(model.workloads).map((each) => [
          each.id,
          { ...each, outbound: 'intercepted' },
        ]);
        const meant = { ...model, workloads: Object.fromEntries(redirected) } as MeshModel;
        return emitAll(meant, { ...options, ...more, telemetry: 'bootstrap' })
          .filter(
            ({ format, name }) => format.endsWith('.Listener') && /store-v1.*inbound|inbound.*store-v1/.test(name),
          )
          .map(({ body }) => JSON.stringify(body));
      };
      const buyer = allowed('buyer', [{ ports: [15_001], http: matching({ path: books }) }]);
      const thief = allowed('thief', [{ ports: [15_001] }]);
      const before = sampleModel({ base: 1, grants: [buyer] });
      const { [workloadId('default', 'buyer')]: _, ...others } = before.workloads;
      expect(listeners(before)).toHaveLength('interception' in more ? 1 : 2);
      expect(listeners(sampleModel({ base: 1, grants: [buyer, thief] }))).toEqual(listeners(before));
      expect(listeners({ ...before, workloads: others })).toEqual(listeners(before));
    },
  );

  it('streams no access log where nobody counts traffic', () => {
    const model = sampleModel({ base: 1, ...everything });
    const streams = (settings: MeshModel['settings']) =>
      JSON.stringify(emitAll({ ...model, settings }, { ...options, telemetry: 'bootstrap' })).includes('_grpc"');
    expect(streams(model.settings)).toBe(true);
    expect(streams({ ...model.settings, metrics: 'none' })).toBe(false);
  });

  it('would not hold unknown fields, wrong values or two choices unseen', () => {
    const faults = protoFaults('envoy.config.route.v3.RouteMatch', {
      prefix: '/',
      path: 1,
      prefx: '',
      headers: [{ nam: 'x' }],
    });
    expect(faults).toHaveLength(4);
  });

  it('is the same for the same model, and has unique names', () => {
    const first = emitAll(sampleModel({ base: 1 }));
    expect(JSON.stringify(emitAll(sampleModel({ base: 1 })))).toBe(JSON.stringify(first));
    const names = first.map(({ format, name }) => `${format} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('names object and field of a split, never a line or a file', () => {
    const listener = at(bootstrapOf(sampleModel({ base: 1 }), 'buyer'), 'staticResources.listeners.0');
    const host = at(listener, 'filterChains.0.filters.0.typedConfig.routeConfig.virtualHosts.0');
    const route = named(at(host, 'routes'), 'default/store:80#0');
    expect(at(route, 'metadata.filterMetadata.smi-mesh')).toEqual({
      origins: [{ object: 'split.smi-spec.io/TrafficSplit/default/store', path: 'spec' }],
      split: 'default/store',
    });
  });

  it('streams what was carried to whoever counts beside it, where it is told to', () => {
    const model = sampleModel({ base: 1, grants: [allowed('buyer', [{}])] });
    const streams = (id: string, telemetry?: EnvoyOptions['telemetry']) => {
      const text = JSON.stringify(bootstrapOf(model, id, telemetry === undefined ? {} : { telemetry }));
      return text.match(/envoy\.access_loggers\.(http|tcp)_grpc"/g)?.length ?? 0;
    };
    expect([streams('buyer'), streams('store-v1')]).toEqual([0, 0]);
    // A listener for each of three services; the requests, the connections and the failed handshakes of each port.
    const socket = { socket: '/run/telemetry.sock' };
    expect(streams('buyer', socket)).toBeGreaterThanOrEqual(3);
    expect(streams('store-v1', socket)).toBeGreaterThanOrEqual(4);
    const faults = protoFaults(
      'envoy.config.bootstrap.v3.Bootstrap',
      bootstrapOf(model, 'store-v1', { telemetry: socket }),
      'store-v1',
    );
    expect(faults).toEqual([]);
    expect(JSON.stringify(bootstrapOf(model, 'buyer', { telemetry: socket }))).toContain('"name":"smi-mesh-telemetry"');
  });

  it('refers to keys by file only', () => {
    const text = JSON.stringify(bootstrapOf(sampleModel({ base: 1 }), 'store-v1'));
    expect(text).toContain('"privateKey":{"filename":"/var/run/smi-mesh/private-key.pem"}');
    expect(text).not.toMatch(/inline(?:String|Bytes)/);
  });

  it('gives a workload only the clusters that it can reach', () => {
    const names = (name: string) =>
      each(
        at(bootstrapOf(sampleModel({ base: 1, grants: [allowed('buyer', [{}])] }), name), 'staticResources.clusters'),
        'name',
      );
    expect(names('buyer')).toEqual([
      ...['default/store-v1:80', 'default/store-v2:80', 'default/database:5432', 'default/legacy:80', 'empty'],
      ...['app/default/buyer:15001', 'app/default/buyer:15002'],
    ]);
    // Nobody with a sidecar lets it in.
    expect(names('thief')).toEqual([
      ...['default/legacy:80', 'empty', 'app/default/thief:15001', 'app/default/thief:15002'],
    ]);
    expect(names('store-v2')).toEqual(['empty', 'app/default/store-v2:15001', 'app/default/store-v2:15002']);
  });

  it('has no bootstrap for a workload that does not exist', () => {
    expect(staticBootstrap(sampleModel({ base: 1 }), workloadId('default', 'nobody'), options)).toBeUndefined();
  });
});

describe('access control', () => {
  const rules = (name: string, port: number, more: Partial<SampleOptions>) => {
    const bootstrap = bootstrapOf(sampleModel({ base: 1, ...more }), name);
    const listener = named(at(bootstrap, 'staticResources.listeners'), `inbound/default/${name}:${port}`);
    const chain = at(listener, 'filterChains.0');
    const host = at(chain, 'filters.0.typedConfig.routeConfig.virtualHosts.0');
    const ofRoutes = at(host, 'typedPerFilterConfig') as Readonly<Record<string, unknown>> | undefined;
    const validation = at(chain, 'transportSocket.typedConfig.commonTlsContext.validationContext');
    return {
      filter: port === 15_001 ? at(ofRoutes?.['envoy.filters.http.rbac'], 'rbac') : at(chain, 'filters.0.typedConfig'),
      peers: each(at(validation, 'matchTypedSubjectAltNames'), 'matcher'),
    };
  };
  const policies = (filter: unknown) => Object.keys(at(filter, 'rules.policies') as object);

  it('without grants refuses everything', () => {
    expect(at(rules('store-v1', 15_001, { grants: [] }), 'filter.rules')).toEqual({ action: 'ALLOW', policies: {} });
    expect(rules('store-v1', 15_002, { grants: [] })).toMatchObject({
      filter: { rules: { action: 'ALLOW', policies: {} } },
      peers: [{ exact: 'nobody' }],
    });
  });

  it('stands in the routes of an HTTP port, which connections that exist follow; its filter alone refuses everything', () => {
    const artifacts = (grants: NonNullable<SampleOptions['grants']>) => emitAll(sampleModel({ base: 1, grants }));
    const own = (list: readonly Artifact[], format: RegExp) =>
      list.find(({ name, format: type }) => name === 'inbound/default/store-v1:15001' && format.test(type))?.body;
    const open = artifacts([allowed('buyer', [{}])]);
    const closed = artifacts([]);
    const filters = 'filterChains.0.filters.0.typedConfig.httpFilters';
    expect(at(own(open, /Listener$/), filters)).toEqual(at(own(closed, /Listener$/), filters));
    expect(at(own(open, /Listener$/), `${filters}.0.typedConfig.rules`)).toEqual({ action: 'ALLOW', policies: {} });
    expect(own(open, /RouteConfiguration$/)).not.toEqual(own(closed, /RouteConfiguration$/));
  });

  it('counts a grant at its container ports only, and matches of requests not for bytes', () => {
    const grants = [
      allowed('buyer', [{ ports: [15_001] }]),
      allowed('thief', [{ http: matching({ methods: ['GET'] }) }]),
      allowed('legacy', []),
    ];
    expect(policies(rules('store-v1', 15_001, { grants }).filter)).toEqual(['default/buyer', 'default/thief']);
    expect(policies(rules('store-v1', 15_002, { grants }).filter)).toEqual([]);
    expect(rules('store-v1', 15_002, { grants }).peers).toEqual([{ exact: 'nobody' }]);
  });

  it('keeps two grants of one name apart', () => {
    const grants = [allowed('buyer', [{}]), allowed('buyer', [{}])];
    expect(policies(rules('store-v1', 15_001, { grants }).filter)).toEqual(['default/buyer', 'default/buyer#2']);
  });

  it('under audit only counts, under allow does not ask; both admit members of the mesh only', () => {
    const audit = rules('store-v1', 15_001, { mode: 'audit', grants: [] });
    expect(audit.filter).toMatchObject({ shadowRules: { action: 'ALLOW', policies: {} } });
    expect(at(audit.filter, 'rules')).toBeUndefined();
    const open = rules('store-v1', 15_002, { mode: 'allow', grants: [] });
    expect(at(open.filter, '@type')).toMatch(/TcpProxy$/);
    expect(open.peers).toEqual([{ prefix: 'spiffe://cluster.local/' }]);
  });
});

describe('what TrafficPolicies ask', () => {
  const server = at(bootstrapOf(guarded(sampleModel({ base: 1 })), 'store-v1'), 'staticResources');
  const listener = named(at(server, 'listeners'), 'inbound/default/store-v1:15001');
  const manager = at(listener, 'filterChains.0.filters.0.typedConfig');

  it('goes authenticate, authorize, rate-limit, deadline, in filters that are named after their policies', () => {
    expect(each(at(manager, 'httpFilters'), 'name')).toEqual([
      ...['authentication default/p', 'authentication default/p#2', 'claims', 'envoy.filters.http.rbac'],
      ...['rate-limit coverage default/p', 'rate-limit default/p', 'rate-limit default/p#2'],
      ...['deadline', 'envoy.filters.http.router'],
    ]);
  });

  it('is not asked about a request that has no single meaning', () => {
    const fault = at(manager, 'routeConfig.virtualHosts.0.routes.0');
    const off = at(fault, 'typedPerFilterConfig') as object;
    const filters = each(at(manager, 'httpFilters'), 'name').slice(0, -2);
    expect(Object.keys(off).sort()).toEqual([...filters].sort());
  });

  it('never takes a shared secret for the key of an issuer, and has a key when nobody should get in', () => {
    const inline = at(manager, 'httpFilters.1.typedConfig.providers.default/p#2#0.localJwks.inlineString');
    expect(JSON.parse(String(inline)).keys).toHaveLength(1);
    expect(String(inline)).not.toContain('oct');
  });

  it('fetches keys over TLS from a host that proves its name', () => {
    const cluster = named(at(server, 'clusters'), 'jwks/default/store-v1/https://login.example.com');
    expect(at(cluster, 'transportSocket.typedConfig')).toMatchObject({
      sni: 'login.example.com',
      commonTlsContext: {
        validationContext: {
          trustedCa: { filename: '/etc/ssl/certs/ca-certificates.crt' },
          matchTypedSubjectAltNames: [{ sanType: 'DNS', matcher: { exact: 'login.example.com' } }],
        },
      },
    });
  });
});

describe('clusters', () => {
  const clusters = (model: MeshModel) =>
    new Map(emitAll(model).map(({ name, format, body }) => [`${name} ${format.replace(/.*\./, '')}`, body]));

  it('hold each endpoint to its own identity, and speak plain text only to a workload without sidecar', () => {
    const all = clusters(sampleModel({ base: 1 }));
    const store = all.get('default/store:80 Cluster');
    expect(each(at(store, 'transportSocketMatches'), 'match.peer')).toEqual([
      'spiffe://cluster.local/ns/default/sa/store-v1',
      'spiffe://cluster.local/ns/default/sa/store-v2',
    ]);
    const legacy = all.get('default/legacy:80 Cluster');
    expect(at(legacy, 'transportSocketMatches')).toMatchObject([
      { match: { peer: 'plain' }, transportSocket: { name: 'envoy.transport_sockets.raw_buffer' } },
    ]);
    expect(at(legacy, 'transportSocket.name')).toBe('envoy.transport_sockets.tls');
  });

  it('leave out endpoints that are not ready', () => {
    const model = sampleModel({ base: 1 });
    const store = workloadId('default', 'store-v1');
    const unready = { ...model.workloads, [store]: { ...model.workloads[store]!, ready: false } };
    const all = clusters({ ...model, workloads: unready });
    expect(all.get('default/store-v1:80 ClusterLoadAssignment')).toEqual({
      clusterName: 'default/store-v1:80',
      endpoints: [],
    });
  });
});
