import { hostname, networkInterfaces } from 'node:os';
import { defaultCompileOptions, meshNamespacesWith } from '../../compile/index.ts';
import type { ControllerConfig } from '../../config/controller/types.ts';
import type { BridgeTarget } from '../../control/cluster/bridge/contract.ts';
import { type Controller, type ControllerParts, startController } from '../../control/cluster/controller.ts';
import type { Log } from '../../control/cluster/log.ts';
import { controlPlaneIdentity } from '../../control/plane.ts';
import { createDashboardPages } from '../../dashboard/api/pages.ts';
import type { Authority } from '../../identity/authority.ts';
import { type IdentityServer, type IdentityServerOptions, startIdentityServer } from '../../identity/server.ts';
import { systemNames, systemNamespace, tokenAudience } from '../../kubernetes/names.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { metrics } from '../../telemetry/catalogue.ts';
import { renderText } from '../../telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../telemetry/registry.ts';
import { clusterDataPlanes } from '../data-planes.ts';
import { type MeshAuthorityOptions, startMeshAuthority } from './authority.ts';
import { withMetricsApi } from './metrics-api.ts';
import { type RunningWebhooks, startWebhooks } from './webhooks.ts';

/** Where a replica runs and listens; what is absent is as in its pod. */
export interface ReplicaOptions {
  readonly state?: string;
  readonly namespace?: string;
  readonly instance?: string;
  readonly address?: string;
  readonly adsPort: number;
  readonly identityPort: number;
  readonly healthPort: number;
  readonly adminPort: number;
  readonly webhookPort: number;
  readonly peerPort: number;
  readonly metricsApiPort: number;
  readonly webhookHost?: string;
  /** Another mesh carries the traffic: the leader keeps what the objects mean in its API. */
  readonly bridge?: BridgeTarget;
}

/** Puts the parts of a controller together. */
export async function startReplica(
  options: ReplicaOptions,
  config: ControllerConfig,
  connection: StreamingConnection,
  log: Log,
): Promise<Controller> {
  const { trustDomain, clusterDomain, svidLifetimeSeconds } = config;
  const namespace = options.namespace ?? process.env.POD_NAMESPACE ?? systemNamespace;
  const address = options.address ?? everyAddress();
  const hosts = hostsOf(namespace, clusterDomain);
  const compileOptions = {
    ...defaultCompileOptions,
    trustDomain,
    clusterDomain,
    meshNamespaces: meshNamespacesWith(namespace),
    ...(options.bridge === undefined ? {} : { sidecars: 'foreign' as const }),
  };
  return await startController({
    connection,
    compileOptions,
    svidLifetimeSeconds,
    dataPlanes: clusterDataPlanes,
    namespace,
    instance: options.instance ?? process.env.POD_NAME ?? hostname(),
    ...(options.state === undefined ? {} : { stateDirectory: options.state }),
    listen: {
      address,
      ads: options.adsPort,
      health: options.healthPort,
      admin: options.adminPort,
      peers: options.peerPort,
      names: hosts,
    },
    log,
    latencyUnit: config.trafficMetrics.latencyUnit,
    readsWhenAsked: !config.trafficMetrics.api,
    ...(config.trafficMetrics.source.kind === 'prometheus' ? { prometheus: config.trafficMetrics.source } : {}),
    ...(options.bridge === undefined ? {} : { bridge: options.bridge }),
    pages: createDashboardPages,
    prepare: async ({ signal, view, api }) => {
      // First of all: what is not converted cannot be read.
      const webhooks = await startWebhooks(config, {
        connection,
        namespace,
        address,
        port: options.webhookPort,
        ...(options.webhookHost === undefined ? {} : { host: options.webhookHost }),
        compileOptions,
        view,
        log,
      });
      try {
        const parts = await prepareIdentity(
          {
            address,
            port: options.identityPort,
            audience: tokenAudience,
            identity: controlPlaneIdentity(trustDomain),
            hosts,
            svidLifetimeSeconds,
          },
          { config, connection, namespace, log, signal },
          webhooks,
        );
        if (!config.trafficMetrics.api) return parts;
        const port = options.metricsApiPort;
        return await withMetricsApi(parts, { connection, namespace, address, port, api, log, signal });
      } catch (error) {
        await webhooks.close();
        throw error;
      }
    },
  });
}

/** What else stands on the authority. */
async function prepareIdentity(
  options: Omit<IdentityServerOptions, 'authority' | 'connection' | 'onEvent'>,
  mesh: MeshAuthorityOptions,
  webhooks: RunningWebhooks,
): Promise<ControllerParts> {
  const { connection, log } = mesh;
  const { authority, tasks } = await startMeshAuthority(mesh);
  const identity = await startIdentityServer({
    ...options,
    authority,
    connection,
    onEvent: ({ outcome, ...about }) => {
      if (outcome === 'issued') log.debug('a certificate was issued', about);
      else log.warn('no certificate was issued', { outcome, ...about });
    },
  });
  log.info('certificates are given', { port: identity.port });
  return {
    authority,
    tasks: [webhooks.task, ...tasks],
    missing: () => (webhooks.ready ? [] : ['the certificate of the webhooks']),
    metrics: () => `${identityMetrics(identity, authority)}${webhooks.metrics()}`,
    close: async () => {
      await Promise.all([identity.close(), webhooks.close()]);
    },
  };
}

function identityMetrics(identity: IdentityServer, authority: Authority): string {
  const registry = new MetricsRegistry();
  for (const [outcome, count] of Object.entries(identity.counters()))
    registry.counter(metrics.identityRequests, { outcome }).value = count;
  registry.gauge(metrics.authorityExpiry, () => authority.notAfter / 1000);
  return renderText(registry);
}

/** The names by which proxies reach it, and its own address. */
function hostsOf(namespace: string, clusterDomain: string): readonly string[] {
  const service = `${systemNames.controller}.${namespace}.svc`;
  const own = process.env.POD_IP;
  return [service, `${service}.${clusterDomain}`, ...(own === undefined || own === '' ? [] : [own])];
}

/** Both stacks where the machine has IPv6. */
function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}
