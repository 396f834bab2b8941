import { Command } from 'commander';

export function sidecarCommand(): Command {
  return new Command('sidecar')
    .description('run the sidecar proxy of a pod until SIGTERM, which drains it; its settings are in the environment')
    .addHelpText(
      'after',
      '\nRun by the container that the injection adds to pods; `smi-cli proxy` is for other places.',
    )
    .action(async () => {
      const { runSidecar } = await import('../sidecar/proxy.ts');
      process.exitCode = await runSidecar();
    });
}
