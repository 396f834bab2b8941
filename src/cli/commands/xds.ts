import { Command, Option } from 'commander';
import { duration, type HostPort, hostPort } from '../option-values.ts';
import { wrongUse } from '../wrong-use.ts';

interface XdsOptions {
  readonly address: HostPort;
  readonly advertise?: HostPort;
  readonly state: string;
  readonly printBootstrap?: string;
  readonly out?: string;
  readonly directory?: string;
  readonly variant: 'delta' | 'sotw';
  readonly client: 'envoy' | 'grpc';
  readonly grpcSocket?: string;
  readonly lifetime: number;
  readonly output: 'text' | 'json';
}

export function xdsCommand(): Command {
  return new Command('xds')
    .description('serve the configuration that manifests mean to Envoys and proxies on machines of their own')
    .argument('<path...>', 'files, folders or glob patterns with manifests; they are watched')
    .requiredOption('--address <address:port>', 'where to serve ADS', hostPort)
    .requiredOption('--state <directory>', 'private directory for the key of the authority and last good configuration')
    .option('--advertise <host:port>', 'where machines reach it (default: the address)', hostPort)
    .option('--print-bootstrap <workload>', 'instead of serving: print the bootstrap of the Envoy of this pod')
    .option('--grpc-socket <path>', 'Unix socket, in a private folder, for gRPC clients of this machine')
    .addOption(
      new Option('--client <kind>', 'with --print-bootstrap: whose bootstrap it is')
        .choices(['envoy', 'grpc'])
        .default('envoy'),
    )
    .option('--out <directory>', 'with --print-bootstrap: write it and its credential files there')
    .option('--directory <path>', 'with --print-bootstrap: where these files will be on the machine (default: --out)')
    .option(
      '--lifetime <time>',
      'with --print-bootstrap: how long the credential is good',
      duration(60_000, '720h'),
      30 * 86_400_000,
    )
    .addOption(
      new Option('--variant <variant>', 'with --print-bootstrap: the ADS protocol')
        .choices(['delta', 'sotw'])
        .default('delta'),
    )
    .addOption(
      new Option('-o, --output <format>', 'text, or one JSON event a line').choices(['text', 'json']).default('text'),
    )
    .addHelpText('after', notes)
    .action(async (paths: string[], options: XdsOptions) => {
      process.exitCode = await run(paths, options);
    });
}

const notes = `
Examples:
  smi-cli xds manifests/ --address 10.0.0.5:15010 --state /var/lib/smi-mesh
  smi-cli xds manifests/ --address 10.0.0.5:15010 --state /var/lib/smi-mesh \\
    --print-bootstrap default/bookstore-0 --out bookstore-0 --directory /etc/smi-mesh`;

async function run(paths: readonly string[], options: XdsOptions): Promise<number> {
  const { printBootstrap, out, address, advertise, state } = options;
  if (printBootstrap === undefined) {
    if (out !== undefined || options.directory !== undefined)
      return wrongUse('--out and --directory need --print-bootstrap');
    const { serveXds } = await import('../xds/serve.ts');
    const names = options.advertise === undefined ? [] : [options.advertise.address];
    const local = options.grpcSocket === undefined ? {} : { grpcSocket: options.grpcSocket };
    return serveXds(paths, { ads: { ...address, names }, state, ...local, json: options.output === 'json' });
  }
  const reached = advertise ?? address;
  if (/^(?:0\.0\.0\.0|::)$/.test(reached.address)) {
    return wrongUse('machines cannot reach every address: say by --advertise how they reach this one');
  }
  if (out === undefined) return wrongUse('--print-bootstrap needs --out, a directory for the credential files');
  const { issueBootstrap } = await import('../xds/bootstrap.ts');
  const { directory = out, variant, client, grpcSocket } = options;
  const local = grpcSocket === undefined ? {} : { grpcSocket };
  const lifetimeSeconds = options.lifetime / 1000;
  return issueBootstrap(paths, printBootstrap, {
    out,
    directory,
    variant,
    client,
    ...local,
    lifetimeSeconds,
    state,
    ...reached,
  });
}
