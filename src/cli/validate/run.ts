import { type Counts, countFindings, reaches } from '../../diagnostics/located.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { plainStyle } from '../../lib/text-style.ts';
import { createSourceReader } from '../../source/read.ts';
import { pathsMeant } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { wrongUse } from '../wrong-use.ts';
import { type Validation, validatePaths } from './check.ts';
import { decides, ignoredCodes, type ValidateOptions } from './options.ts';
import { validationText, verdictLine } from './text.ts';

/** Checks paths and shows what was found; returns the exit code. With `--watch`, goes on until it is told to end. */
export async function validate(paths: readonly string[], options: ValidateOptions): Promise<number> {
  const ignore = ignoredCodes(options.ignore);
  if (!ignore.ok) return wrongUse(ignore.error);
  const reader = createSourceReader();
  const check = async () => {
    const startedAt = new Date();
    return report(await validatePaths(paths, ignore.value, reader, options), startedAt, options);
  };
  if (!options.watch) return check();
  if (options.output !== 'text') return wrongUse('--watch shows text; it does not go with --output');
  if (options.context !== undefined) return wrongUse('--watch looks at files; it does not go with --context');
  if (paths.includes('-')) return wrongUse('standard input cannot be watched');
  const { watchAndRepeat } = await import('./watch.ts');
  return watchAndRepeat(pathsMeant(paths, options), check);
}

async function report(validation: Validation, startedAt: Date, options: ValidateOptions): Promise<number> {
  const counts = countFindings(validation.findings);
  const failed = reaches(counts, options.failOn);
  process.stdout.write(await rendered(validation, counts, failed, startedAt, options));
  return failed ? exitCodes.findings : exitCodes.fine;
}

async function rendered(
  validation: Validation,
  counts: Counts,
  failed: boolean,
  startedAt: Date,
  options: ValidateOptions,
): Promise<string> {
  const { findings, suppressed, ignored, objects, foreign, sources } = validation;
  switch (options.output) {
    case 'text':
      return validationText(validation, counts, failed, options);
    case 'json': {
      const { reportFindings } = await import('../../diagnostics/render-json.ts');
      const all = { ...counts, objects, foreign, suppressed: suppressed.length, ignored };
      return json(reportFindings(findings, failed ? 'fail' : 'pass', all));
    }
    case 'sarif': {
      const { sarifLog } = await import('../../diagnostics/render-sarif.ts');
      return json(sarifLog(findings, { version: packageVersion(), failed, suppressed }));
    }
    case 'junit': {
      const { junitReport } = await import('../../diagnostics/render-junit.ts');
      return junitReport(findings, {
        files: sources.files.map(({ file }) => file),
        fails: (finding) => decides(finding, options.failOn),
        startedAt,
        seconds: (Date.now() - startedAt.getTime()) / 1000,
      });
    }
    case 'github': {
      const { githubAnnotation } = await import('../../diagnostics/render-github.ts');
      const verdict = verdictLine(validation, counts, failed, plainStyle);
      return `${[...findings.map(githubAnnotation), verdict].join('\n')}\n`;
    }
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
