import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { styleFor } from './output.ts';

/** Writes a finding about no manifest to standard error, with its code and the next step. */
export async function writeDiagnostic(diagnostic: Diagnostic): Promise<void> {
  const { renderFinding } = await import('../diagnostics/render-text.ts');
  const style = styleFor(process.stderr);
  process.stderr.write(`${renderFinding({ diagnostic, related: [] }, { lineOf: () => undefined, style })}\n`);
}
