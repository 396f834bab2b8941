import { Command, Option } from 'commander';
import type { ConvertOptions } from '../convert/run.ts';

export function convertCommand(): Command {
  return new Command('convert')
    .description('write SMI resources in another version; what it cannot say is kept in annotations')
    .argument('<path...>', 'files, folders, globs, or - for standard input')
    .requiredOption(
      '--to <version>',
      'latest, a version such as v1alpha2, or versions by group: split=v1alpha2,access=v1alpha3',
    )
    .option('--in-place', 'change the files themselves; comments and the order of keys are kept')
    .addOption(
      new Option('-o, --output <format>', 'format of what is printed').choices(['yaml', 'json']).default('yaml'),
    )
    .option('--strict', 'fail where only an annotation can say what the version has no words for')
    .addHelpText(
      'after',
      '\nExit status: 0 converted, 1 errors in the manifests (nothing of such a file is written), 2 wrong use, 3 a file could not be written.' +
        '\nExamples:\n  smi-cli convert manifests/ --to latest --in-place\n  smi-cli convert split.yaml --to v1alpha2 | kubectl apply -f -',
    )
    .action(async (paths: readonly string[], options: ConvertOptions) => {
      const { convertFiles } = await import('../convert/run.ts');
      process.exitCode = await convertFiles(paths, options);
    });
}
