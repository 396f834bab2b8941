import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { exitCodes } from './exit-codes.ts';
import { styleFor } from './output.ts';

/** Ends a command from within, as commander's own errors do: something that it needs cannot be reached. */
export class Unreachable extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

/** How long what still runs may hold the process, in milliseconds. */
const patience = 1_000;

/** Says what cannot be reached on standard error; returns the exit code for that. */
export async function reportUnreachable({ diagnostic }: Unreachable): Promise<number> {
  const { renderFinding } = await import('../diagnostics/render-text.ts');
  const style = styleFor(process.stderr);
  process.stderr.write(`${renderFinding({ diagnostic, related: [] }, { lineOf: () => undefined, style })}\n`);
  // A plug-in for credentials that hangs would hold this process as long as it likes.
  setTimeout(() => process.exit(), patience).unref();
  return exitCodes.unreachable;
}
