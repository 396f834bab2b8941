import { Command, Option } from 'commander';
import { withSettings, withTarget } from '../install/options.ts';
import type { InstallOptions, UpgradeOptions } from '../install/run.ts';

export function installCommand(): Command {
  const command = new Command('install').description(
    'install the control plane into a cluster, and wait until it is ready',
  );
  return withSettings(withTarget(command))
    .option('--print', 'print the objects as YAML in place of applying them')
    .addOption(new Option('-o, --output <format>', 'print the objects in this format').choices(['yaml', 'json']))
    .addHelpText(
      'after',
      '\nWhat it applies is what the Helm chart renders from the same values.' +
        '\nExit status: 0 ready, 1 when the cluster is not fit for it or it is not ready in time, 2 for wrong use, 3 when the' +
        '\ncluster does not answer.' +
        '\nExamples:\n  smi-cli install\n  smi-cli install --data-plane envoy --replicas 3 --values mesh.yaml\n  smi-cli install --print > smi-mesh.yaml',
    )
    .action(async (options: InstallOptions) => {
      const { install } = await import('../install/run.ts');
      process.exitCode = await install(options);
    });
}

export function upgradeCommand(): Command {
  const command = new Command('upgrade').description(
    'bring an installation to this version, with its settings and those given here',
  );
  return withSettings(withTarget(command))
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--reset-values', "begin with the chart's own settings instead of those of the installation")
    .addHelpText(
      'after',
      '\nIt prints what changes, object by object, before it does it. A version that could not read what the cluster stores is' +
        '\nrefused.' +
        '\nExit status: as for install.\nExample:\n  smi-cli upgrade --replicas 3 --dry-run',
    )
    .action(async (options: UpgradeOptions) => {
      const { upgrade } = await import('../install/run.ts');
      process.exitCode = await upgrade(options);
    });
}
