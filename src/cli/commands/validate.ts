import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { ValidateOptions } from '../validate/options.ts';

export function validateCommand(): Command {
  return new Command('validate')
    .description('check SMI resources: syntax, schema, references, meaning, and what is probably not meant')
    .argument('[path...]', 'files, folders, glob patterns, or - for standard input (default: the current folder)')
    .addOption(
      new Option('-o, --output <format>', 'format of the findings')
        .choices(['text', 'json', 'sarif', 'junit', 'github'])
        .default('text'),
    )
    .addOption(
      new Option('--fail-on <severity>', 'least severity that makes the command fail')
        .choices(['error', 'warning', 'info'])
        .default('error'),
    )
    .option(
      '--ignore <codes>',
      'codes of findings to leave out, with commas between them; may be repeated',
      collect,
      [],
    )
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .option('-q, --quiet', 'print only findings that make the command fail, and nothing when there is none')
    .option('-w, --watch', 'check again whenever a file changes')
    .addHelpText(
      'after',
      '\nExit status: 0 valid, 1 findings at or above --fail-on, 2 wrong use, 3 the cluster cannot be reached.',
    )
    .action(async (paths: readonly string[], options: ValidateOptions) => {
      const { validate } = await import('../validate/run.ts');
      process.exitCode = await validate(paths, options);
    });
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}
