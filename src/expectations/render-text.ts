import type { Locate, Origin } from '../diagnostics/origin.ts';
import { printable } from '../lib/printable.ts';
import { plainStyle, type TextStyle } from '../lib/text-style.ts';
import type { CoverageItem, ExpectationResult, ExpectationsReport } from './types.ts';

export interface ReportTextOptions {
  readonly locate: Locate;
  readonly style?: TextStyle;
  /** Whether more of the policies had to be covered. */
  readonly tooLittleCovered: boolean;
}

/** Lines for people: the verdict, each expectation that does not hold, and what no expectation makes use of. */
export function reportText({ results, coverage }: ExpectationsReport, options: ReportTextOptions): readonly string[] {
  const { locate, tooLittleCovered, style = plainStyle } = options;
  const failed = results.filter(({ problems }) => problems.length > 0);
  const passes = failed.length === 0 && !tooLittleCovered;
  const verdict = passes ? style.green(style.bold('passed')) : style.red(style.bold('failed'));
  const held = `${results.length - failed.length} of ${results.length} expectations hold`;
  const used = `${coverage.total - coverage.missed.length} of ${coverage.total} rules are exercised`;
  return [
    `${verdict}: ${held}, ${used} (${percentText(coverage.percent)} %)${tooLittleCovered ? ', which is too few' : ''}`,
    ...failed.flatMap((result) => ['', ...failure(result, locate, style)]),
    ...(coverage.missed.length === 0 ? [] : ['', 'not exercised:']),
    ...coverage.missed.map((item) => `  ${missedText(item, locate, style)}`),
  ];
}

/** One digit after the point, rounded down: 100 only when nothing is missed. */
export function percentText(percent: number): string {
  return String(Math.floor(percent * 10) / 10);
}

function failure({ expectation, problems }: ExpectationResult, locate: Locate, style: TextStyle): readonly string[] {
  return [
    `${style.red('failed')}  ${style.blue(placeText(expectation.origin, locate))}${printable(expectation.name)}`,
    ...problems.map((problem) => `        ${printable(problem)}`),
  ];
}

function missedText({ kind, name, origins: [first] }: CoverageItem, locate: Locate, style: TextStyle): string {
  return `${style.blue(first === undefined ? '' : placeText(first, locate))}${kind}: ${printable(name)}`;
}

export function placeText(origin: Origin, locate: Locate): string {
  const found = locate(origin);
  return found === undefined ? '' : `${found.file}:${found.line}:${found.column}  `;
}
