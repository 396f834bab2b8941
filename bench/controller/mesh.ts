import { type DataPlaneKind, injectLabel, podAnnotations } from '../../src/kubernetes/names.ts';

/** An object and where it is created; `status` is what a kubelet would report of it. */
export interface MeshObject {
  readonly path: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly status?: object;
}

export interface MeshSize {
  readonly services: number;
  readonly pods: number;
  readonly splits: number;
  readonly proxies: number;
}

/** A pod with a sidecar. */
export interface MeshPod {
  readonly service: number;
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
  readonly dataPlane: DataPlaneKind;
}

const servicesPerNamespace = 50;
const splitVersion = 'split.smi-spec.io/v1alpha4';
const accessVersion = 'access.smi-spec.io/v1alpha4';
const specsVersion = 'specs.smi-spec.io/v1alpha4';

/** Of the first so many splits weights are moved: whom the simulated proxies stand for may call their Services. */
const mostMoved = 20;

/**
 * Objects of a mesh in which everything runs: namespaces of 50 Services, each with an account, its share of the pods, an
 * EndpointSlice and a TrafficTarget with two callers; a split at the first Services of all, to the Service and its neighbour.
 * The pods of every second Service have our proxy, the others an Envoy. The first pods, Service by Service, are the simulated
 * proxies.
 */
export class Mesh {
  readonly size: MeshSize;
  readonly pods: readonly MeshPod[];

  constructor(size: MeshSize) {
    this.size = size;
    const each = Math.ceil(size.pods / size.services);
    this.pods = Array.from({ length: size.pods }, (_, index) => {
      const service = Math.floor(index / each);
      const dataPlane = service % 2 === 0 ? 'proxy' : 'envoy';
      const name = `${nameOf(service)}-${index % each}`;
      return { service, namespace: namespaceOf(service), name, account: nameOf(service), dataPlane };
    });
  }

  get proxies(): readonly MeshPod[] {
    return this.pods.slice(0, this.size.proxies);
  }

  /** Splits whose weights are moved. */
  get moved(): number {
    return Math.min(mostMoved, Math.ceil(this.size.splits / 2));
  }

  /** In the order in which they can be created; what is in one list can be created at once. */
  objects(): readonly (readonly MeshObject[])[] {
    const { services } = this.size;
    const indexes = Array.from({ length: services }, (_, index) => index);
    const callers = [...new Set(this.proxies.map(({ service }) => service))];
    const podsOf = Map.groupBy(this.pods.entries(), ([, { service }]) => service);
    return [
      indexes.filter((index) => index % servicesPerNamespace === 0).map(namespaceObject),
      indexes.flatMap((index) => [
        accountObject(index),
        serviceObject(index),
        groupObject(index),
        targetObject(index, services, index <= this.moved ? callers : []),
      ]),
      [...this.pods.entries()].map(([index, pod]) => podObject(pod, index)),
      indexes.map((index) => sliceObject(index, podsOf.get(index) ?? [])),
      Array.from({ length: this.size.splits }, (_, index) => splitObject(index, services)),
    ];
  }
}

export function splitPath(index: number): string {
  return `${collection(splitVersion, namespaceOf(index), 'trafficsplits')}/${nameOf(index)}`;
}

export function podPath({ namespace, name }: MeshPod): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

export function namespaceOf(index: number): string {
  return `team-${Math.floor(index / servicesPerNamespace)}`;
}

export function nameOf(index: number): string {
  return `service-${index}`;
}

/** What a split says when its first backend has this weight. */
export function splitSpec(index: number, weight: number, services: number) {
  const first = index - (index % servicesPerNamespace);
  const neighbour = first + ((index - first + 1) % Math.min(servicesPerNamespace, services - first));
  const backends = [
    { service: nameOf(index), weight },
    { service: nameOf(neighbour), weight: 1_000_000 },
  ];
  return { spec: { service: nameOf(index), backends } };
}

export function readiness(ready: boolean): object {
  return { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
}

function collection(apiVersion: string, namespace: string, plural: string): string {
  return `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}/namespaces/${namespace}/${plural}`;
}

function meshObject(apiVersion: string, kind: string, plural: string, index: number, body: object): MeshObject {
  const namespace = namespaceOf(index);
  const object = { apiVersion, kind, metadata: { name: nameOf(index), namespace }, ...body };
  return { path: collection(apiVersion, namespace, plural), object };
}

function namespaceObject(index: number): MeshObject {
  const metadata = { name: namespaceOf(index), labels: { [injectLabel]: 'enabled' } };
  return { path: '/api/v1/namespaces', object: { apiVersion: 'v1', kind: 'Namespace', metadata } };
}

function accountObject(index: number): MeshObject {
  return meshObject('v1', 'ServiceAccount', 'serviceaccounts', index, {});
}

function serviceObject(index: number): MeshObject {
  const selector = { app: nameOf(index), tier: 'web' };
  const ports = [{ name: 'http', port: 80, targetPort: 'http' }];
  return meshObject('v1', 'Service', 'services', index, { spec: { selector, ports } });
}

/** As it is after injection. */
function podObject(pod: MeshPod, index: number): MeshObject {
  const { namespace, name, account, dataPlane } = pod;
  const environment = Array.from({ length: 12 }, (_, at) => ({ name: `SETTING_${at}`, value: 'a usual value' }));
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { app: account, tier: 'web', 'pod-template-hash': '5d8f7c9b6' },
      annotations: { [podAnnotations.injected]: dataPlane },
    },
    spec: {
      serviceAccountName: account,
      containers: [
        {
          name: 'main',
          image: `registry.example/${account}:1.0`,
          env: environment,
          ports: [{ name: 'http', containerPort: 8080 }],
        },
        { name: 'smi-mesh-proxy', image: 'registry.example/smi-mesh:1.0', env: environment },
      ],
    },
  };
  const ip = addressOf(index);
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], ...readiness(true) };
  return { path: collection('v1', namespace, 'pods'), object, status };
}

function sliceObject(index: number, pods: readonly (readonly [number, MeshPod])[]): MeshObject {
  const name = nameOf(index);
  const namespace = namespaceOf(index);
  const made = meshObject('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', index, {
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: pods.map(([at, pod]) => ({
      addresses: [addressOf(at)],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', name: pod.name, namespace },
    })),
  });
  const labels = { 'kubernetes.io/service-name': name };
  return { ...made, object: { ...made.object, metadata: { name, namespace, labels } } };
}

function splitObject(index: number, services: number): MeshObject {
  return meshObject(splitVersion, 'TrafficSplit', 'trafficsplits', index, splitSpec(index, 9_000_000, services));
}

function groupObject(index: number): MeshObject {
  const matches = [
    { name: 'read', pathRegex: '/orders(/.*)?', methods: ['GET', 'HEAD'] },
    { name: 'write', pathRegex: '/orders', methods: ['POST'] },
  ];
  return meshObject(specsVersion, 'HTTPRouteGroup', 'httproutegroups', index, { spec: { matches } });
}

function targetObject(index: number, services: number, more: readonly number[]): MeshObject {
  const namespace = namespaceOf(index);
  const callers = [...new Set([...[1, 7].map((distance) => (index + distance) % services), ...more])];
  return meshObject(accessVersion, 'TrafficTarget', 'traffictargets', index, {
    spec: {
      destination: { kind: 'ServiceAccount', name: nameOf(index), namespace },
      rules: [{ kind: 'HTTPRouteGroup', name: nameOf(index), matches: ['read'] }],
      sources: callers.map((other) => ({ kind: 'ServiceAccount', name: nameOf(other), namespace: namespaceOf(other) })),
    },
  });
}

function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}
