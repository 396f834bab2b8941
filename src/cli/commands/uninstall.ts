import { Command } from 'commander';
import { systemNamespace } from '../../kubernetes/names.ts';
import { withTarget } from '../install/options.ts';
import type { UninstallOptions } from '../uninstall/run.ts';

export function uninstallCommand(): Command {
  const command = new Command('uninstall').description('remove the control plane; SMI objects stay and can be read');
  return withTarget(command)
    .option('-n, --namespace <name>', 'namespace of the control plane, where it cannot be found', systemNamespace)
    .option('--all', 'the custom resource definitions too, and with them every SMI object')
    .option('--yes', 'do not ask')
    .option('--leftovers', "only what `helm uninstall` would leave; for the chart's hook")
    .addHelpText(
      'after',
      '\nThe definitions stay with the version that is stored served, without the conversion that is gone.' +
        '\nExit status: 0 removed, 2 for wrong use or when not confirmed, 3 when the cluster does not answer.' +
        '\nExample:\n  smi-cli uninstall --yes',
    )
    .action(async (options: UninstallOptions) => {
      const { uninstall } = await import('../uninstall/run.ts');
      process.exitCode = await uninstall(options);
    });
}
