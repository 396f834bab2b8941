import { adsBootstrap, type ControlPlane } from './ads-bootstrap.ts';
import { faultRoutes } from './emit/faults.ts';
import { httpConnectionManager } from './emit/http.ts';
import { type Message, socketAddress } from './emit/message.ts';

/** The Envoy of a pod whose connections are redirected to it. */
export interface PodEnvoy {
  /** `NAMESPACE/POD`. */
  readonly id: string;
  /** `NAMESPACE/ACCOUNT`. */
  readonly cluster: string;
  /** Those of the pod; metrics are served there. */
  readonly addresses: readonly string[];
  readonly adminPort: number;
  /** Where others can have what Envoy itself counts; absent where whoever reads `telemetrySocket` shows it. */
  readonly metricsPort?: number;
  readonly telemetrySocket?: string;
  /** Of its connections to endpoints; the rules of redirection know it. */
  readonly hopLimit: number;
  readonly controlPlane: Omit<ControlPlane, 'variant'>;
  /** Holds `credentialFiles` and `secretFiles`. */
  readonly directory: string;
}

const adminCluster = 'smi-mesh-admin';

/**
 * The bootstrap of a pod's Envoy: its admin endpoint on the loopback address, of which others can have the metrics at most, and
 * everything else from the control plane.
 */
export function podBootstrap({ addresses, adminPort, metricsPort, ...pod }: PodEnvoy): Message {
  const { id, cluster, hopLimit, controlPlane, directory, telemetrySocket } = pod;
  const admin = { address: '127.0.0.1', port: adminPort };
  const process = { id, cluster, hopLimit, admin, telemetrySocket };
  const bootstrap = adsBootstrap(process, { ...controlPlane, variant: 'delta' }, directory);
  if (metricsPort === undefined) return bootstrap;
  const { clusters } = bootstrap.staticResources as { readonly clusters: readonly Message[] };
  return {
    ...bootstrap,
    staticResources: {
      clusters: [...clusters, adminEndpoint(admin)],
      listeners: addresses.map((address) => metricsListener(address, metricsPort)),
    },
  };
}

function adminEndpoint({ address, port }: { readonly address: string; readonly port: number }): Message {
  const endpoints = [{ lbEndpoints: [{ endpoint: { address: socketAddress(address, port) } }] }];
  return {
    name: adminCluster,
    type: 'STATIC',
    connectTimeout: '1s',
    loadAssignment: { clusterName: adminCluster, endpoints },
  };
}

function metricsListener(address: string, port: number): Message {
  const name = `metrics/${address}:${port}`;
  const metrics = {
    match: { path: '/metrics' },
    route: { cluster: adminCluster, regexRewrite: toStats, timeout: '10s' },
  };
  const routeConfig = { name, virtualHosts: [{ name, domains: ['*'], routes: [...faultRoutes, metrics] }] };
  return {
    name,
    address: socketAddress(address, port),
    filterChains: [{ filters: [httpConnectionManager(name, { routeConfig })] }],
  };
}

/** Queries would be the admin endpoint's. */
const toStats: Message = { pattern: { regex: '^.*$' }, substitution: '/stats/prometheus' };
