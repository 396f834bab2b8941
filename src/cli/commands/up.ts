import { statSync } from 'node:fs';
import { Command, Option } from 'commander';
import { type DataPlaneKind, dataPlaneKinds } from '../../kubernetes/names.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration, integer } from '../option-values.ts';
import { styleFor } from '../output.ts';
import { type PrometheusCommandOptions, prometheusArguments, withPrometheus } from '../prometheus-options.ts';
import { type TelemetryOptions, telemetryArguments, withTelemetry } from '../telemetry-options.ts';

interface UpOptions extends TelemetryOptions, PrometheusCommandOptions {
  readonly quiet?: true;
  readonly output: 'text' | 'json';
  readonly duration?: number;
  readonly state?: string;
  readonly dataPlane: DataPlaneKind;
  readonly envoy?: string;
  readonly dashboard: boolean;
  readonly dashboardPort?: number;
  readonly allowEdit?: true;
}

export function upCommand(): Command {
  const command = new Command('up')
    .description(
      'run the Deployments of a folder here, each pod with its sidecar, under the SMI resources of the folder',
    )
    .argument('<folder>', 'folder with ordinary Kubernetes manifests; programs run in it')
    .option('-q, --quiet', 'leave out what programs print')
    .addOption(
      new Option('-o, --output <format>', 'text, or one JSON event a line').choices(['text', 'json']).default('text'),
    )
    .option('--duration <time>', 'stop after this time, such as 60s or 1m30s', duration(1, '60s or 1m30s'))
    .option('--state <directory>', 'private directory for keys and last good configuration')
    .addOption(
      new Option('--data-plane <kind>', 'what carries the traffic of pods that do not say it themselves')
        .choices(dataPlaneKinds)
        .default('proxy'),
    )
    .option('--envoy <file>', 'the Envoy to run (default: $ENVOY_BIN, or one on the PATH)')
    .option('--no-dashboard', 'serve no page that shows the mesh')
    .option(
      '--dashboard-port <port>',
      'where the page is, on 127.0.0.1; 0 takes a free one (default: the first free one from 15080)',
      integer(0, 65_535),
    )
    .option('--allow-edit', 'let whoever has the printed address of the page move the weights of splits');
  withPrometheus(command, 'ask this Prometheus, which reads the sidecars, for traffic; see docs/monitoring.md');
  return withTelemetry(command)
    .addHelpText('after', notes)
    .action(async (folder: string, options: UpOptions) => {
      process.exitCode = await up(folder, options);
    });
}

const notes = `
Manifests are read again when they change; what is wrong in them is printed, and what was good before stays in force.
Programs run as you, without a container: they are not isolated from each other or from your files.
The annotation smi-mesh.io/data-plane of a pod template, "proxy" or "envoy", chooses for its pods alone.`;

async function up(folder: string, options: UpOptions): Promise<number> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    process.stderr.write(`error: ${folder} is not a folder\n`);
    return exitCodes.usage;
  }
  const [localState, run, { createJsonView }, { createTextView }, findings, { envoyRuntime, findEnvoy }] =
    await Promise.all([
      import('../../control/local/state.ts'),
      import('../up/run.ts'),
      import('../up/view.ts'),
      import('../up/text-view.ts'),
      import('../up/findings.ts'),
      import('../envoy-runtime.ts'),
    ]);
  const { acquireState, defaultStateDirectory } = localState;
  const envoy = findEnvoy(options.envoy);
  if (envoy === undefined && (options.dataPlane === 'envoy' || options.envoy !== undefined)) {
    const lines = findings.renderLocated(findings.noEnvoy(options.envoy), styleFor(process.stderr));
    process.stderr.write(`${lines.join('\n')}\n`);
    return exitCodes.unreachable;
  }
  const directory = options.state ?? defaultStateDirectory(folder);
  const state = await acquireState(directory);
  if (!state.ok) {
    const lines = findings.renderLocated(findings.findingOf(state.error, folder, directory), styleFor(process.stderr));
    process.stderr.write(`${lines.join('\n')}\n`);
    return exitCodes.unreachable;
  }
  const style = styleFor(process.stdout);
  const quiet = options.quiet === true;
  const json = options.output === 'json';
  const view = json
    ? createJsonView(quiet)
    : createTextView({ style, quiet, renderDiagnostic: (found) => findings.renderLocated(found, style) });
  const { errors } = await run.runUp({
    folder,
    state: state.value,
    view,
    live: !json && process.stdout.isTTY === true,
    dataPlane: options.dataPlane,
    controlPlaneArguments: [...telemetryArguments(options), ...prometheusArguments(options)],
    ...(envoy === undefined ? {} : { envoy: envoyRuntime(envoy) }),
    ...(options.dashboard ? { dashboard: dashboardOptions(options) } : {}),
    ...(options.duration === undefined ? {} : { durationMillis: options.duration }),
  });
  return errors ? exitCodes.findings : exitCodes.fine;
}

function dashboardOptions({ dashboardPort, allowEdit }: UpOptions) {
  return { allowEdit: allowEdit === true, ...(dashboardPort === undefined ? {} : { port: dashboardPort }) };
}
