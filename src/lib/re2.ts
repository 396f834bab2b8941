import type { Result } from './result.ts';

/** A compiled RE2 expression: linear time in the length of the text. */
export interface Re2 {
  /** Whether the whole text matches. */
  matchesWhole(text: string): boolean;
}

/** Compiles RE2 syntax, refusing programs over the documented limit; the error is a sentence for people. */
export declare function compileRe2(pattern: string): Result<Re2, string>;
