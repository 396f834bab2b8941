import { exitCodes } from './exit-codes.ts';

/** Says what is wrong with the command line; returns the exit code for that. */
export function wrongUse(sentence: string): number {
  process.stderr.write(`error: ${sentence}\n`);
  return exitCodes.usage;
}
