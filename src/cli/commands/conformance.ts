import { Command, InvalidArgumentError, Option } from 'commander';
import { systemNamespace } from '../../kubernetes/names.ts';
import type { ListOptions } from '../conformance/list.ts';
import type { ReportOptions } from '../conformance/report.ts';
import type { RunCommandOptions } from '../conformance/run.ts';
import { targetNames } from '../conformance/target-names.ts';

const reportFormats = ['text', 'json', 'yaml', 'junit', 'markdown', 'html', 'badge'] as const;

export function conformanceCommand(): Command {
  return new Command('conformance')
    .description('judge a mesh by the SMI conformance suite')
    .addCommand(runCommand())
    .addCommand(reportCommand())
    .addCommand(listCommand());
}

function runCommand(): Command {
  return withFilters(new Command('run'))
    .description('run the cases against a mesh; the local ones are started for it')
    .addOption(
      new Option(
        '--target <name>',
        'simulated: what the resources mean; local: our proxy; local-envoy: Envoy; cluster, program: what --mesh describes',
      )
        .choices(targetNames)
        .default('local'),
    )
    .option('--envoy <file>', 'the Envoy of local-envoy (default: $ENVOY_BIN, or one on the PATH)')
    .option(
      '--mesh <file>',
      'of cluster and program: the file that describes the mesh (default for cluster: smi-mesh with our proxy)',
    )
    .option('--image <name>', 'of cluster: the image of the test application', 'smi-mesh-conformance')
    .option('--context <name>', 'of cluster: this context of the kubeconfig instead of the current one')
    .option('--kubeconfig <file>', 'of cluster: this kubeconfig instead of the usual ones')
    .option('--controller-namespace <name>', 'of cluster: where the controller of smi-mesh is', systemNamespace)
    .addOption(outputOption())
    .option(
      '--report <file>',
      'write the report to this file too: .json, .yaml, .xml (JUnit), .md, .html or .svg (badge); may be repeated',
      addFile,
      [],
    )
    .addHelpText(
      'after',
      '\nExit status: 0 when every case passed or was skipped for a stated reason, 1 when one failed, 2 for wrong use, 3 when the' +
        '\nmesh cannot be started or reached, 130 when it was stopped before the last case and none had failed.\nExample:\n  smi-cli conformance run --target local --api TrafficSplit --report report.yaml',
    )
    .action(async (options: RunCommandOptions) => {
      const { runSuite } = await import('../conformance/run.ts');
      process.exitCode = await runSuite(options);
    });
}

function reportCommand(): Command {
  return new Command('report')
    .description('show reports of earlier runs: one in any format, several side by side as HTML')
    .argument('<file...>', 'reports in JSON or YAML')
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  smi-cli conformance report conformance/reports/*.yaml -o html > matrix.html')
    .action(async (files: readonly string[], options: ReportOptions) => {
      const { showReports } = await import('../conformance/report.ts');
      process.exitCode = await showReports(files, options);
    });
}

function listCommand(): Command {
  return withFilters(new Command('list'))
    .description('list the cases with the clauses that they show')
    .addOption(new Option('-o, --output <format>', 'format').choices(['text', 'json']).default('text'))
    .action(async (options: ListOptions) => {
      const { listCases } = await import('../conformance/list.ts');
      process.exitCode = await listCases(options);
    });
}

function withFilters(command: Command): Command {
  return command
    .option('--api <kind>', 'only cases about this kind; may be repeated', addFile, [])
    .addOption(new Option('--level <level>', 'only cases of this level').choices(['core', 'extended']))
    .option('--clause <name>', 'only cases that show this clause of docs/semantics.md; may be repeated', addFile, [])
    .option('--case <pattern>', 'only cases whose name matches this regular expression', expression)
    .option('--suite <folder>', 'a suite other than the one that comes with the program');
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'format').choices(reportFormats).default('text');
}

function addFile(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('Write a regular expression.');
  }
}
