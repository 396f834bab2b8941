import { Command, InvalidArgumentError } from 'commander';
import { systemNamespace } from '../../kubernetes/names.ts';
import { withTarget } from '../install/options.ts';
import type { SupportOptions } from '../support/run.ts';

export function supportCommand(): Command {
  const command = new Command('support').description(
    'collect what helps to understand a mesh from afar, without secrets: objects, checks, logs, metrics',
  );
  return withTarget(command)
    .option('-n, --namespace <name>', 'namespace of the control plane, where it cannot be found', systemNamespace)
    .option('--out <path>', 'a file that ends in .tar.gz, or a folder; neither may exist')
    .option('--sidecars <number>', 'logs of so many sidecars', count, 20)
    .addHelpText(
      'after',
      '\nExit status: 0 written, 2 for wrong use, 3 when the cluster does not answer.' +
        '\nExample:\n  smi-cli support --out bundle.tar.gz',
    )
    .action(async (options: SupportOptions) => {
      const { support } = await import('../support/run.ts');
      process.exitCode = await support(options);
    });
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('Write a number.');
  return Number(text);
}
