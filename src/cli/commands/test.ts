import { Command, InvalidArgumentError, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { TestOptions } from '../test/run.ts';

export function testCommand(): Command {
  return new Command('test')
    .description('check expectations about requests (TrafficExpectations) against what the manifests mean')
    .argument('[path...]', 'files, folders, globs, or - for standard input; expectations among them are found')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .option('--requests <file>', 'a further file with expectations; may be repeated', addFile, [])
    .option('--min-coverage <percent>', 'fail when expectations exercise fewer of the rules', percentOf, 0)
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'junit']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 when every expectation holds, 1 when not or when too few rules are exercised, 2 for wrong use.' +
        '\nExample:\n  smi-cli test examples/bookstore --min-coverage 90',
    )
    .action(async (paths: readonly string[], options: TestOptions) => {
      const { runTest } = await import('../test/run.ts');
      process.exitCode = await runTest(paths, options);
    });
}

function addFile(file: string, files: readonly string[]): readonly string[] {
  return [...files, file];
}

function percentOf(text: string): number {
  const percent = Number(text);
  if (text.trim() === '' || !(percent >= 0 && percent <= 100))
    throw new InvalidArgumentError('Write a number from 0 to 100.');
  return percent;
}
