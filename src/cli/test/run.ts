import { defaultCompileOptions } from '../../compile/index.ts';
import type { Locate } from '../../diagnostics/origin.ts';
import { junitReport } from '../../expectations/render-junit.ts';
import { reportText } from '../../expectations/render-text.ts';
import { runExpectations } from '../../expectations/run.ts';
import type { ExpectationsReport } from '../../expectations/types.ts';
import { withPlaces } from '../../explain/json.ts';
import { checkSources } from '../check-sources.ts';
import { type ClusterChoice, pathsMeant } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportFindings } from '../findings.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';

export interface TestOptions extends ClusterChoice {
  readonly requests: readonly string[];
  readonly output: 'text' | 'json' | 'junit';
  /** In percent. */
  readonly minCoverage: number;
}

/** Checks the expectations that are among the manifests and in further files; returns the exit code. */
export async function runTest(paths: readonly string[], options: TestOptions): Promise<number> {
  const startedAt = new Date();
  const files = [...pathsMeant(paths, options), ...options.requests];
  const checked = await checkSources(files, defaultCompileOptions, options);
  const faulty = reportFindings(checked);
  const { model, sources, expectations } = checked;
  if (expectations.length === 0) {
    // Those that are there have been refused.
    if (sources.documents.some(({ kind }) => kind === 'TrafficExpectations')) return exitCodes.findings;
    return wrongUse('no TrafficExpectations are among the files; name a file of them with --requests');
  }
  const report = runExpectations(model, expectations);
  const tooLittleCovered = report.coverage.percent < options.minCoverage;
  const failed = faulty || tooLittleCovered || report.results.some(({ problems }) => problems.length > 0);
  const { locate } = sources;
  if (options.output === 'json') printJson(reportJson(report, failed, locate));
  else if (options.output === 'junit') {
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    process.stdout.write(junitReport(report, { locate, tooLittleCovered, startedAt, seconds }));
  } else print(...reportText(report, { locate, tooLittleCovered, style: styleFor(process.stdout) }));
  return failed ? exitCodes.findings : exitCodes.fine;
}

function reportJson({ results, coverage }: ExpectationsReport, failed: boolean, locate: Locate): unknown {
  const listed = results.map(({ expectation, problems }) => {
    return { passed: problems.length === 0, problems, ...expectation };
  });
  return withPlaces({ verdict: failed ? 'fail' : 'pass', results: listed, coverage }, locate);
}
