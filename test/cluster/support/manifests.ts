import { readFileSync } from 'node:fs';
import { type Crd, shippedCrds } from './crds.ts';

export type Manifest = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string };
};

/** An object that the apiserver has to refuse, and what it says then. */
export interface BrokenManifest {
  readonly because: string;
  readonly manifest: Manifest;
  readonly says: RegExp;
}

/** Every example of the shipped schemas whose kind is stored in a cluster. */
export function schemaExamples(): readonly Manifest[] {
  return shippedCrds().flatMap(({ spec }) => {
    const folder = `${spec.group.endsWith('.smi-spec.io') ? 'smi' : spec.group.split('.', 1)[0]}/${spec.group}`;
    return spec.versions.flatMap(({ name }) => {
      const file = new URL(`../../../schemas/${folder}/${name}/${spec.names.kind}.json`, import.meta.url);
      const { examples } = JSON.parse(readFileSync(file, 'utf8')) as { readonly examples: readonly Manifest[] };
      return examples;
    });
  });
}

/** What users of each version write, beyond the examples: every field, both forms of headers, forms of old tools. */
export const ordinaryManifests: readonly Manifest[] = [
  ...['v1alpha2', 'v1alpha3', 'v1alpha4'].map((version) =>
    of('split', version, 'TrafficSplit', {
      spec: { service: 'shop.default', backends: [backend('shop', 0), backend('shop-v2', 2_147_483_647)] },
    }),
  ),
  ...[1, '1', '500m', '0.5', '1e3'].map((weight) =>
    of('split', 'v1alpha1', 'TrafficSplit', {
      spec: { service: 'shop', backends: [backend('shop-v1', weight), backend('shop-v2', '0')] },
    }),
  ),
  ...['v1alpha3', 'v1alpha4'].map((version) =>
    of('split', version, 'TrafficSplit', {
      spec: {
        service: 'shop',
        backends: [backend('shop-v1', 1)],
        matches: [
          { apiGroup: 'specs.smi-spec.io', kind: 'HTTPRouteGroup', name: 'canary' },
          { kind: 'HTTPRouteGroup', name: 'staff' },
        ],
      },
    }),
  ),
  ...[8080, '8080'].map((port) => target('v1alpha1', { destination: { ...account('shop'), port } })),
  target('v1alpha2', { destination: { ...account('shop'), port: 8080 } }),
  ...['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'].map((version) =>
    target(version, { destination: { ...account('shop'), namespace: 'default' } }),
  ),
  ...[{ 'user-agent': '.*Firefox.*', host: 'shop' }, [{ 'user-agent': '.*Firefox.*' }, { host: 'shop' }]].flatMap(
    (headers) => ['v1alpha2', 'v1alpha3', 'v1alpha4'].map((version) => routeGroup(version, { name: 'one', headers })),
  ),
  ...['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'].map((version) =>
    routeGroup(version, { name: 'all', pathRegex: '/a.*', methods: ['*'] }, { name: 'put', methods: ['PUT', 'PATCH'] }),
  ),
  of('specs', 'v1alpha4', 'TCPRoute', { spec: { matches: { ports: [] } } }),
  of('specs', 'v1alpha4', 'TCPRoute', { spec: { matches: { name: 'both', ports: [1, 65_535] } } }),
  of('access', 'v1alpha4', 'IdentityBinding', { spec: { schemes: { spiffeIdentities: ['spiffe://a.b/ns/c/sa/d'] } } }),
];

export const brokenManifests: readonly BrokenManifest[] = [
  ...['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'].flatMap((version): BrokenManifest[] => [
    broken('a split without backends', of('split', version, 'TrafficSplit', { spec: { service: 'shop' } }), /backends/),
    broken('a root that is no name', split(version, { service: 'Shop!' }), /spec\.service/),
    broken('a backend without a weight', split(version, { backends: [{ service: 'shop-v1' }] }), /weight/),
    broken('a misspelt field', split(version, { backend: [] }), /unknown field "spec\.backend"/),
    broken('a destination that is no account', target(version, { destination: { kind: 'Pod', name: 'x' } }), /kind/),
    broken('a target without a destination', target(version, { destination: undefined }), /destination/),
    broken('a method that does not exist', routeGroup(version, { name: 'a', methods: ['FETCH'] }), /methods/),
    broken('a path that is no text', routeGroup(version, { name: 'a', pathRegex: 5 }), /pathRegex/),
    broken('a match without a name', routeGroup(version, { pathRegex: '/' }), /name/),
  ]),
  broken('a weight that is no quantity', split('v1alpha1', { backends: [backend('a', 'many')] }), /weight/),
  ...['v1alpha2', 'v1alpha3', 'v1alpha4'].flatMap((version): BrokenManifest[] => [
    broken('a negative weight', split(version, { backends: [backend('a', -5)] }), /weight/),
    broken('a weight that is a text', split(version, { backends: [backend('a', '5')] }), /weight/),
    broken('a weight beyond 32 bits', split(version, { backends: [backend('a', 2 ** 31)] }), /weight/),
  ]),
  ...['v1alpha1', 'v1alpha2'].flatMap((version): BrokenManifest[] =>
    [0, 65_536, '80a'].map((port) =>
      broken(`port ${port}`, target(version, { destination: { ...account('shop'), port } }), /port/),
    ),
  ),
  broken(
    'matches of a version that has none',
    split('v1alpha2', { matches: [{ kind: 'HTTPRouteGroup', name: 'a' }] }),
    /unknown field "spec\.matches"/,
  ),
  ...['TCPRoute', 'UDPRoute'].map((kind) =>
    broken('a port that does not exist', of('specs', 'v1alpha4', kind, { spec: { matches: { ports: [0] } } }), /ports/),
  ),
  broken(
    'a binding that says nothing',
    of('access', 'v1alpha4', 'IdentityBinding', { spec: { schemes: {} } }),
    /schemes/,
  ),
  broken(
    'an identity that is no SPIFFE id',
    of('access', 'v1alpha4', 'IdentityBinding', { spec: { schemes: { spiffeIdentities: ['https://a/b'] } } }),
    /spiffeIdentities/,
  ),
  broken(
    'a mode that does not exist',
    { apiVersion: 'config.smi-mesh.io/v1alpha1', kind: 'MeshConfig', spec: { accessMode: 'denny' } },
    /accessMode/,
  ),
  broken('a time limit that is no duration', policy({ timeouts: { request: '10 seconds' } }), /timeouts\.request/),
  broken('a policy field that does not exist', policy({ timeout: '10s' }), /unknown field "spec\.timeout"/),
  broken('a policy for nobody', policy({ targetRefs: [] }), /targetRefs/),
];

/** The definition of a manifest's kind. */
export function crdOf({ apiVersion, kind }: Manifest): Crd {
  const crd = shippedCrds().find(({ spec }) => apiVersion.startsWith(`${spec.group}/`) && spec.names.kind === kind);
  if (crd === undefined) throw new Error(`no definition for ${apiVersion} ${kind}`);
  return crd;
}

function broken(because: string, manifest: Manifest, says: RegExp): BrokenManifest {
  return { because, manifest, says };
}

function of(group: string, version: string, kind: string, body: Readonly<Record<string, unknown>>): Manifest {
  return { apiVersion: `${group}.smi-spec.io/${version}`, kind, ...body };
}

function policy(fields: Readonly<Record<string, unknown>>): Manifest {
  const targetRefs = [{ kind: 'Service', name: 'shop' }];
  const apiVersion = 'policy.smi-mesh.io/v1alpha1';
  return { apiVersion, kind: 'TrafficPolicy', metadata: { name: 'shop' }, spec: { targetRefs, ...fields } };
}

function backend(service: string, weight: unknown): unknown {
  return { service, weight };
}

function account(name: string): Readonly<Record<string, unknown>> {
  return { kind: 'ServiceAccount', name };
}

function split(version: string, spec: Readonly<Record<string, unknown>>): Manifest {
  const backends = [backend('shop-v1', 1)];
  return of('split', version, 'TrafficSplit', { spec: { service: 'shop', backends, ...spec } });
}

/** v1alpha1 has its fields at the top, and calls the rules `specs`. */
function target(version: string, fields: Readonly<Record<string, unknown>>): Manifest {
  const rules = [
    { kind: 'HTTPRouteGroup', name: 'shop', matches: ['read'] },
    { kind: 'TCPRoute', name: 'ports' },
  ];
  const body = { destination: account('shop'), sources: [account('buyer'), { ...account('x'), namespace: 'y' }] };
  return of(
    'access',
    version,
    'TrafficTarget',
    version === 'v1alpha1' ? { ...body, specs: rules, ...fields } : { spec: { ...body, rules, ...fields } },
  );
}

/** Up to v1alpha2 the matches are at the top. */
function routeGroup(version: string, ...matches: readonly unknown[]): Manifest {
  const old = version === 'v1alpha1' || version === 'v1alpha2';
  return of('specs', version, 'HTTPRouteGroup', old ? { matches } : { spec: { matches } });
}
