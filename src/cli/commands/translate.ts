import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import { keyAndValue } from '../option-values.ts';
import type { TranslateOptions } from '../translate/run.ts';

export function translateCommand(): Command {
  return new Command('translate')
    .description("write what manifests mean as another mesh's objects, or as a program's configuration")
    .argument('[path...]', 'files, folders, globs, or - for standard input (default: the current folder)')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .requiredOption('--to <adapter>', 'the target')
    .option('--option <key=value>', "an option of the target's adapter; may be repeated", keyAndValue, {})
    .addOption(new Option('-o, --output <format>', 'format of documents').choices(['yaml', 'json']).default('yaml'))
    .option('--out <folder>', 'write each document to a file of its own there')
    .option('--strict', 'fail where the target does not get everything exactly')
    .addOption(
      new Option('--report [format]', 'print what became of every field of the manifests')
        .choices(['text', 'json', 'html'])
        .preset('text'),
    )
    .option('--prove', 'ask the documents about 10,000 requests, and print how many they treat as the mesh does')
    .addHelpText(
      'after',
      '\nExit status: 0 translated, 1 an error in the manifests, refused, not proven, or with --strict a loss, 2 wrong use.' +
        '\nExamples:\n  smi-cli translate manifests/ --to istio | kubectl apply -f -\n  smi-cli translate manifests/ --to gateway-api --option channel=experimental --out translated/\n  smi-cli translate manifests/ --to istio --prove',
    )
    .action(async (paths: readonly string[], options: TranslateOptions) => {
      const { translateManifests } = await import('../translate/run.ts');
      process.exitCode = await translateManifests(paths, options);
    });
}
