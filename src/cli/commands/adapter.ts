import { Command, Option } from 'commander';
import type { NewOptions } from '../adapter/new.ts';
import type { AdapterTestOptions } from '../adapter/test.ts';
import { keyAndValue } from '../option-values.ts';

export function adapterCommand(): Command {
  return new Command('adapter')
    .description('for authors of adapters: hold one against the contract, or begin one')
    .addCommand(testCommand())
    .addCommand(newCommand());
}

function testCommand(): Command {
  return new Command('test')
    .description(
      'run the contract suite: same bytes twice, places for everything, an honest support table, nothing widened',
    )
    .argument('<adapter>', 'exec:PROGRAM, the path of a module, a package, or the name of an adapter of this program')
    .option(
      '--manifests <path>',
      'a mesh of your own in place of those that come with the program; may be repeated',
      addText,
      [],
    )
    .option('--option <key=value>', 'an option of the adapter; may be repeated', keyAndValue, {})
    .option('--goldens <folder>', 'compare what comes out with the files of this folder')
    .option('--update', 'with --goldens: write the files')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json', 'junit']).default('text'))
    .addHelpText(
      'after',
      '\nExit status: 0 when the contract is kept, 1 when not, 2 for wrong use, 3 when the adapter cannot be run.' +
        '\nExamples:\n  smi-cli adapter test ./my-adapter.mjs --goldens goldens\n  smi-cli adapter test exec:./haproxy.py -o junit > report.xml',
    )
    .action(async (name: string, options: AdapterTestOptions) => {
      const { testAdapter } = await import('../adapter/test.ts');
      process.exitCode = await testAdapter(name, options);
    });
}

function newCommand(): Command {
  return new Command('new')
    .description('write the skeleton of an adapter, which keeps the contract, into a folder of its name')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .addOption(new Option('--language <language>', 'language').choices(['typescript', 'python']).default('typescript'))
    .addHelpText(
      'after',
      '\nExample:\n  smi-cli adapter new caddy --language python && smi-cli adapter test exec:./caddy/caddy.py',
    )
    .action(async (name: string, options: NewOptions) => {
      const { newAdapter } = await import('../adapter/new.ts');
      process.exitCode = newAdapter(name, options);
    });
}

function addText(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}
