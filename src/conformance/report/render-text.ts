import type { ConformanceReport, LevelReport } from './types.ts';

/** For people: the verdict, a line for each API, and every case that did not pass with its reasons. */
export function renderText(report: ConformanceReport): readonly string[] {
  const { cases, apis, implementation, mode } = report;
  const passed = cases.filter(({ result }) => result === 'passed').length;
  const others = cases.filter(({ result }) => result !== 'passed');
  return [
    `${report.result}: ${passed} of ${cases.length} cases passed (${implementation.project} ${implementation.version}, ${mode})`,
    ...apis.map(({ name, capability, core, extended }) => {
      return `  ${name.padEnd(14)} ${capability.padEnd(4)}  core ${countsOf(core)}, extended ${countsOf(extended)}`;
    }),
    ...others.flatMap(({ name, title, result, reasons }) => [
      '',
      `${result}: ${name}: ${title}`,
      ...reasons.map((reason) => `  ${reason}`),
    ]),
    ...report.gaps.map(({ feature, reason }) => `not in the suite: ${feature} (${reason})`),
  ];
}

/** `12/12`, and what was skipped. */
export function countsOf({ passed, failed, skipped }: LevelReport): string {
  return `${passed}/${passed + failed + skipped}${skipped === 0 ? '' : ` (${skipped} skipped)`}`;
}
