/**
 * The names by which the parts of a mesh in Kubernetes find each other. What writes a name and what reads it, in this
 * code, the chart and the documentation, agree here.
 */

/** The namespace of the control plane unless it is installed elsewhere. */
export const systemNamespace = 'smi-mesh-system';

/** Namespaces whose pods never get a sidecar, beside that of the control plane: the cluster itself runs there. */
export const clusterNamespaces = ['kube-system', 'kube-public', 'kube-node-lease'] as const;

/** Objects in the namespace of the control plane. */
export const systemNames = {
  /** Deployment, ServiceAccount, Lease, and the Service for ADS, identity and health. */
  controller: 'smi-mesh-controller',
  /** Service of the webhooks. */
  webhook: 'smi-mesh-webhook',
  /** Both webhook configurations. */
  webhookConfiguration: 'smi-mesh',
  /** ConfigMap with the settings of the controller, in the key `configKey`. */
  config: 'smi-mesh-config',
  /** Secret of the certificate authority. */
  authority: 'smi-mesh-ca',
  /** Secret with the certificate of the webhooks. */
  webhookCertificate: 'smi-mesh-webhook-tls',
} as const;

/** The host at which sidecars reach the control plane. */
export function controlPlaneHost(namespace: string): string {
  return `${systemNames.controller}.${namespace}.svc`;
}

export const configKey = 'config.yaml';

/** ConfigMap with the roots of the mesh, in every namespace whose pods get sidecars. */
export const trustBundle = { configMap: 'smi-mesh-trust-bundle', key: 'trust-bundle.pem' } as const;

/** Labels of the controller's pods. */
export const controllerLabels = {
  'app.kubernetes.io/name': 'smi-mesh',
  'app.kubernetes.io/component': 'controller',
} as const;

export const controllerPorts = {
  /** ADS by mutual TLS. */
  ads: 15_010,
  /** Certificates for workloads; callers prove themselves by a service account token. */
  identity: 15_012,
  /** Questions of other replicas, by mutual TLS. */
  peers: 15_013,
  /** `/healthz`, `/readyz` and `/metrics` in plain HTTP. */
  health: 15_014,
  /** Admin, on the loopback address only. */
  admin: 15_019,
  webhooks: 9_443,
  /** The API `metrics.smi-spec.io`, where the settings say so. */
  metricsApi: 9_444,
} as const;

/** Ports of a sidecar in its pod's network. */
export const sidecarPorts = {
  /** Admin, on the loopback address only. */
  admin: 15_000,
  /** Where outbound connections are redirected to. */
  outbound: 15_001,
  /** An Envoy's own admin endpoint, on the loopback address only: what counts beside it answers at `admin`, and asks it for the rest. */
  envoyAdmin: 15_004,
  /** Where inbound connections are redirected to. */
  inbound: 15_006,
  /** Metrics, on the pod's address. */
  metrics: 15_020,
  /** `healthPaths`, and the probes of the pod's own containers at `/probe/CONTAINER/KIND`. */
  health: 15_021,
} as const;

/**
 * Hop limit of an Envoy's connections to endpoints. One to its own pod (over `lo`, not to a loopback address, of `sidecarUser`) is
 * told by it from one to the program, and redirected to `sidecarPorts.inbound`; docs/decisions/0020-calls-of-a-pod-to-itself.md.
 */
export const envoyHopLimit = 66;

/** What a sidecar answers at `sidecarPorts.health`. */
export const healthPaths = {
  /** 200 as long as it carries traffic. */
  ready: '/ready',
  /** 200 as soon as the agent has what its Envoy starts from. */
  started: '/started',
  /** The answer of `ready`, held back until that is 200 or a minute is over. */
  wait: '/wait',
  /** Held back until nobody calls the pod any more, or for as long as its time to end allows. */
  drained: '/drained',
  /** Held back until the programs of the pod have ended, or the pod's time to end is nearly over. */
  ended: '/ended',
} as const;

/** User and group of a sidecar: what it sends is not redirected to itself. */
export const sidecarUser = 15_000;

/** User and group of what checks, without any privilege, that the connections of others are redirected. */
export const interceptionCheckUser = 15_001;

/** Container names. */
export const sidecarContainers = {
  /** Sets the rules of redirection and ends. */
  init: 'smi-mesh-init',
  /** Our own proxy. */
  proxy: 'smi-mesh-proxy',
  /** Beside an Envoy: credentials, its bootstrap and the probes. */
  agent: 'smi-mesh-agent',
  envoy: 'smi-mesh-envoy',
} as const;

export const sidecarPaths = {
  /** Read-only: the service account token and the roots of the mesh. */
  credentials: '/var/run/secrets/smi-mesh',
  /** In memory: keys, the bootstrap and the last good configuration. */
  state: '/var/run/smi-mesh',
} as const;

/** Files in `sidecarPaths.credentials`. */
export const credentialFiles = { token: 'token', trustBundle: trustBundle.key } as const;

/** Audience of the token by which a sidecar proves its pod. */
export const tokenAudience = 'smi-mesh';

/** Label on a Namespace or a Pod, the pod's first: `enabled` or `disabled`. */
export const injectLabel = 'smi-mesh.io/inject';

/** Which program carries a pod's traffic: our own proxy, or an Envoy. */
export const dataPlaneKinds = ['proxy', 'envoy'] as const;
export type DataPlaneKind = (typeof dataPlaneKinds)[number];

/** The chart writes it on the controller's pods, so that other settings make new ones. */
export const configHashAnnotation = 'smi-mesh.io/config-hash';

/** Annotations of pods and pod templates. */
export const podAnnotations = {
  /** `proxy` or `envoy`: which sidecar the pod is to get. */
  dataPlane: 'smi-mesh.io/data-plane',
  /** `proxy` or `envoy`: which sidecar the pod got; written by the injection alone. */
  injected: 'smi-mesh.io/injected',
  /** What is redirected, as arguments of `smi-cli intercept`; written by the injection for the CNI plug-in. */
  interception: 'smi-mesh.io/interception',
  /** `disabled`, on pods in files: the pod has no sidecar. */
  sidecar: 'smi-mesh.io/sidecar',
  /** Ports, separated by commas, at which callers reach the program itself. */
  excludeInboundPorts: 'smi-mesh.io/exclude-inbound-ports',
  /** Ports, separated by commas, to which the program connects by itself. */
  excludeOutboundPorts: 'smi-mesh.io/exclude-outbound-ports',
  /** Addresses and CIDR ranges to which the program connects by itself. */
  excludeOutboundRanges: 'smi-mesh.io/exclude-outbound-ranges',
  /** Addresses and CIDR ranges: connections to any other are not redirected. */
  includeOutboundRanges: 'smi-mesh.io/include-outbound-ranges',
  /** Users, separated by commas, whose connections are not redirected. */
  excludeUids: 'smi-mesh.io/exclude-uids',
  cpuRequest: 'smi-mesh.io/proxy-cpu-request',
  cpuLimit: 'smi-mesh.io/proxy-cpu-limit',
  memoryRequest: 'smi-mesh.io/proxy-memory-request',
  memoryLimit: 'smi-mesh.io/proxy-memory-limit',
  logLevel: 'smi-mesh.io/proxy-log-level',
  /** With `smi-cli up`: the environment variable that tells the program its port. */
  portVariable: 'smi-mesh.io/port-variable',
  /** With `smi-cli up`, `enabled`: the pod's programs may call `xds:///` targets; they find their bootstrap in the environment. */
  grpc: 'smi-mesh.io/grpc-xds',
} as const;

/** Environment of the sidecar's containers, beside what the downward API gives. */
export const sidecarVariables = {
  controlPlane: 'SMI_MESH_CONTROL_PLANE',
  trustDomain: 'SMI_MESH_TRUST_DOMAIN',
  clusterDomain: 'SMI_MESH_CLUSTER_DOMAIN',
  logLevel: 'SMI_MESH_LOG_LEVEL',
  /** The pod's own probes, as JSON; see `src/probes/table.ts`. */
  probes: 'SMI_MESH_PROBES',
  /** `terminationGracePeriodSeconds` of the pod. */
  graceSeconds: 'SMI_MESH_GRACE_SECONDS',
  podName: 'POD_NAME',
  podNamespace: 'POD_NAMESPACE',
  podAddresses: 'POD_IPS',
  podUid: 'POD_UID',
  nodeName: 'NODE_NAME',
} as const;
