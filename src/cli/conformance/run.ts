import { writeFileSync } from 'node:fs';
import { lackOf } from '../../conformance/lacks.ts';
import { loadGaps } from '../../conformance/load.ts';
import { buildReport } from '../../conformance/report/build.ts';
import { type CaseResult, runConformance } from '../../conformance/run.ts';
import { exitCodes } from '../exit-codes.ts';
import { wrongUse } from '../wrong-use.ts';
import { type FilterOptions, selectCases } from './filters.ts';
import { formatOf, type ReportFormat, render } from './formats.ts';
import { type TargetOptions, targetOf } from './targets.ts';

export interface RunCommandOptions extends FilterOptions, TargetOptions {
  readonly output: ReportFormat;
  readonly report: readonly string[];
}

/** Runs the cases that were asked for; the report goes to standard output, progress to standard error. */
export async function runSuite(options: RunCommandOptions): Promise<number> {
  const strange = options.report.find((file) => formatOf(file) === undefined);
  if (strange !== undefined) return wrongUse(`${strange}: no format is known by this name`);
  const cases = selectCases(options);
  if (typeof cases === 'number') return cases;
  const target = await targetOf(options);
  if (typeof target === 'number') return target;
  const byLack = Map.groupBy(cases, (testCase) => lackOf(target, testCase));
  const able = byLack.get(undefined) ?? [];
  const gaps = [...loadGaps(options.suite)];
  for (const [feature, { length }] of byLack) {
    const reason = `needed by ${length} case${length === 1 ? '' : 's'}, for --target cluster`;
    if (feature !== undefined) gaps.push({ feature, reason });
  }
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const progress = progressOf(able.length);
  const results = await runConformance({ cases: able, target, onResult: progress, signal: stopped.signal });
  process.removeListener('SIGINT', stop);
  process.removeListener('SIGTERM', stop);
  const report = buildReport(results, target, { date: new Date(), gaps });
  for (const file of options.report) writeFileSync(file, render(report, formatOf(file) ?? 'yaml'));
  process.stdout.write(render(report, options.output));
  if (results.every(({ reasons: [reason = ''] }) => reason.startsWith('the mesh did not start')))
    return exitCodes.unreachable;
  if (report.result === 'failure') return exitCodes.findings;
  if (!stopped.signal.aborted) return exitCodes.fine;
  process.stderr.write('stopped: the cases that were left are skipped\n');
  return exitCodes.stopped;
}

function progressOf(total: number): (result: CaseResult) => void {
  let done = 0;
  const live = process.stderr.isTTY === true;
  return ({ testCase, result }) => {
    done += 1;
    if (live) process.stderr.write(`\r\u001b[K${done}/${total} ${testCase.name}${done === total ? '\r\u001b[K' : ''}`);
    else if (result === 'failed') process.stderr.write(`failed: ${testCase.name}\n`);
  };
}
