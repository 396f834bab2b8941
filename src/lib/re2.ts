import { RE2JS } from 're2js';
import { err, ok, type Result } from './result.ts';

/** A compiled RE2 expression: linear time in the length of the text. */
export interface Re2 {
  /** Whether the whole text matches. */
  matchesWhole(text: string): boolean;
}

/**
 * The largest program that we accept, in instructions of the C++ RE2 as `programCost` estimates them from above. The
 * estimate is what we can compute without that library: an ASCII range is one instruction there, and a range beyond ASCII
 * becomes a small automaton over UTF-8 bytes.
 */
export const programLimit = 5_000;

/**
 * What an Envoy bootstrap is told as `re2.max_program_size.error_level` (its default is 100). Well above `programLimit`,
 * so that an expression that we accepted is never refused there for a flaw of our estimate, and far below the 87,000
 * instructions at which RE2's own memory budget (8 MiB, two thirds of it for the forward program) ends.
 */
export const envoyProgramLimit = 20_000;

/** No expression of this many UTF-16 code units is worth parsing. */
const patternLimit = 10_000;

/**
 * Compiles RE2 syntax (https://github.com/google/re2/wiki/Syntax), refusing programs over `programLimit`; the error is a
 * sentence for people.
 */
export function compileRe2(pattern: string): Result<Re2, string> {
  if (pattern.length > patternLimit) return err(`the expression is longer than ${patternLimit} characters`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    return err(reason(error));
  }
  const cost = programCost(compiled);
  if (cost > programLimit) {
    return err(`the expression compiles to about ${cost} instructions, more than the limit of ${programLimit}`);
  }
  const literal = literalShape(pattern);
  if (literal !== undefined) {
    const { text, open } = literal;
    return ok({ matchesWhole: open ? (candidate) => candidate.startsWith(text) : (candidate) => candidate === text });
  }
  return ok({ matchesWhole: (text) => compiled.testExact(text) });
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: /, '');
}

interface Instruction {
  readonly runes?: readonly number[];
}

/** Instructions that the C++ RE2 needs for the program, estimated from above. */
function programCost(compiled: RE2JS): number {
  const instructions = compiled.re2().prog.inst as readonly Instruction[];
  let cost = 0;
  for (const { runes } of instructions) cost += 1 + rangesCost(runes ?? []);
  return cost;
}

function rangesCost(runes: readonly number[]): number {
  const first = runes[0];
  if (first === undefined) return 0;
  // One rune: itself, or with case folding up to three others.
  if (runes.length === 1) return first < 0x80 ? 0 : 8;
  let cost = 0;
  for (let index = 0; index + 1 < runes.length; index += 2) cost += rangeCost(runes[index] ?? 0, runes[index + 1] ?? 0);
  return cost;
}

function rangeCost(low: number, high: number): number {
  if (high < 0x80) return 1;
  return high - low < 64 ? 4 : 12;
}

const literalExpression =
  /^(?:\(\?:((?:[\w/~%!@#&=:;,'"<> -]|\\[./?+*()[\]{}|^$-])*)\)|((?:[\w/~%!@#&=:;,'"<> -]|\\[./?+*()[\]{}|^$-])*))(\(\?s:\.\*\))?$/;

/** The text of an expression that is only a literal, and whether anything may follow it. */
function literalShape(pattern: string): { readonly text: string; readonly open: boolean } | undefined {
  const parts = literalExpression.exec(pattern);
  if (parts === null) return undefined;
  const source = parts[1] ?? parts[2] ?? '';
  return { text: source.replace(/\\(.)/g, '$1'), open: parts[3] !== undefined };
}
