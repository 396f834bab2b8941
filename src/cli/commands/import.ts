import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { ImportOptions } from '../import/run.ts';

export function importCommand(): Command {
  return new Command('import')
    .description('write what routes of another API mean as SMI manifests, or as the mesh model')
    .argument('[path...]', 'files, folders, globs, or - for standard input (default: the current folder)')
    .addOption(new Option('--from <api>', 'the API of the routes').choices(['gateway-api']).makeOptionMandatory())
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .addOption(
      new Option('-o, --output <format>', 'manifests as yaml or json, or the model')
        .choices(['yaml', 'json', 'model'])
        .default('yaml'),
    )
    .addHelpText(
      'after',
      '\nOther commands read the routes as they are; this is for those who move to SMI.' +
        '\nExit status: 0 written, 1 errors in the manifests, or a Service whose routes SMI cannot say (nothing is written for it).' +
        '\nExamples:\n  smi-cli import --from gateway-api manifests/ > smi.yaml\n  smi-cli import --from gateway-api routes.yaml services.yaml -o model',
    )
    .action(async (paths: readonly string[], options: ImportOptions) => {
      const { importRoutes } = await import('../import/run.ts');
      process.exitCode = await importRoutes(paths, options);
    });
}
