import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { DiffOptions } from '../diff/run.ts';

export function diffCommand(): Command {
  return new Command('diff')
    .description('say what traffic changes between two versions of manifests, each with a request that shows it')
    .argument(
      '<old>',
      'a file, folder or glob, - for standard input, or REV:PATH of git; with --context: what to apply',
    )
    .argument('[new]', 'the same; left out with --context, where the cluster as it is is the old side')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'markdown']).default('text'))
    .addOption(
      new Option('--only <what>', 'show only changes that let in what was not let in before').choices(['widened']),
    )
    .addHelpText(
      'after',
      '\nExit status: 0 no change, 1 changes (with --only: such changes), 2 wrong use, 3 git could not be run or the cluster not be reached.' +
        '\nExamples:\n  smi-cli diff old/ new/\n  smi-cli diff main:deploy deploy -o markdown\n  smi-cli diff deploy --context production',
    )
    .action(async (before: string, after: string | undefined, options: DiffOptions) => {
      const { diff } = await import('../diff/run.ts');
      process.exitCode = await diff(before, after, options);
    });
}
