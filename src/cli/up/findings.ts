import { readFileSync } from 'node:fs';
import type { StateProblem } from '../../control/local/state.ts';
import { located } from '../../control/located.ts';
import type { LocatedDiagnostic } from '../../control/messages.ts';
import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Locate } from '../../diagnostics/origin.ts';
import { renderFinding } from '../../diagnostics/render-text.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { locateWritten } from '../../smi/written.ts';
import { readSources } from '../../source/read.ts';

/** A finding with the line that it is about, as that line stands now. */
export function renderLocated(found: LocatedDiagnostic, style: TextStyle): readonly string[] {
  const { location, related = [], ...rest } = found;
  // The other process has the same catalogue.
  const about: Diagnostic = { ...rest, code: rest.code as DiagnosticCode };
  const finding = { diagnostic: about, related, ...(location === undefined ? {} : { location }) };
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
  const locate = finding.origin === undefined ? nowhere : locateWritten(readSources([folder])).locate;
  return located([finding], locate)[0]!;
}

const nowhere: Locate = () => undefined;

/** Why a local mesh cannot start in a directory. */
export function findingOf(problem: StateProblem, folder: string, directory: string): LocatedDiagnostic {
  const found =
    problem.kind === 'taken'
      ? diagnostic('SMI6103', { message: `${folder} is already up, by process ${problem.pid} (state in ${directory})` })
      : diagnostic('SMI6104', { message: problem.reason });
  return located([found], nowhere)[0]!;
}

/** Why a mesh of Envoys cannot start. */
export function noEnvoy(named: string | undefined): LocatedDiagnostic {
  const message = named === undefined ? 'there is no Envoy to run' : `${named} is no program that can be run`;
  return located([diagnostic('SMI6105', { message })], nowhere)[0]!;
}
