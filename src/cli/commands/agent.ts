import { Command } from 'commander';

export function agentCommand(): Command {
  return new Command('agent')
    .description('give the Envoy of a pod its bootstrap and its certificate, and renew that until SIGTERM')
    .option('--once', 'end as soon as the files are there')
    .addHelpText(
      'after',
      '\nRun by the container that the injection adds to pods; its settings are in the environment.',
    )
    .action(async ({ once = false }: { readonly once?: boolean }) => {
      const { runAgent } = await import('../sidecar/agent.ts');
      process.exitCode = await runAgent({ once });
    });
}
