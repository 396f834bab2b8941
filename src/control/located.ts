import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { toFindings } from '../diagnostics/located.ts';
import type { Locate } from '../diagnostics/origin.ts';
import type { LocatedDiagnostic } from './messages.ts';

/** Findings with their places as of one load, each once. */
export function located(diagnostics: readonly Diagnostic[], locate: Locate): readonly LocatedDiagnostic[] {
  return toFindings(diagnostics, locate).map(({ diagnostic: found, location, related }) => {
    const { code, severity, message, hint, origin } = found;
    return {
      code,
      severity,
      message,
      hint,
      ...(origin === undefined ? {} : { origin }),
      ...(location === undefined ? {} : { location }),
      ...(related.length === 0 ? {} : { related }),
    };
  });
}
