import { Command, Option } from 'commander';
import type { Counts, Finding } from '../../diagnostics/located.ts';
import type { Severity } from '../../diagnostics/severity.ts';
import type { CheckedSources } from '../check-sources.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson, styleFor } from '../output.ts';

interface ValidateOptions {
  readonly output: 'text' | 'json';
  readonly failOn: Severity;
  readonly quiet?: true;
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('check SMI resources: syntax, schema, references and meaning')
    .argument('[path...]', 'files, folders, glob patterns, or - for standard input (default: the current folder)')
    .addOption(new Option('-o, --output <format>', 'format of the findings').choices(['text', 'json']).default('text'))
    .addOption(
      new Option('--fail-on <severity>', 'least severity that makes the command fail')
        .choices(['error', 'warning', 'info'])
        .default('error'),
    )
    .option('-q, --quiet', 'print only findings that make the command fail, and nothing when there is none')
    .addHelpText('after', '\nExit status: 0 valid, 1 findings at or above --fail-on, 2 wrong use.')
    .action(validate);
}

async function validate(paths: readonly string[], options: ValidateOptions): Promise<void> {
  const { checkSources } = await import('../check-sources.ts');
  const { defaultCompileOptions } = await import('../../compile/index.ts');
  const { countFindings, reaches } = await import('../../diagnostics/located.ts');
  const checked = await checkSources(paths.length === 0 ? ['.'] : paths, defaultCompileOptions);
  const counts = countFindings(checked.findings);
  const failed = reaches(counts, options.failOn);
  process.exitCode = failed ? exitCodes.findings : exitCodes.fine;
  if (options.output === 'json') await printReport(checked, counts, failed);
  else await printText(checked, counts, failed, options);
}

async function printReport(
  { findings, objects, foreign }: CheckedSources,
  counts: Counts,
  failed: boolean,
): Promise<void> {
  const { reportFindings } = await import('../../diagnostics/render-json.ts');
  printJson(reportFindings(findings, failed ? 'fail' : 'pass', { ...counts, objects, foreign }));
}

async function printText(
  checked: CheckedSources,
  counts: Counts,
  failed: boolean,
  { quiet, failOn }: ValidateOptions,
): Promise<void> {
  if (quiet && !failed) return;
  const { renderFinding } = await import('../../diagnostics/render-text.ts');
  const style = styleFor(process.stdout);
  const shown = quiet ? checked.findings.filter((finding) => decides(finding, failOn)) : checked.findings;
  const { lineOf } = checked.sources;
  const verdict = failed ? style.red(style.bold('invalid')) : style.green(style.bold('valid'));
  print(
    `${verdict}: ${describeCounts(counts)} in ${describeObjects(checked)}`,
    ...shown.map((finding) => `\n${renderFinding(finding, { lineOf, style })}`),
  );
}

function decides({ diagnostic }: Finding, failOn: Severity): boolean {
  const order: readonly Severity[] = ['error', 'warning', 'info'];
  return order.indexOf(diagnostic.severity) <= order.indexOf(failOn);
}

function describeCounts({ errors, warnings, infos }: Counts): string {
  const parts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(infos > 0 ? [plural(infos, 'remark')] : []),
  ];
  return parts.length === 0 ? 'nothing to report' : parts.join(', ');
}

function describeObjects({ objects, foreign }: CheckedSources): string {
  return `${plural(objects, 'object')}${foreign === 0 ? '' : ` (${foreign} not SMI's concern)`}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
