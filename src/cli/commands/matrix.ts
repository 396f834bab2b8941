import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { MatrixOptions } from '../matrix/run.ts';

export function matrixCommand(): Command {
  return new Command('matrix')
    .description('say who may call whom: every service account and service, what is let in, and by which rule')
    .argument('[path...]', 'files, folders, globs, or - for standard input (default: the current folder)')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .addOption(
      new Option('-o, --output <format>', 'format').choices(['text', 'csv', 'json', 'svg', 'html']).default('text'),
    )
    .addHelpText(
      'after',
      '\nExit status: 0, or 1 when a manifest has an error.\nExample:\n  smi-cli matrix manifests/ -o html > access.html',
    )
    .action(async (paths: readonly string[], options: MatrixOptions) => {
      const { matrix } = await import('../matrix/run.ts');
      process.exitCode = await matrix(paths, options);
    });
}
