import { Command } from 'commander';
import { withControlPlane } from '../control-plane/options.ts';
import { dashboardPort } from '../dashboard/port.ts';
import type { DashboardCommandOptions } from '../dashboard/run.ts';
import { integer } from '../option-values.ts';

export function dashboardCommand(): Command {
  const command = new Command('dashboard').description(
    'serve a page on this machine that shows a running mesh: who calls whom, how well, by which policy',
  );
  return withControlPlane(command)
    .option('--port <port>', 'where to listen on 127.0.0.1; 0 takes a free one', integer(0, 65_535), dashboardPort)
    .option('--allow-edit', 'let whoever has the printed address move the weights of splits')
    .addHelpText(
      'after',
      '\nWeights are written into the manifests of the folder, whose comments stay, or patched in the cluster as the user of the' +
        '\nkubeconfig. `smi-cli up` serves the same page.' +
        '\nExit status: 0 after a signal, 2 when the port is taken, 3 when the control plane does not answer.' +
        '\nExample:\n  smi-cli dashboard --folder examples/bookstore',
    )
    .action(async (options: DashboardCommandOptions) => {
      const { runDashboard } = await import('../dashboard/run.ts');
      process.exitCode = await runDashboard(options);
    });
}
