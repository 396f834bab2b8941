import { countsOf } from './render-text.ts';
import type { ConformanceReport } from './types.ts';

/** A page for a repository or the comment of a pull request. */
export function renderMarkdown(report: ConformanceReport): string {
  const { implementation, mode, date, cases, statistics, gaps } = report;
  const passed = cases.filter(({ result }) => result === 'passed').length;
  const others = cases.filter(({ result }) => result !== 'passed');
  return [
    `# SMI conformance: ${cell(implementation.project)} ${cell(implementation.version)}`,
    '',
    `${report.result}: ${passed} of ${cases.length} cases passed, mode \`${mode}\`, ${date}.`,
    '',
    '| API | capability | core | extended |',
    '|---|---|---|---|',
    ...report.apis.map(({ name, capability, core, extended }) => {
      return `| ${name} | ${capability} | ${countsOf(core)} | ${countsOf(extended)} |`;
    }),
    ...(others.length === 0 ? [] : ['', '| case | result | why |', '|---|---|---|']),
    ...others.map(({ name, result, reasons }) => `| \`${name}\` | ${result} | ${cell(reasons.join('; '))} |`),
    '',
    `Shares: ${statistics.test}; ${statistics.shareTests} questions at ${statistics.falseAlarmPerTest} each, so that a mesh`,
    `without fault fails with probability ${statistics.falseAlarm} at most; ${statistics.requests} requests.`,
    ...(gaps.length === 0 ? [] : ['', 'Not in the suite:']),
    ...gaps.map(({ feature, reason }) => `- ${cell(feature)}: ${cell(reason)}`),
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll(/[\\|<>`*_]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ');
}
