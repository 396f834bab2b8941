import { hostname, networkInterfaces } from 'node:os';
import { defaultCompileOptions } from '../../compile/index.ts';
import type { ControllerConfig } from '../../config/controller/types.ts';
import { type Controller, startController } from '../../control/cluster/controller.ts';
import { createLog, type Log } from '../../control/cluster/log.ts';
import { controlPlaneIdentity } from '../../control/plane.ts';
import { type IdentityServer, startIdentityServer } from '../../identity/server.ts';
import { systemNames, systemNamespace, tokenAudience } from '../../kubernetes/names.ts';
import { connect, type StreamingConnection } from '../../kubernetes-client/connect.ts';
import { clusterDataPlanes } from '../data-planes.ts';
import { exitCodes } from '../exit-codes.ts';
import { stopSignal } from '../stop-signal.ts';
import { authorityTasks, startMeshAuthority } from './authority.ts';
import { readSettings } from './settings.ts';

export interface ControllerCommandOptions {
  readonly config?: string;
  readonly state?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly instance?: string;
  readonly address?: string;
  readonly adsPort: number;
  readonly identityPort: number;
  readonly healthPort: number;
  readonly adminPort: number;
}

/** Runs a replica until a signal; returns the exit code. */
export async function runController(options: ControllerCommandOptions): Promise<number> {
  const stopped = stopSignal();
  const write = (line: string) => process.stdout.write(line);
  const settings = readSettings(options.config);
  if (!settings.ok) {
    const log = createLog('info', write);
    for (const { message, code, hint, origin } of settings.error)
      log.error(message, { code, field: origin?.path, hint });
    return exitCodes.findings;
  }
  const log = createLog(settings.value.log.level, write);
  const { kubeconfig, context } = options;
  const connected = await connect({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  if (!connected.ok) {
    log.error(connected.error.diagnostic.message);
    return exitCodes.unreachable;
  }
  let replica: Replica;
  try {
    replica = await startReplica(options, settings.value, connected.value, log);
  } catch (error) {
    return cannotRun(log, error);
  }
  try {
    const failed = replica.controller.serving.then(() => new Promise<never>(() => undefined));
    await Promise.race([stopped, failed]);
    log.info('stopping');
    return exitCodes.fine;
  } catch (error) {
    return cannotRun(log, error);
  } finally {
    await replica.stop();
    log.info('stopped');
  }
}

function cannotRun(log: Log, error: unknown): number {
  log.error('the controller cannot run', { because: error instanceof Error ? error.message : String(error) });
  return exitCodes.unreachable;
}

interface Replica {
  readonly controller: Controller;
  stop(): Promise<void>;
}

async function startReplica(
  options: ControllerCommandOptions,
  config: ControllerConfig,
  connection: StreamingConnection,
  log: Log,
): Promise<Replica> {
  const { trustDomain, clusterDomain, svidLifetimeSeconds } = config;
  const namespace = options.namespace ?? process.env.POD_NAMESPACE ?? systemNamespace;
  const address = options.address ?? everyAddress();
  const hosts = hostsOf(namespace, clusterDomain);
  const state = options.state === undefined ? {} : { stateDirectory: options.state };
  const ended = new AbortController();
  const mesh = startMeshAuthority({ config, connection, namespace, log, signal: ended.signal });
  let identity: IdentityServer | undefined;
  const serving = mesh.then(async ({ authority }) => {
    identity = await startIdentityServer({
      address,
      port: options.identityPort,
      authority,
      connection,
      audience: tokenAudience,
      identity: controlPlaneIdentity(trustDomain),
      hosts,
      svidLifetimeSeconds,
      onEvent: ({ outcome, ...about }) => {
        if (outcome === 'issued') log.debug('a certificate was issued', about);
        else log.warn('no certificate was issued', { outcome, ...about });
      },
    });
    log.info('certificates are given', { port: identity.port });
    return authority;
  });
  serving.catch(() => undefined);
  const controller = await startController({
    connection,
    compileOptions: { ...defaultCompileOptions, trustDomain, clusterDomain },
    svidLifetimeSeconds,
    authority: serving,
    dataPlanes: clusterDataPlanes,
    namespace,
    instance: options.instance ?? process.env.POD_NAME ?? hostname(),
    ...state,
    listen: { address, ads: options.adsPort, health: options.healthPort, admin: options.adminPort, names: hosts },
    tasks: [authorityTasks(mesh)],
    alsoMissing: () => (identity === undefined ? ['the authority'] : []),
    alsoMetrics: () => (identity === undefined ? '' : identityMetrics(identity)),
    log,
  });
  log.info('listening', { ...controller.ports });
  return {
    controller,
    stop: async () => {
      ended.abort();
      await controller.stop();
      await identity?.close();
    },
  };
}

function identityMetrics(identity: IdentityServer): string {
  const lines = Object.entries(identity.counters()).map(
    ([outcome, count]) => `smi_identity_requests_total{outcome="${outcome}"} ${count}`,
  );
  const name = 'smi_identity_requests_total';
  return [`# HELP ${name} Requests for certificates.`, `# TYPE ${name} counter`, ...lines, ''].join('\n');
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
