import { Command, Option } from 'commander';
import { contextOption, kubeconfigOption } from '../cluster-input.ts';
import type { CompileOptions } from '../compile/run.ts';

export function compileCommand(): Command {
  return new Command('compile')
    .description('print the mesh model of manifests, or the whole configuration of one proxy')
    .argument('[path...]', 'files, folders, globs, or - for standard input (default: the current folder)')
    .addOption(contextOption())
    .addOption(kubeconfigOption())
    .addOption(new Option('-o, --output <format>', 'format').choices(['yaml', 'json']).default('yaml'))
    .option('--to <adapter>', 'instead of the model: a configuration from which this data plane starts')
    .option('--workload <id>', 'with --to: the pod, Deployment or ServiceAccount whose proxy it is')
    .option('--cert <file>', 'with --to: certificate chain, PEM, where the proxy runs', './certs/certificate-chain.pem')
    .option('--key <file>', 'with --to: private key, PEM, where the proxy runs', './certs/private-key.pem')
    .option('--ca <file>', 'with --to: trust bundle, PEM, where the proxy runs', './certs/trust-bundle.pem')
    .addHelpText(
      'after',
      '\nExamples:\n  smi-cli compile manifests/\n  smi-cli compile manifests/ --to envoy --workload default/bookstore-0 -o json > envoy.json',
    )
    .action(async (paths: readonly string[], options: CompileOptions) => {
      const { compile } = await import('../compile/run.ts');
      process.exitCode = await compile(paths, options);
    });
}
