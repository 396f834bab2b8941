import { Command } from 'commander';
import type { CniInstallOptions } from '../cni/install.ts';

export function cniCommand(): Command {
  return new Command('cni')
    .description(
      'CNI plug-in that redirects the connections of injected pods, so that they need no privileged container',
    )
    .addHelpText('after', '\nRun by the container runtime of a node, after another plug-in (CNI specification 1.0.0).')
    .action(async () => {
      const { runPlugin } = await import('../cni/plugin.ts');
      process.exitCode = await runPlugin();
    });
}

export function cniInstallCommand(): Command {
  return new Command('cni-install')
    .description('put the CNI plug-in on this node and keep it in the configuration there until SIGTERM')
    .option('--bin-dir <folder>', 'of the plug-ins of the node, at the same path here', '/opt/cni/bin')
    .option('--conf-dir <folder>', 'of the configuration of the node, at the same path here', '/etc/cni/net.d')
    .option('--root <folder>', 'root file system of the image', '/')
    .action(async (options: CniInstallOptions) => {
      const { runInstaller } = await import('../cni/install.ts');
      process.exitCode = await runInstaller(options);
    });
}
