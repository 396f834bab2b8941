import type { Host } from './network.ts';

export interface Pod extends Host {
  readonly account: string;
  /** Without one the pod is not redirected either. */
  readonly sidecar: boolean;
}

function pod(name: string, last: number, account: string, sidecar = true): Pod {
  return { name, account, sidecar, addresses: [`10.244.0.${last}`, `fd00:244::${last}`] };
}

export const pods: readonly Pod[] = [
  pod('buyer', 11, 'buyer'),
  pod('thief', 12, 'thief'),
  pod('store-a', 13, 'store'),
  pod('store-b', 14, 'store'),
  pod('plain', 15, 'plain', false),
];
export const outside: Host = { name: 'outside', addresses: ['203.0.113.10', '2001:db8:f::10'] };
/** Of every pod's programs, in the order in which they take them; those of the world outside are the usual ones. */
export const podPorts = [8080, 8081, 7777, 8443, 9000, 50_051, 5300] as const;
export const outsidePorts = [80, 8080, 15_001, 443, 9000, 50_051, 53] as const;

const [store, single, plain, apiserver] = [10, 11, 12, 1].map((last) => [`10.96.0.${last}`, `fd00:96::${last}`]);
export const clusterIps = { store: store!, single: single!, plain: plain!, apiserver: apiserver! };

const ports = [
  { name: 'http', port: 80, targetPort: 8080 },
  { name: 'http-open', port: 81, targetPort: 8081 },
  { name: 'tcp', port: 9000 },
  { name: 'grpc', port: 50_051 },
];

function service(name: string, clusterIPs: readonly string[], selector: object | undefined, of = ports, more = {}) {
  const spec = {
    clusterIP: clusterIPs[0],
    clusterIPs,
    selector,
    ports: of,
    ipFamilyPolicy: 'PreferDualStack',
    ...more,
  };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec };
}

const account = (name: string) => ({ kind: 'ServiceAccount', name, namespace: 'default' });

function target(name: string, from: string, rules: readonly object[]) {
  return {
    ...{ apiVersion: 'access.smi-spec.io/v1alpha4', kind: 'TrafficTarget', metadata: { name, namespace: 'default' } },
    spec: { destination: account('store'), sources: [account(from)], rules },
  };
}

/** The objects of the mesh, as the apiserver would have them. */
export function manifests(outbound: 'passthrough' | 'registry-only'): string {
  const meta = (name: string) => ({ metadata: { name, namespace: 'default' } });
  const objects = [
    ...['buyer', 'thief', 'store', 'plain'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      ...meta(name),
    })),
    ...pods.map(manifest),
    service('store', clusterIps.store, { app: 'store' }),
    service('single', clusterIps.single, { pod: 'store-a' }),
    service('plain', clusterIps.plain, { app: 'plain' }),
    service('stores', ['None'], { app: 'store' }, [
      { name: 'http', port: 8080, targetPort: 8080 },
      { name: 'tcp', port: 9000, targetPort: 9000 },
    ]),
    service('kubernetes', clusterIps.apiserver, undefined, [{ name: 'https', port: 443, targetPort: 443 }]),
    service('partner', [], undefined, [{ name: 'http', port: 80, targetPort: 80 }], {
      ...{ type: 'ExternalName', externalName: 'partner.example', clusterIP: undefined, clusterIPs: undefined },
    }),
    {
      apiVersion: 'specs.smi-spec.io/v1alpha4',
      kind: 'HTTPRouteGroup',
      ...meta('books'),
      spec: {
        matches: [
          { name: 'read', methods: ['GET'], pathRegex: '/books.*' },
          { name: 'calls', pathRegex: '/test[.]Echo/.*' },
        ],
      },
    },
    {
      apiVersion: 'specs.smi-spec.io/v1alpha4',
      kind: 'TCPRoute',
      ...meta('bytes'),
      spec: { matches: { name: 'bytes', ports: [9000] } },
    },
    target('buyer-reads', 'buyer', [{ kind: 'HTTPRouteGroup', name: 'books', matches: ['read', 'calls'] }]),
    target('buyer-connects', 'buyer', [{ kind: 'TCPRoute', name: 'bytes' }]),
    target('store-reads', 'store', [{ kind: 'HTTPRouteGroup', name: 'books', matches: ['read'] }]),
    {
      apiVersion: 'policy.smi-mesh.io/v1alpha1',
      kind: 'TrafficPolicy',
      ...meta('open'),
      spec: { targetRefs: [{ kind: 'Service', name: 'store' }], tls: { mode: 'permissive', ports: [8081] } },
    },
    {
      apiVersion: 'config.smi-mesh.io/v1alpha1',
      kind: 'MeshConfig',
      metadata: { name: 'default' },
      spec: { outbound },
    },
  ];
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

function manifest({ name, account: serviceAccountName, sidecar, addresses }: Pod) {
  const [http, open, , , bytes, grpc] = podPorts;
  const annotations = sidecar ? {} : { 'smi-mesh.io/sidecar': 'disabled' };
  const labels = { app: name.replace(/-.$/, ''), pod: name };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels, annotations } },
    spec: {
      serviceAccountName,
      containers: [{ name: 'main', ports: [http, open, bytes, grpc].map((containerPort) => ({ containerPort })) }],
    },
    status: {
      ...{ phase: 'Running', podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}
