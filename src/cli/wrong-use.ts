import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { exitCodes } from './exit-codes.ts';
import { writeDiagnostic } from './write-diagnostic.ts';

/** Says what is wrong with the command line; returns the exit code for that. */
export function wrongUse(sentence: string): number {
  process.stderr.write(`error: ${sentence}\n`);
  return exitCodes.usage;
}

/** The same where it is known by a code. */
export async function refused(diagnostic: Diagnostic): Promise<number> {
  await writeDiagnostic(diagnostic);
  return exitCodes.usage;
}
