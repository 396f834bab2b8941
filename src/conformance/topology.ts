import type { CasePod, CasePort, Manifest } from './case.ts';
import type { CaseNamespaces } from './namespaces.ts';
import type { WrittenPod, WrittenTopology } from './written.ts';

/** Every pod has its own name under this label, so that a Service can select it alone. */
const podLabel = 'pod';
/** And those that stay outside the mesh have one that says so. */
const outsideLabel = { mesh: 'outside' };
const image = 'smi-mesh-conformance';
/** Where the application answers the runner. */
export const controlPort = 9_900;

export interface Topology {
  readonly manifests: readonly Manifest[];
  readonly pods: readonly CasePod[];
  /** `NAMESPACE/NAME` of every ServiceAccount. */
  readonly accounts: readonly string[];
}

/** The Kubernetes objects of a topology. */
export function topologyOf({ pods, services = {} }: WrittenTopology, namespaces: CaseNamespaces): Topology {
  const written = Object.entries(pods).map(([name, pod]) => ({ ...namespaces.split(name), pod }));
  const accounts = new Set(written.map(({ namespace, name, pod }) => `${namespace}/${pod.account ?? name}`));
  return {
    manifests: [
      ...namespaces.used.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      ...[...accounts].map((account) => {
        const [namespace = '', name = ''] = account.split('/');
        return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } };
      }),
      ...written.map(({ namespace, name, pod }) => podManifest(namespace, name, pod)),
      ...Object.entries(services).map(([name, { select, ports }]) => {
        const spec = { selector: select, ports: Object.entries(ports).map(servicePort) };
        return { apiVersion: 'v1', kind: 'Service', metadata: namespaces.split(name), spec };
      }),
    ],
    pods: written.map(({ namespace, name, pod }) => ({
      id: `${namespace}/${name}`,
      ready: pod.ready ?? true,
      outside: pod.mesh === false,
      ports: portsOf(pod),
    })),
    accounts: [...accounts],
  };
}

function portsOf({ ports = {} }: WrittenPod): readonly CasePort[] {
  return Object.entries(ports).map(([port, written]) => {
    const [protocol = ''] = written.split(':');
    return { port: numberOf(port), protocol: protocol === 'grpc' ? 'http' : (protocol as CasePort['protocol']) };
  });
}

/** `53`, or `53/udp` beside a TCP port of that number. */
function numberOf(port: string): number {
  return Number(port.replace('/udp', ''));
}

function podManifest(namespace: string, name: string, pod: WrittenPod): Manifest {
  const { account = name, labels = {}, ready = true, mesh, ports = {} } = pod;
  const listen = portsOf(pod).map(({ port, protocol }) => `${protocol}:${port}`);
  const container = {
    name: 'application',
    image,
    env: [
      { name: 'LISTEN', value: listen.join(',') },
      { name: 'READY', value: String(ready) },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    ports: Object.entries(ports).map(([port, written]) => {
      const [protocol, portName] = written.split(':');
      return {
        containerPort: numberOf(port),
        ...(protocol === 'udp' ? { protocol: 'UDP' } : {}),
        ...(portName === undefined ? {} : { name: portName }),
      };
    }),
    // A busy machine answers late, and a pod that three probes in turn gave up on has no traffic.
    readinessProbe: { httpGet: { path: '/ready', port: controlPort }, periodSeconds: 2, timeoutSeconds: 10 },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { [podLabel]: name, ...labels, ...(mesh === false ? outsideLabel : {}) } },
    spec: { serviceAccountName: account, containers: [container] },
    ...(ready ? {} : { status: { conditions: [{ type: 'Ready', status: 'False' }] } }),
  };
}

function servicePort([port, written]: readonly [string, string]): Manifest {
  const [protocol = '', target = ''] = written.split('/');
  return {
    name: `${protocol}-${numberOf(port)}`,
    port: numberOf(port),
    targetPort: /^\d+$/.test(target) ? Number(target) : target,
    ...(protocol === 'udp'
      ? { protocol: 'UDP' }
      : { appProtocol: protocol === 'grpc' ? 'kubernetes.io/h2c' : protocol }),
  };
}

/** Whether a pod of a topology stays outside the mesh. */
export function isOutside({ metadata }: Manifest): boolean {
  const { labels = {} } = metadata as { readonly labels?: Readonly<Record<string, string>> };
  return labels.mesh === outsideLabel.mesh;
}

/** Resources that let every account call every other on every port, each in the namespace of its destination. */
export function openAccess(accounts: readonly string[]): readonly Manifest[] {
  const parsed = accounts.map((account) => {
    const [namespace = '', name = ''] = account.split('/');
    return { kind: 'ServiceAccount', namespace, name };
  });
  const namespaces = [...new Set(parsed.map(({ namespace }) => namespace))];
  const routes = namespaces.flatMap((namespace) =>
    ['TCPRoute', 'UDPRoute'].map((kind) => ({
      apiVersion: 'specs.smi-spec.io/v1alpha4',
      kind,
      metadata: { namespace, name: 'open-access' },
      spec: { matches: { ports: [] } },
    })),
  );
  const targets = parsed.map((destination) => ({
    apiVersion: 'access.smi-spec.io/v1alpha3',
    kind: 'TrafficTarget',
    metadata: { namespace: destination.namespace, name: `open-access-${destination.name}` },
    spec: {
      destination,
      sources: parsed,
      rules: ['TCPRoute', 'UDPRoute'].map((kind) => ({ kind, name: 'open-access' })),
    },
  }));
  return [...routes, ...targets];
}
