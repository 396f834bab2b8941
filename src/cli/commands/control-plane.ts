import { Command } from 'commander';
import type { ControlPlane } from '../../control/control-plane.ts';
import type { ControlPlaneMessage } from '../../control/messages.ts';
import type { ControlPlaneEvent } from '../../control/plane.ts';
import { localAdminPort } from '../../kubernetes/local-addressing.ts';
import { exitCodes } from '../exit-codes.ts';
import { type HostPort, hostPort } from '../option-values.ts';
import { type PrometheusCommandOptions, prometheusOf, withPrometheus } from '../prometheus-options.ts';
import { stopSignal } from '../stop-signal.ts';
import { type TelemetryOptions, telemetrySettings, withTelemetry } from '../telemetry-options.ts';

interface ControlPlaneCommandOptions extends TelemetryOptions, PrometheusCommandOptions {
  readonly state: string;
  readonly ads: HostPort;
  readonly grpcSocket?: string;
}

/** The process that `up` starts: it talks to its supervisor where there is a channel, and prints JSON lines otherwise. */
export function controlPlaneCommand(): Command {
  const command = new Command('control-plane')
    .description('serve the configuration that manifests mean to proxies, over ADS')
    .argument('<path...>', 'files, folders or glob patterns with manifests')
    .requiredOption('--state <directory>', 'private directory for the key of the authority and last good configuration')
    .requiredOption('--ads <address:port>', 'where to serve ADS', hostPort)
    .option('--grpc-socket <path>', 'Unix socket, in a private folder, for gRPC clients of this machine');
  withPrometheus(command, 'ask this Prometheus for traffic in place of the proxies');
  return withTelemetry(command).action(async (paths: string[], options: ControlPlaneCommandOptions) => {
    process.exitCode = await run(paths, options);
  });
}

async function run(paths: readonly string[], options: ControlPlaneCommandOptions): Promise<number> {
  const { state, ads, grpcSocket } = options;
  const prometheus = prometheusOf(options);
  const [{ startControlPlane }, { defaultCompileOptions }, { dataPlanes }, { createDashboardPages }] =
    await Promise.all([
      import('../../control/control-plane.ts'),
      import('../../compile/index.ts'),
      import('../data-planes.ts'),
      import('../../dashboard/api/pages.ts'),
    ]);
  const supervised = process.send !== undefined;
  const tell = supervised ? sendToSupervisor : printEvent;
  let controlPlane: ControlPlane;
  try {
    controlPlane = await startControlPlane({
      paths,
      stateDirectory: state,
      adapters: dataPlanes,
      compileOptions: {
        ...defaultCompileOptions,
        settings: { ...defaultCompileOptions.settings, ...telemetrySettings(options) },
      },
      ads,
      ...(grpcSocket === undefined ? {} : { localSocket: grpcSocket }),
      awaitPods: supervised,
      traffic: { port: localAdminPort, intervalMillis: 1_000, ...(prometheus === undefined ? {} : { prometheus }) },
      pages: createDashboardPages,
      onEvent: tell,
    });
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    if (process.connected) process.disconnect();
    return exitCodes.unreachable;
  }
  if (supervised) await listenToSupervisor(controlPlane);
  tell({ type: 'ready', ads: controlPlane.ads });
  controlPlane.start();
  await untilStopped();
  await controlPlane.close();
  if (process.connected) process.disconnect();
  return exitCodes.fine;
}

async function listenToSupervisor(controlPlane: ControlPlane): Promise<void> {
  const { parseSupervisorMessage } = await import('../../control/messages.ts');
  process.on('message', (value) => {
    const parsed = parseSupervisorMessage(value);
    if (!parsed.ok) {
      process.stderr.write(`unreadable message: ${parsed.error}\n`);
      return;
    }
    const message = parsed.value;
    if (message.type === 'pods') {
      controlPlane.setPods(message.pods);
      return;
    }
    const { id, identity } = message;
    controlPlane.issue(identity).then(
      (svid) => sendToSupervisor({ type: 'issued', id, svid }),
      (error: Error) => sendToSupervisor({ type: 'refused', id, because: error.message }),
    );
  });
}

/** A supervisor that is gone hears nothing; its absence ends this process by itself. */
function sendToSupervisor(message: ControlPlaneMessage): void {
  if (process.connected) process.send?.(message, () => undefined);
}

function printEvent(message: ControlPlaneEvent | ControlPlaneMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Until a signal, or the end of the supervisor. */
function untilStopped(): Promise<void> {
  const alone = new Promise<void>((resolve) => process.once('disconnect', () => resolve()));
  return Promise.race([stopSignal(), alone]);
}
