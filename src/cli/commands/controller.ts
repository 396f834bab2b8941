import { Command, Option } from 'commander';
import { controllerPorts } from '../../kubernetes/names.ts';
import type { ControllerCommandOptions } from '../controller/run.ts';
import { duration, integer, keyAndValue } from '../option-values.ts';
import { wrongUse } from '../wrong-use.ts';

/** What runs in a cluster as the Deployment `smi-mesh-controller`. */
export function controllerCommand(): Command {
  const port = integer(0, 65_535);
  return new Command('controller')
    .description('run a replica of the controller of a cluster: it serves proxies, certificates and webhooks')
    .option('--config <file>', 'settings, YAML or JSON; all defaults without it')
    .option('--state <directory>', 'private directory for what is to survive a restart')
    .option('--kubeconfig <file>', 'outside a cluster: how to reach one')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <name>', 'where it runs; $POD_NAMESPACE unless given')
    .option('--instance <name>', 'name of this replica; $POD_NAME unless given')
    .option('--address <address>', 'address to listen on; all unless given')
    .option('--ads-port <port>', 'ADS, by mutual TLS', port, controllerPorts.ads)
    .option('--identity-port <port>', 'certificates for workloads', port, controllerPorts.identity)
    .option('--webhook-port <port>', 'conversion, validation and injection', port, controllerPorts.webhooks)
    .option('--webhook-host <host>', 'outside a cluster: host by which the apiserver reaches the webhooks')
    .option('--peer-port <port>', 'questions of other replicas, by mutual TLS', port, controllerPorts.peers)
    .option(
      '--metrics-api-port <port>',
      'the API metrics.smi-spec.io, where the settings say so',
      port,
      controllerPorts.metricsApi,
    )
    .option('--health-port <port>', '/healthz, /readyz and /metrics', port, controllerPorts.health)
    .option('--admin-port <port>', 'questions and profiles, on the loopback interface', port, controllerPorts.admin)
    .option('--adapter <name>', 'keep what the objects mean in the API of another mesh, which carries the traffic')
    .option('--option <key=value>', "with --adapter: one of the adapter's options; may be repeated", keyAndValue, {})
    .option('--apply', 'with --adapter: write into the cluster')
    .option('--dry-run', 'with --adapter: write nothing, only say in the log what would be written')
    .option('--adopt', 'with --adapter: take over objects of the same names that somebody else made')
    .addOption(
      new Option('--drain <time>', 'go on serving for so long when it is asked to end: others still have its address')
        .argParser(duration(0, '5s'))
        .default(0, 'not at all'),
    )
    .addHelpText(
      'after',
      '\nA port of 0 takes a free one; the log, lines of JSON, says which.' +
        '\nExit status: 0 when it was asked to stop, 1 for settings with an error, 3 when it cannot start.',
    )
    .action(async (options: ControllerCommandOptions & { readonly apply?: boolean }) => {
      const isChosen = options.adapter !== undefined;
      const isSaid = (options.apply === true) !== (options.dryRun === true);
      if (isChosen ? !isSaid : options.apply === true || options.dryRun === true || options.adopt === true) {
        process.exitCode = wrongUse('--adapter needs either --apply or --dry-run, and they need --adapter');
        return;
      }
      const { runController } = await import('../controller/run.ts');
      process.exitCode = await runController(options);
    });
}
