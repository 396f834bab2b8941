import fc from 'fast-check';
import type { InputChanges, MeshInput, ObjectState } from '../../../src/compile/index.ts';
import { meshConfigKey } from '../../../src/config/decode.ts';
import type { MeshConfigObject } from '../../../src/config/types.ts';
import { type ObjectKey, objectKey } from '../../../src/diagnostics/origin.ts';
import type { EndpointSliceObject, NodeObject, PodObject, ServiceObject } from '../../../src/kubernetes/types.ts';
import type { TrafficMetricsDocument } from '../../../src/smi/types.ts';
import { account, binding, deployment, group, pod, service, split, target, tcpRoute, udpRoute } from '../objects.ts';
import { refusedTrafficPolicy, trafficPolicy } from '../policies.ts';

/** Every object that a random mesh may have, by name, so that an edit replaces or removes one. */
const serviceName = fc.constantFrom('a', 'b', 'c', 'd');
const created = fc.constantFrom(undefined, '2026-01-01T00:00:00Z', '2026-02-02T00:00:00Z');

/** Services with the same label twice or none in common, with hosts that several claim. */
const serviceEdit = fc
  .tuple(
    serviceName,
    fc.subarray(['80:8080', '81:8081', '82:named', '5432 tcp-db'], { minLength: 1 }),
    fc.constantFrom<ServiceObject['type']>('ClusterIP', 'ClusterIP', 'ExternalName'),
    fc.constantFrom(undefined, undefined, 'x.example', 'x.example, b.default.svc', 'a.default, Y.example, bare'),
    created,
    fc.constantFrom<ServiceObject['selector']>(undefined, undefined, { app: 'a', tier: 'web' }, { tier: 'web' }, {}),
  )
  .map(([name, ports, type, hosts, creationTimestamp, selector]) => {
    const made = service(name, { ports, type });
    const annotations = hosts === undefined ? {} : { 'smi-mesh.io/hosts': hosts };
    const meta = { ...made.meta, annotations, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) };
    return { list: 'services', item: { ...made, meta, ...(selector === undefined ? {} : { selector }) } };
  });

const podEdit = fc
  .tuple(
    serviceName,
    fc.constantFrom('0', '1', '2'),
    fc.boolean(),
    fc.subarray(['8080', '8081 named', '5432']),
    fc.subarray(['10.0.0.1', '10.0.0.2', 'fd00::1']),
    fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    fc.record({
      labels: fc.constantFrom<PodObject['meta']['labels']>({}, { tier: 'web' }, { app: 'd', tier: 'db' }),
      owners: fc.subarray([
        { kind: 'ReplicaSet', name: 'a-5f4d' },
        { kind: 'StatefulSet', name: 'b' },
      ]),
      annotations: fc.constantFrom<Record<string, string>>(
        {},
        { 'smi-mesh.io/local-outbound': 'a:80=15001,b:5432=15002' },
        { 'smi-mesh.io/local-ports': 'nonsense' },
      ),
    }),
    fc.constantFrom(undefined, 'n', 'm'),
    fc.boolean(),
  )
  .map(([name, ordinal, ready, ports, ips, account = name, meta, nodeName, ends]) => {
    const made = pod(`${name}-${ordinal}`, { app: name, account, ready, ports, ips });
    const labels = { ...made.meta.labels, ...meta.labels };
    const { owners, annotations } = meta;
    const state = { ...(nodeName && { nodeName }), ...(ready === false && ends ? { ends: true as const } : {}) };
    const item: PodObject = { ...made, meta: { ...made.meta, owners, annotations, labels }, ...state };
    return { list: 'pods', item };
  });

const ownerEdit = fc
  .tuple(fc.constantFrom('StatefulSet', 'DaemonSet', 'ReplicaSet'), fc.constantFrom('a', 'b'), fc.boolean())
  .map(([kind, name, owned]) => {
    const made = deployment(name, 2);
    const owners = owned ? [{ kind: 'Deployment', name }] : [];
    return {
      list: 'podOwners',
      item: { ...made, meta: { ...made.meta, key: objectKey('apps', kind, 'default', name), owners } },
    };
  });

const placeEdit = fc.oneof(
  fc.tuple(fc.constantFrom('n', 'm'), fc.constantFrom('z1', 'z2')).map(([name, zone]) => ({
    list: 'nodes',
    item: {
      meta: { ...metaOf('', 'Node', name), labels: { 'topology.kubernetes.io/zone': zone }, owners: [] },
    } satisfies NodeObject,
  })),
  fc
    .tuple(fc.constantFrom('e', 'f'), fc.subarray(['a-1', 'b-1', 'a-0']), fc.constantFrom('z3', 'z4'))
    .map(([name, pods, zone]) => ({
      list: 'endpointSlices',
      item: {
        meta: { ...metaOf('discovery.k8s.io', 'EndpointSlice', name), labels: {}, owners: [] },
        addressType: 'IPv4',
        endpoints: pods.map((each) => ({ addresses: [], ready: true, pod: each, zone })),
        ports: [],
      } satisfies EndpointSliceObject,
    })),
);

const metricsEdit = fc
  .tuple(
    fc.constantFrom('q', 'r'),
    fc.constantFrom(
      { kind: 'Pod', name: 'a-1' },
      { kind: 'Service' },
      { kind: 'Namespace', name: 'default' },
      { kind: 'TrafficSplit', name: 's' },
      { kind: 'StatefulSet', name: 'b' },
      { kind: 'Deployment' },
    ),
  )
  .map(([name, resource]) => ({
    list: 'trafficMetrics',
    item: {
      meta: metaOf('metrics.smi-spec.io', 'TrafficMetrics', name),
      resource,
      metrics: [],
    } satisfies TrafficMetricsDocument,
  }));

/** Settings of the mesh and modes of namespaces; or a MeshConfig that is refused. */
const configEdit = fc
  .record({
    accessMode: fc.constantFrom('deny', 'audit', 'allow'),
    pathRegexMode: fc.constantFrom('spec', 'full'),
    crossNamespaceTargets: fc.constantFrom('refuse', 'allow'),
    mode: fc.constantFrom(undefined, 'spec', 'full'),
    trusted: fc.boolean(),
  } as const)
  .map(({ mode, trusted, ...settings }) => ({
    list: 'meshConfig',
    item: {
      meta: { key: meshConfigKey },
      settings: { ...settings, ...(trusted && { trustDomains: { far: { bundle: 'pem' } } }) },
      namespaces: mode === undefined ? {} : { default: { pathRegexMode: mode } },
    } satisfies MeshConfigObject,
  }));

/** Objects that are there with an error, so that they are not in force. */
const refusalEdit = fc
  .constantFrom(
    objectKey('', 'Service', 'default', 'a'),
    objectKey('', 'Service', 'default', 'gone'),
    objectKey('specs.smi-spec.io', 'HTTPRouteGroup', 'default', 'g'),
    meshConfigKey,
  )
  .map((key) => ({ list: 'refused', item: { meta: { key } } }));

function metaOf(apiGroup: string, kind: string, name: string) {
  return { key: objectKey(apiGroup, kind, 'default', name), namespace: 'default', name, annotations: {} };
}

const matchNames = fc.constantFrom('m', 'n', 'o');
const smiEdit = fc.oneof(
  fc.tuple(serviceName, fc.integer({ min: 0, max: 3 })).map(([name, replicas]) => ({
    list: 'deployments',
    item: deployment(name, replicas),
  })),
  fc.constantFrom('a', 'b', 'c', 'other/a').map((name) => ({ list: 'serviceAccounts', item: account(name) })),
  fc
    .tuple(
      fc.constantFrom('s', 't', 'u'),
      fc.constantFrom('a', 'b', 'a.default', 'gone', 'a.other'),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'gone'), fc.integer({ min: -1, max: 3 })),
      fc.option(fc.subarray(['g', 'h', 'gone']), { nil: undefined }),
      created,
    )
    .map(([name, root, backends, matches, created]) => ({
      list: 'splits',
      item: split(name, root, backends, { ...(matches && { matches }), ...(created && { created }) }),
    })),
  fc
    .tuple(
      fc.constantFrom('t', 'u', 'v'),
      fc.constantFrom('a', 'b', 'other/a', '~i', '~j'),
      fc.subarray(['a', 'b', 'other/c', 'gone', '~i', '~j', '~gone']),
      fc.subarray([
        'HTTPRouteGroup g',
        'HTTPRouteGroup h m',
        'HTTPRouteGroup gone',
        'TCPRoute r',
        'TCPRoute gone',
        'UDPRoute x',
        'UDPRoute gone',
        'Odd x',
      ]),
      fc.option(fc.constantFrom(80, 8080, 9), { nil: undefined }),
    )
    .map(([name, destination, sources, rules, port]) => ({
      list: 'targets',
      item: {
        ...target(name, destination, sources, rules),
        ...(port === undefined ? {} : { destinationPort: port }),
      },
    })),
  fc
    .tuple(
      fc.constantFrom('i', 'j'),
      fc.constantFrom<Parameters<typeof binding>[1]>(
        { podLabelSelector: { app: 'a' } },
        { podLabelSelector: { app: 'b' }, spiffeIdentities: ['spiffe://cluster.local/ns/default/sa/a'] },
        { serviceAccount: 'b', spiffeIdentities: ['spiffe://cluster.local/ns/other/sa/a', 'spiffe://far/x'] },
      ),
    )
    .map(([name, schemes]) => ({ list: 'identityBindings', item: binding(name, schemes) })),
  fc.subarray([53, 8080]).map((ports) => ({ list: 'udpRoutes', item: udpRoute('x', ports) })),
  fc
    .tuple(
      fc.constantFrom('g', 'h'),
      fc.dictionary(
        matchNames,
        fc.record({
          pathRegex: fc.constantFrom('/x', '/[a-z]+', '(', '.*'),
          methods: fc.subarray(['GET', 'POST', '*']),
          headers: fc.dictionary(fc.constantFrom('Host', 'x-a'), fc.constantFrom('.*', '[', 'a')),
        }),
      ),
    )
    .map(([name, matches]) => ({ list: 'routeGroups', item: group(name, matches) })),
  fc.tuple(fc.constantFrom('r'), fc.subarray([80, 8080, 5432, 9])).map(([name, ports]) => ({
    list: 'tcpRoutes',
    item: tcpRoute(name, ports),
  })),
);

/** Policies of clients and of servers for one Service, some, a namespace or the mesh; with matches that resolve or do not. */
const policyTargets = fc.constantFrom(
  ['p', '[{ kind: Service, name: a }]'],
  ['p', '[{ kind: Service, name: b }, { kind: Namespace }]'],
  ['q', '[{ kind: Service, name: a }, { kind: Service, name: c }, { kind: Service, name: gone }]'],
  ['q', '[{ kind: Namespace }]'],
  ['smi-mesh/p', '[{ kind: Mesh }]'],
  ['r', '[{ kind: Mesh }]'],
);
const policyMatches = fc.constantFrom(
  '',
  '',
  'matches: [{ kind: HTTPRouteGroup, name: g }]',
  'matches: [{ kind: HTTPRouteGroup, name: h, matches: [m] }, { kind: HTTPRouteGroup, name: gone }]',
);
const policyFields = fc.subarray(
  [
    'timeouts: { connect: 1s, request: 2s }',
    'retries: { attempts: 1, budget: { percent: 5 } }',
    'mirror: { service: d, percent: 5 }',
    'loadBalancer: { algorithm: random, locality: { prefer: true } }',
    'healthCheck: {}',
    'rateLimit: { requests: 5 }',
    'authentication: { jwt: [{ issuer: a, jwks: { file: /a } }] }',
    'tls: { mode: permissive, ports: [80, 5432] }',
  ],
  { minLength: 1 },
);
const policyEdit = fc
  .tuple(policyTargets, policyMatches, policyFields, fc.constantFrom(undefined, '2026-01-01T00:00:00Z'))
  .map(([[name = '', refs = ''], matches, fields, created]) => ({
    list: 'policies',
    item: trafficPolicy(name, `targetRefs: ${refs}\n${[matches, ...fields].join('\n')}`, created),
  }));
const refusedEdit = policyTargets.map(([name = '', refs = '']) => {
  const { refusedPolicies = [] } = refusedTrafficPolicy(`${name}x`, `targetRefs: ${refs}\nauthentication: {}`);
  return { list: 'refusedPolicies', item: refusedPolicies[0]! };
});

/** An object as it is from now on, or without. */
export interface Edit {
  readonly list: string;
  readonly item: { readonly meta: { readonly key: ObjectKey } };
}

/** Anything that can change in a mesh, most often what changes most often. */
export const inputEdit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(serviceEdit, podEdit, podEdit) },
  { weight: 6, arbitrary: smiEdit },
  { weight: 4, arbitrary: fc.oneof(policyEdit, policyEdit, refusedEdit) },
  { weight: 2, arbitrary: fc.oneof(ownerEdit, placeEdit, metricsEdit, configEdit, refusalEdit) },
);

type Lists = Record<string, readonly Edit['item'][]>;

/** The input after an edit: an object has one definition, in force or refused. */
export function edited(input: MeshInput, { list, item }: Edit, remove = false): MeshInput {
  const { key } = item.meta;
  const without = Object.fromEntries(
    Object.entries(input).map(([name, items]) => [
      name,
      Array.isArray(items) ? items.filter((other) => keyOf(other) !== key) : items,
    ]),
  ) as unknown as MeshInput & Lists;
  const { meshConfig, ...others } = without;
  const kept = meshConfig === undefined || key === meshConfigKey ? others : without;
  if (remove) return kept as MeshInput;
  if (list === 'meshConfig') return { ...kept, meshConfig: item as MeshConfigObject } as MeshInput;
  if (list === 'refused') return { ...kept, refused: [...(kept.refused ?? []), key] } as MeshInput;
  const refused = list === 'refusedPolicies' ? { refused: [...(kept.refused ?? []), key] } : {};
  return { ...kept, ...refused, [list]: [...((kept as Lists)[list] ?? []), item] } as MeshInput;
}

function keyOf(entry: Edit['item'] | ObjectKey): ObjectKey {
  return typeof entry === 'string' ? entry : entry.meta.key;
}

const kindOfList: Readonly<Record<string, string>> = { meshConfig: 'MeshConfig' };

/** The same edit as a change. */
export function changeOf({ list, item }: Edit, remove = false): InputChanges {
  const { key } = item.meta;
  return new Map([[key, remove ? undefined : stateOf(list, item)]]);
}

function stateOf(list: string, item: Edit['item']): ObjectState {
  if (list === 'refused') return { refused: true, policies: [] };
  if (list === 'refusedPolicies') return { refused: true, policies: [item as never] };
  const kind = kindOfList[list] ?? item.meta.key.split('/')[1];
  return { object: { kind, value: item } } as unknown as ObjectState;
}
