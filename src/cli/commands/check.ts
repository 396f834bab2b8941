import { Command, Option } from 'commander';
import { systemNamespace } from '../../kubernetes/names.ts';
import type { CheckOptions } from '../check/run.ts';
import { withTarget } from '../install/options.ts';

export function checkCommand(): Command {
  const command = new Command('check').description(
    'say whether a cluster can take smi-mesh, or whether the mesh in it is as it should be',
  );
  return withTarget(command)
    .option('-n, --namespace <name>', 'namespace that is meant for the control plane', systemNamespace)
    .option('--before', 'check what an installation needs, also where there is one')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 without errors, 1 with errors, 2 for wrong use, 3 when the cluster does not answer.' +
        '\nExample:\n  smi-cli check --context production',
    )
    .action(async (options: CheckOptions) => {
      const { check } = await import('../check/run.ts');
      process.exitCode = await check(options);
    });
}
