import { RE2JS } from 're2js';
import { comparisonFor, type Program, type Shape, shapesOf } from './re2-shapes.ts';
import { err, ok, type Result } from './result.ts';

/** A compiled RE2 expression: linear time in the length of the text. */
export interface Re2 {
  /** Whether the whole text matches; each of its UTF-16 code units is one octet, as `octets` makes them. */
  matchesWhole(text: string): boolean;
  /** Where the expression stands for a few literals, each alone or followed by anything: those; undefined for every other one. */
  shapes(): readonly Shape[] | undefined;
}

/**
 * The octets of a text in UTF-8, each as one UTF-16 code unit. Expressions look at octets, not at characters, as Envoy's
 * do, because a header may carry octets that are no UTF-8: a literal `é` matches `é`, but `.` only half of it.
 */
export function octets(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

const beyondAscii = /[^\0-\x7f]/;

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
 * sentence for people. Expressions used lately are kept, because decoding, compiling and deciding ask for the same ones.
 */
export function compileRe2(pattern: string): Result<Re2, string> {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const { result, size } = compileAnew(pattern);
  keptSize += pattern.length + size;
  if (keptSize > keptLimit) {
    kept.clear();
    keptSize = pattern.length + size;
  }
  kept.set(pattern, result);
  return result;
}

const kept = new Map<string, Result<Re2, string>>();
let keptSize = 0;

/** Of the expressions that are kept: characters and instructions, a few hundred bytes each. */
const keptLimit = 100_000;

function compileAnew(pattern: string): { readonly result: Result<Re2, string>; readonly size: number } {
  const refused = (why: string) => ({ result: err(why), size: 1 });
  if (pattern.length > patternLimit) return refused(`the expression is longer than ${patternLimit} characters`);
  if (!pattern.isWellFormed()) return refused('the expression contains half of a surrogate pair');
  const beyondOctets = escapeBeyondOctets.exec(pattern)?.[1];
  if (beyondOctets !== undefined) return refused(`${beyondOctets} is no octet, and expressions look at octets`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(octets(pattern));
  } catch (error) {
    return refused(reason(error));
  }
  const program: Program = compiled.re2().prog;
  const cost = programCost(program);
  if (cost > programLimit) {
    return refused(`the expression compiles to about ${cost} instructions, more than the limit of ${programLimit}`);
  }
  const matchesWhole = comparisonFor(program) ?? ((text: string) => compiled.testExact(text));
  return { result: ok({ matchesWhole, shapes: () => shapesOf(program) }), size: program.inst.length };
}

/** A character escape above 255 after an even number of backslashes. */
const escapeBeyondOctets = /(?<!\\)(?:\\\\)*(\\(?:x\{0*[1-9a-f][0-9a-f]{2,}\}|[4-7][0-7]{2}))/i;

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return Buffer.from(text.replace(/^error parsing regexp: /, ''), 'latin1').toString('utf8');
}

/** Instructions that the C++ RE2 needs for the program, estimated from above. */
function programCost({ inst }: Program): number {
  let cost = 0;
  for (const { runes } of inst) cost += 1 + rangesCost(runes);
  return cost;
}

function rangesCost(runes: ArrayLike<number>): number {
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
