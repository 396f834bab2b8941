import { Command, Option } from 'commander';
import type { DescribeOptions } from '../describe/run.ts';
import { withTarget } from '../install/options.ts';

export function describeCommand(): Command {
  const command = new Command('describe')
    .description(
      'say what an object of a cluster does in the mesh, its conditions, findings and events, and which proxies have it',
    )
    .argument('<object>', 'KIND/NAME or KIND/NAMESPACE/NAME: an SMI object, a TrafficPolicy, a Service, a Pod');
  return withTarget(command)
    .option('-n, --namespace <name>', 'namespace of the object', 'default')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 without errors in it, 1 with errors or when a proxy refuses it, 2 when there is no such object, 3 when the cluster does not answer.' +
        '\nExample:\n  smi-cli describe trafficsplit/bookstore -n shop',
    )
    .action(async (object: string, options: DescribeOptions) => {
      const { describe } = await import('../describe/run.ts');
      process.exitCode = await describe(object, options);
    });
}
