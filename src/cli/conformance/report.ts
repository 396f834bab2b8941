import { readFileSync } from 'node:fs';
import { readReport } from '../../conformance/report/read.ts';
import { renderHtml } from '../../conformance/report/render-html.ts';
import type { ConformanceReport } from '../../conformance/report/types.ts';
import { exitCodes } from '../exit-codes.ts';
import { wrongUse } from '../wrong-use.ts';
import { type ReportFormat, render } from './formats.ts';

export interface ReportOptions {
  readonly output: ReportFormat;
}

/** Shows reports; the exit status says whether one of them is a failure. */
export async function showReports(files: readonly string[], { output }: ReportOptions): Promise<number> {
  const reports: ConformanceReport[] = [];
  for (const file of files) {
    const read = readReport(textOf(file));
    if (!read.ok) return wrongUse(`${file} is not a conformance report: ${read.error}`);
    reports.push(read.value);
  }
  const single = output === 'text' || output === 'markdown' || output === 'html' ? undefined : reports.length;
  if (single !== undefined && single > 1)
    return wrongUse(`${output} holds one report; html shows several side by side`);
  process.stdout.write(
    output === 'html' ? renderHtml(reports) : reports.map((each) => render(each, output)).join('\n'),
  );
  return reports.some(({ result }) => result === 'failure') ? exitCodes.findings : exitCodes.fine;
}

/** A file that cannot be read has no text, which is no report either. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
