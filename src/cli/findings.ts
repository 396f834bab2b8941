import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type Finding, toFindings } from '../diagnostics/located.ts';
import { renderFinding } from '../diagnostics/render-text.ts';
import type { SourceSet } from '../source/types.ts';
import type { CheckedSources } from './check-sources.ts';
import { styleFor } from './output.ts';

/** Shows errors and warnings on standard error, beside a result that stands all the same; tells whether any is an error. */
export function reportFindings({ findings, sources }: Pick<CheckedSources, 'findings' | 'sources'>): boolean {
  const grave = findings.filter(({ diagnostic }) => diagnostic.severity !== 'info');
  const style = styleFor(process.stderr);
  for (const finding of grave) {
    process.stderr.write(`${renderFinding(finding, { lineOf: sources.lineOf, style })}\n\n`);
  }
  return grave.some(isError);
}

/** The same for findings that came after the check. */
export function reportDiagnostics(diagnostics: readonly Diagnostic[], sources: SourceSet): boolean {
  return reportFindings({ findings: toFindings(diagnostics, sources.locate), sources });
}

function isError({ diagnostic }: Finding): boolean {
  return diagnostic.severity === 'error';
}
