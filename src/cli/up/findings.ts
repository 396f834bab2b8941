import type { StateProblem } from '../../control/local/state.ts';
import type { LocatedDiagnostic } from '../../control/messages.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { plainStyle } from '../../lib/text-style.ts';

/** A finding as text. */
export function renderFinding(found: LocatedDiagnostic, style: TextStyle): readonly string[] {
  const { location } = found;
  const place = location === undefined ? '' : `${location.file}:${location.line}:${location.column}: `;
  return [`${place}${style.red(found.severity)}[${found.code}]: ${found.message}`, `  ${found.hint}`];
}

/** Why a local mesh cannot start in a directory. */
export function describeProblem(problem: StateProblem, folder: string, directory: string): string {
  const found =
    problem.kind === 'taken'
      ? diagnostic('SMI6103', { message: `${folder} is already up, by process ${problem.pid} (state in ${directory})` })
      : diagnostic('SMI6104', { message: problem.reason });
  return renderFinding(found, plainStyle).join('\n');
}
