import { RE2JS } from 're2js';
import { compileRe2, octets } from '../lib/re2.ts';

/** Texts are octets here, each as one UTF-16 code unit: see `octets` of the RE2 library. */
export const alphabetSize = 256;

/**
 * A deterministic automaton that accepts the texts which an expression matches as a whole, made state by state as it is
 * asked. State 0 accepts nothing any more.
 */
export interface Automaton {
  readonly start: number;
  /** Octets with the same number are the same to the expression. */
  readonly classOf: Uint16Array;
  next(state: number, octet: number): number;
  accepts(state: number): boolean;
}

/** An instruction of re2js' program, with the numbers that its operations have there. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(rune: number): boolean;
}

const operation = { alt: 1, altMatch: 2, capture: 3, emptyWidth: 4, fail: 5, match: 6, nop: 7, rune: 8, lastRune: 11 };
const lookBehind = 12;

/** What stands before a position, as far as `^`, `$` and `\b` ask; the values only tell them apart. */
const before = { start: 0, newline: 1, word: 2, other: 3 } as const;
const endOfText = -1;

/**
 * The automaton of an RE2 expression, from the very program that matches it, so that no construct means two things. One
 * that does not compile matches nothing. `undefined` for a construct without an automaton of this kind.
 */
export function automatonOf(expression: string): Automaton | undefined {
  if (!compileRe2(expression).ok) return emptyAutomaton;
  const program = RE2JS.compile(octets(expression)).re2().prog;
  const instructions = program.inst as unknown as readonly Instruction[];
  if (instructions.some(({ op }) => op >= lookBehind)) return undefined;
  return new ProgramAutomaton(instructions, program.start);
}

const emptyAutomaton: Automaton = {
  start: 0,
  classOf: new Uint16Array(alphabetSize),
  next: () => 0,
  accepts: () => false,
};

interface State {
  /** Program counters that wait for the next octet or the end. */
  readonly counters: readonly number[];
  readonly previous: number;
  /** By class of octets; -1 where it has not been asked. */
  readonly next: Int32Array;
  accepts?: boolean;
}

/** Subset construction (Thompson) over a program, with what stands before a position as part of the state. */
class ProgramAutomaton implements Automaton {
  readonly start: number;
  readonly classOf: Uint16Array;
  readonly #instructions: readonly Instruction[];
  readonly #classes: number;
  readonly #positional: boolean;
  readonly #states: State[] = [];
  readonly #ids = new Map<string, number>();

  constructor(instructions: readonly Instruction[], start: number) {
    this.#instructions = instructions;
    this.#positional = instructions.some(({ op }) => op === operation.emptyWidth);
    this.classOf = octetClasses(instructions, this.#positional);
    this.#classes = Math.max(...this.classOf) + 1;
    this.#stateOf([], before.other);
    this.start = this.#stateOf([start], before.start);
  }

  next(state: number, octet: number): number {
    const from = this.#states[state];
    if (from === undefined || state === 0) return 0;
    const octets = this.classOf[octet] ?? 0;
    const known = from.next[octets] ?? -1;
    if (known >= 0) return known;
    const reached = new Set<number>();
    for (const counter of this.#closure(from, octet)) {
      const instruction = this.#instructions[counter];
      if (instruction !== undefined && isRune(instruction) && instruction.matchRune(octet))
        reached.add(instruction.out);
    }
    const next = this.#stateOf(
      [...reached].sort((a, b) => a - b),
      kindOf(octet),
    );
    from.next[octets] = next;
    return next;
  }

  accepts(state: number): boolean {
    const asked = this.#states[state];
    if (asked === undefined || state === 0) return false;
    asked.accepts ??= this.#closure(asked, endOfText).some((at) => this.#instructions[at]?.op === operation.match);
    return asked.accepts;
  }

  #stateOf(counters: readonly number[], previous: number): number {
    const kind = this.#positional && counters.length > 0 ? previous : before.other;
    const key = `${kind} ${counters.join(' ')}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#states.push({ counters, previous: kind, next: new Int32Array(this.#classes).fill(-1) });
    this.#ids.set(key, id);
    return id;
  }

  /** Everything that can be reached without reading, when `following` stands after the position. */
  #closure({ counters, previous }: State, following: number): readonly number[] {
    const holds = conditions(previous, following);
    const seen = new Set<number>();
    const open = [...counters];
    for (let counter = open.pop(); counter !== undefined; counter = open.pop()) {
      if (seen.has(counter)) continue;
      seen.add(counter);
      const { op = operation.fail, out = 0, arg = 0 } = this.#instructions[counter] ?? {};
      if (op === operation.alt || op === operation.altMatch) open.push(out, arg);
      else if (op === operation.capture || op === operation.nop) open.push(out);
      else if (op === operation.emptyWidth && (arg & ~holds) === 0) open.push(out);
    }
    return [...seen];
  }
}

function isRune({ op }: Instruction): boolean {
  return op >= operation.rune && op <= operation.lastRune;
}

function isWord(octet: number): boolean {
  return /\w/.test(String.fromCharCode(octet));
}

function kindOf(octet: number): number {
  if (octet === 0x0a) return before.newline;
  return isWord(octet) ? before.word : before.other;
}

/** Which of RE2's empty-width conditions hold at a position: bits as re2js numbers them. */
function conditions(previous: number, following: number): number {
  const bits = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, wordBoundary: 16, noWordBoundary: 32 };
  let holds = 0;
  if (previous === before.start) holds |= bits.beginText | bits.beginLine;
  if (previous === before.newline) holds |= bits.beginLine;
  if (following === endOfText) holds |= bits.endText | bits.endLine;
  if (following === 0x0a) holds |= bits.endLine;
  const wordAfter = following !== endOfText && isWord(following);
  return holds | ((previous === before.word) === wordAfter ? bits.noWordBoundary : bits.wordBoundary);
}

/** Numbers octets so that those which every instruction treats alike have the same number. */
function octetClasses(instructions: readonly Instruction[], positional: boolean): Uint16Array {
  const distinct = new Map<string, Instruction>();
  for (const instruction of instructions) {
    if (!isRune(instruction)) continue;
    distinct.set(`${instruction.op} ${instruction.arg} ${Array.from(instruction.runes).join(' ')}`, instruction);
  }
  const numbers = new Map<string, number>();
  return Uint16Array.from({ length: alphabetSize }, (_, octet) => {
    let signature = positional ? String(kindOf(octet)) : '';
    for (const instruction of distinct.values()) signature += instruction.matchRune(octet) ? '1' : '0';
    const number = numbers.get(signature) ?? numbers.size;
    numbers.set(signature, number);
    return number;
  });
}
