import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { exitCodes } from './exit-codes.ts';
import { writeDiagnostic } from './write-diagnostic.ts';

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
  await writeDiagnostic(diagnostic);
  // A plug-in for credentials that hangs would hold this process as long as it likes.
  setTimeout(() => process.exit(), patience).unref();
  return exitCodes.unreachable;
}
