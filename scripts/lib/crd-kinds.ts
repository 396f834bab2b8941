/** What a CustomResourceDefinition says beside its schemas. The order of versions is newest first; the newest is stored. */
export interface CrdKind {
  /** The folder of schemas/ that has its schemas; `smi` when absent. */
  readonly source?: string;
  readonly scope?: 'Cluster';
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  /** For `kubectl get`, by version. */
  readonly columns: (version: string) => readonly { readonly name: string; readonly jsonPath: string }[];
}

/** Before v1alpha3 of specs and v1alpha2 of access there is no `spec`. */
const withoutSpec: Readonly<Record<string, readonly string[]>> = {
  TrafficTarget: ['v1alpha1'],
  HTTPRouteGroup: ['v1alpha1', 'v1alpha2'],
};

function inSpec(kind: string, version: string, path: string): string {
  return withoutSpec[kind]?.includes(version) === true ? path : `.spec${path}`;
}

/** The kinds of SMI that Kubernetes stores, and our own; TrafficMetrics are served by an aggregated API instead. */
export const crdKinds: readonly CrdKind[] = [
  {
    group: 'split.smi-spec.io',
    kind: 'TrafficSplit',
    plural: 'trafficsplits',
    shortNames: ['ts'],
    columns: () => [{ name: 'Service', jsonPath: '.spec.service' }],
  },
  {
    group: 'access.smi-spec.io',
    kind: 'TrafficTarget',
    plural: 'traffictargets',
    shortNames: ['tt'],
    columns: (version) => [
      { name: 'Destination', jsonPath: inSpec('TrafficTarget', version, '.destination.name') },
      { name: 'Namespace', jsonPath: inSpec('TrafficTarget', version, '.destination.namespace') },
    ],
  },
  {
    group: 'access.smi-spec.io',
    kind: 'IdentityBinding',
    plural: 'identitybindings',
    shortNames: ['ib'],
    columns: () => [
      { name: 'Service Account', jsonPath: '.spec.schemes.serviceAccount' },
      { name: 'Identities', jsonPath: '.spec.schemes.spiffeIdentities' },
    ],
  },
  {
    group: 'specs.smi-spec.io',
    kind: 'HTTPRouteGroup',
    plural: 'httproutegroups',
    shortNames: ['htr'],
    columns: (version) => [{ name: 'Matches', jsonPath: inSpec('HTTPRouteGroup', version, '.matches[*].name') }],
  },
  {
    group: 'specs.smi-spec.io',
    kind: 'TCPRoute',
    plural: 'tcproutes',
    shortNames: ['tr'],
    columns: (version) => (version === 'v1alpha4' ? [{ name: 'Ports', jsonPath: '.spec.matches.ports' }] : []),
  },
  {
    group: 'specs.smi-spec.io',
    kind: 'UDPRoute',
    plural: 'udproutes',
    shortNames: ['ur'],
    columns: () => [{ name: 'Ports', jsonPath: '.spec.matches.ports' }],
  },
  {
    source: 'config',
    scope: 'Cluster',
    group: 'config.smi-mesh.io',
    kind: 'MeshConfig',
    plural: 'meshconfigs',
    shortNames: [],
    columns: () => [{ name: 'Access', jsonPath: '.spec.accessMode' }],
  },
  {
    source: 'policy',
    group: 'policy.smi-mesh.io',
    kind: 'TrafficPolicy',
    plural: 'trafficpolicies',
    shortNames: ['tpol'],
    columns: () => [
      { name: 'Target', jsonPath: '.spec.targetRefs[*].kind' },
      { name: 'Name', jsonPath: '.spec.targetRefs[*].name' },
    ],
  },
];
