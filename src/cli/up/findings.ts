import { readFileSync } from 'node:fs';
import type { StateProblem } from '../../control/local/state.ts';
import type { LocatedDiagnostic } from '../../control/messages.ts';
import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { renderFinding } from '../../diagnostics/render-text.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { locateWritten } from '../../smi/written.ts';
import { readSources } from '../../source/read.ts';

/** A finding with the line that it is about, as that line stands now. */
export function renderLocated(found: LocatedDiagnostic, style: TextStyle): readonly string[] {
  const { location, ...rest } = found;
  // The other process has the same catalogue.
  const about: Diagnostic = { ...rest, code: rest.code as DiagnosticCode };
  const finding = { diagnostic: about, related: [], ...(location === undefined ? {} : { location }) };
  return renderFinding(finding, { lineOf, style }).split('\n');
}

function lineOf(file: string, line: number): string | undefined {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)[line - 1];
  } catch {
    return undefined;
  }
}

/** Looks up where a finding of the supervisor stands: it knows objects, not lines. */
export function locateFinding(finding: Diagnostic, folder: string): LocatedDiagnostic {
  const location =
    finding.origin === undefined ? undefined : locateWritten(readSources([folder])).locate(finding.origin);
  return { ...finding, ...(location === undefined ? {} : { location }) };
}

/** Why a local mesh cannot start in a directory. */
export function findingOf(problem: StateProblem, folder: string, directory: string): Diagnostic {
  return problem.kind === 'taken'
    ? diagnostic('SMI6103', { message: `${folder} is already up, by process ${problem.pid} (state in ${directory})` })
    : diagnostic('SMI6104', { message: problem.reason });
}
