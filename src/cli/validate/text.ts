import type { Counts } from '../../diagnostics/located.ts';
import { renderFinding } from '../../diagnostics/render-text.ts';
import { styleFor } from '../output.ts';
import type { Validation } from './check.ts';
import { decides, type ValidateOptions } from './options.ts';

/** Nobody reads more than this many findings. */
const shownLimit = 1_000;

/** The verdict, then each finding with its frame; nothing where `quiet` has nothing to say. */
export function validationText(
  validation: Validation,
  counts: Counts,
  failed: boolean,
  { quiet, failOn }: ValidateOptions,
): string {
  if (quiet && !failed) return '';
  const style = styleFor(process.stdout);
  const shown = quiet ? validation.findings.filter((finding) => decides(finding, failOn)) : validation.findings;
  const { lineOf } = validation.sources;
  return [
    verdictLine(validation, counts, failed, style),
    ...shown.slice(0, shownLimit).map((finding) => `\n${renderFinding(finding, { lineOf, style })}`),
    ...(shown.length > shownLimit ? [`\n${shown.length - shownLimit} more; --output json has them all`] : []),
    '',
  ].join('\n');
}

/** `valid: 1 warning in 3 objects`. */
export function verdictLine(
  validation: Validation,
  counts: Counts,
  failed: boolean,
  style: ReturnType<typeof styleFor>,
): string {
  const verdict = failed ? style.red(style.bold('invalid')) : style.green(style.bold('valid'));
  return `${verdict}: ${describeCounts(counts)} in ${describeObjects(validation)}${describeOmitted(validation)}`;
}

function describeCounts({ errors, warnings, infos }: Counts): string {
  const parts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(infos > 0 ? [plural(infos, 'remark')] : []),
  ];
  return parts.length === 0 ? 'nothing to report' : parts.join(', ');
}

function describeObjects({ objects, foreign }: Validation): string {
  return `${plural(objects, 'object')}${foreign === 0 ? '' : ` (${foreign} not SMI's concern)`}`;
}

function describeOmitted({ suppressed, ignored }: Validation): string {
  const omitted = suppressed.length + ignored;
  return omitted === 0 ? '' : `, ${plural(omitted, 'finding')} left out`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
