import { startAdmin, startMetrics } from './admin/server.ts';
import { AdsClient, type AdsOptions } from './ads/client.ts';
import type { BootstrapSecret, ProxyBootstrap } from './bootstrap.ts';
import { resourceFromJson } from './config/decode.ts';
import { type Resource, ResourceSet, typeUrlOf } from './config/resources.ts';
import { StateFile } from './config/state-file.ts';
import { loadDestinationReader } from './interception/original-destination.ts';
import { limits } from './limits.ts';
import { Runtime } from './runtime.ts';
import { tlsMaterial } from './tls/material.ts';

export {
  type ProxyBootstrap,
  parseBootstrap,
  readSecretFiles,
  type StaticResource,
} from './bootstrap.ts';

export interface ProxyHooks {
  /** One line for each event; standard error by default. */
  readonly log?: (line: string) => void;
}

/** A proxy in this process. Several can run side by side. */
export interface RunningProxy {
  readonly adminAddress: { readonly address: string; readonly port: number };
  /** Settles once a configuration is applied and its listeners are bound. */
  readonly ready: Promise<void>;
  /** Counts applied configurations; 0 before the first. */
  readonly configVersion: number;
  /**
   * Takes a certificate that was obtained beside the control plane, which counts until the control plane sends another; the
   * reason why it cannot be used, and then changes nothing.
   */
  offerSecret(secret: BootstrapSecret): string | undefined;
  /** Stops accepting, finishes what is in flight within the limit, then stops. */
  drain(): Promise<void>;
  /** Closes everything at once. */
  stop(): Promise<void>;
}

/** Starts a proxy; rejects when an address of its own cannot be bound, or the secret or a static resource is unusable. */
export async function startProxy(bootstrap: ProxyBootstrap, hooks: ProxyHooks = {}): Promise<RunningProxy> {
  const log =
    hooks.log ?? ((line: string) => process.stderr.write(`${new Date().toISOString()} ${bootstrap.node} ${line}\n`));
  const statics = staticResources(bootstrap);
  const material = bootstrap.secret === undefined ? undefined : tlsMaterial(bootstrap.secret);
  if (material?.ok === false) throw new Error(`bootstrap secret: ${material.error}`);
  const reader = bootstrap.interception === undefined ? undefined : await loadDestinationReader();
  if (reader?.ok === false) throw new Error(reader.error);
  const runtime = new Runtime(bootstrap, log, reader?.value);
  const shown = {
    counted: { registry: runtime.registry, workload: bootstrap.node, startedAt: Date.now() },
    ejections: () => runtime.ejections(),
  };
  const admin = await startAdmin(bootstrap.admin.address, bootstrap.admin.port, {
    ready: () => runtime.isReady,
    config: () => ({ node: bootstrap.node, version: runtime.version, resources: visible(runtime.resources) }),
    taps: runtime.taps,
    ...shown,
  });
  if (!admin.ok) {
    runtime.stop();
    throw new Error(admin.error);
  }
  const metrics = bootstrap.metrics && (await startMetrics(bootstrap.metrics, shown));
  if (metrics?.ok === false) {
    runtime.stop();
    admin.value.close();
    throw new Error(metrics.error);
  }
  if (material?.ok === true) runtime.useMaterial(material.value);
  const state = bootstrap.stateFile === undefined ? undefined : new StateFile(bootstrap.stateFile, log);
  const initial = state?.read() ?? statics;
  if (initial.all().length > 0) void runtime.apply(initial);
  const changed = (resources: ResourceSet) => {
    void runtime.apply(resources);
    state?.write(resources);
  };
  const ads = connectAds(bootstrap, runtime, { initial, log, registry: runtime.registry, changed });
  const stop = async () => {
    ads?.stop();
    runtime.stop();
    admin.value.close();
    metrics?.value.close();
    await state?.settled();
  };
  return {
    adminAddress: { address: admin.value.address, port: admin.value.port },
    ready: runtime.ready,
    get configVersion() {
      return runtime.version;
    },
    offerSecret: (secret) => runtime.offerSecret(secret),
    drain: async () => {
      await runtime.drain(bootstrap.drainMillis ?? limits.drainMillis);
      await runtime.flush();
      await stop();
    },
    stop,
  };
}

function connectAds(
  { node, ads: server, secret: first }: ProxyBootstrap,
  runtime: Runtime,
  options: Omit<AdsOptions, 'node' | 'server' | 'secret'>,
): AdsClient | undefined {
  if (server === undefined || first === undefined) return undefined;
  return new AdsClient({ node, server, secret: () => runtime.secret ?? first, ...options });
}

function staticResources(bootstrap: ProxyBootstrap): ResourceSet {
  const resources: Resource[] = [];
  for (const [index, json] of (bootstrap.resources ?? []).entries()) {
    const decoded = resourceFromJson(json);
    if (!decoded.ok) throw new Error(`bootstrap resources[${index}]: ${decoded.error}`);
    resources.push(decoded.value);
  }
  return new ResourceSet().with(resources);
}

/** Everything but the private key. */
function visible(resources: ResourceSet): readonly unknown[] {
  return resources.all().map(({ kind, version, message }) => {
    const shown = { typeUrl: typeUrlOf(kind), version, ...message };
    return 'privateKey' in shown ? { ...shown, privateKey: undefined } : shown;
  });
}
