/**
 * The part of a compiled program (Go's and re2js's instruction set) that is read here; rune ranges come in pairs, a single
 * rune alone.
 */
export interface Program {
  readonly start: number;
  readonly inst: readonly Instruction[];
}

export interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}

const ALT = 1;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const NOP = 7;
const RUNE = 8;
const RUNE1 = 9;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;

/** Argument of a rune instruction that ignores case. */
const FOLD_CASE = 1;
/** Arguments of EMPTY_WIDTH. */
const BEGIN_TEXT = 4;
const END_TEXT = 8;

/** Texts that one expression may stand for before comparing them costs more than running it. */
const shapeLimit = 32;
const stepLimit = 2_000;

/** What may follow a literal: nothing, anything, or anything without a line feed. */
type Rest = 'nothing' | 'any' | 'line';

/** Texts, as octets, that begin with `text`. */
export interface Shape {
  readonly text: string;
  /** One character that must follow before `rest`, if any; `line` is any but a line feed. */
  readonly first?: 'any' | 'line';
  readonly rest: Rest;
}

/**
 * A comparison that answers what an anchored run of the program would, where its language is a few literals, each alone or
 * followed by anything: `/a`, `/a.*`, `/v[12](/.*)?`, `^a$|^b$`. Undefined for every other expression.
 */
export function comparisonFor(program: Program): ((text: string) => boolean) | undefined {
  const shapes = shapesOf(program);
  return shapes === undefined ? undefined : comparison(shapes);
}

/** The literals of such an expression; none where it matches nothing. */
export function shapesOf(program: Program): readonly Shape[] | undefined {
  const shapes = new ShapeFinder(program).find();
  return shapes === undefined ? undefined : withoutCovered(shapes);
}

/** Walks every way through a program. Whatever it does not know, and every loop but those of `.`, ends the search. */
class ShapeFinder {
  readonly #program: Program;
  readonly #shapes: Shape[] = [];
  #steps = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  find(): readonly Shape[] | undefined {
    return this.#walk(this.#program.start, '') ? this.#shapes : undefined;
  }

  /** False when the expression is none of ours. */
  #walk(pc: number, text: string): boolean {
    this.#steps += 1;
    const inst = this.#program.inst[pc];
    if (inst === undefined || this.#steps > stepLimit) return false;
    switch (inst.op) {
      case MATCH:
        return this.#add({ text, rest: 'nothing' });
      case FAIL:
        return true;
      case NOP:
      case CAPTURE:
        return this.#walk(inst.out, text);
      case ALT: {
        const rest = this.#rest(pc);
        if (rest !== undefined) return this.#add({ text, rest });
        return this.#walk(inst.out, text) && this.#walk(inst.arg, text);
      }
      case EMPTY_WIDTH:
        return this.#assertion(inst, text);
      case RUNE:
      case RUNE1:
        return this.#runes(inst, text);
      case RUNE_ANY:
      case RUNE_ANY_NOT_NL:
        return this.#atLeastOne(inst, text);
      default:
        return false;
    }
  }

  #assertion({ arg, out }: Instruction, text: string): boolean {
    if (arg === BEGIN_TEXT) return text === '' ? this.#walk(out, text) : true;
    return arg === END_TEXT && this.#rest(out) !== undefined && this.#add({ text, rest: 'nothing' });
  }

  #runes({ arg, out, runes }: Instruction, text: string): boolean {
    if ((arg & FOLD_CASE) !== 0) return false;
    for (let index = 0; index < runes.length; index += 2) {
      const low = runes[index] ?? 0;
      const high = runes[index + 1] ?? low;
      if (high - low >= shapeLimit) return false;
      for (let rune = low; rune <= high; rune += 1) {
        // Half of a pair would compare equal with half of another character.
        if (rune >= 0xd800 && rune <= 0xdfff) return false;
        if (!this.#walk(out, text + String.fromCodePoint(rune))) return false;
      }
    }
    return true;
  }

  /** `.+` */
  #atLeastOne({ op, out }: Instruction, text: string): boolean {
    const first = op === RUNE_ANY ? 'any' : 'line';
    const rest = this.#rest(out);
    // A single `.` may be two code units long, and `(?s:.).*` is too rare.
    if (rest === undefined || rest === 'nothing' || (first === 'any' && rest === 'line')) return false;
    return this.#add({ text, first, rest });
  }

  /** What may follow from here on, when there is no literal in it. */
  #rest(pc: number): Rest | undefined {
    this.#steps += 1;
    const inst = this.#program.inst[pc];
    if (inst === undefined || this.#steps > stepLimit) return undefined;
    switch (inst.op) {
      case MATCH:
        return 'nothing';
      case NOP:
      case CAPTURE:
        return this.#rest(inst.out);
      case EMPTY_WIDTH:
        return inst.arg === END_TEXT && this.#rest(inst.out) !== undefined ? 'nothing' : undefined;
      case ALT: {
        const loop = this.#loop(pc, inst);
        const rest = loop === undefined ? undefined : this.#rest(loop.exit);
        if (loop === undefined || rest === undefined) return undefined;
        return loop.any || rest === 'any' ? 'any' : 'line';
      }
      default:
        return undefined;
    }
  }

  /** `.*`, greedy or not. */
  #loop(pc: number, { out, arg }: Instruction): { readonly any: boolean; readonly exit: number } | undefined {
    for (const [body, exit] of [
      [out, arg],
      [arg, out],
    ] as const) {
      const inst = this.#program.inst[body];
      if (inst?.out === pc && (inst.op === RUNE_ANY || inst.op === RUNE_ANY_NOT_NL)) {
        return { any: inst.op === RUNE_ANY, exit };
      }
    }
    return undefined;
  }

  #add(shape: Shape): boolean {
    this.#shapes.push(shape);
    return this.#shapes.length <= shapeLimit;
  }
}

/** Without the shapes that another one includes. */
function withoutCovered(shapes: readonly Shape[]): readonly Shape[] {
  const wide = shapes.filter(({ first, rest }) => first === undefined && rest === 'any');
  const covers = (cover: Shape, shape: Shape): boolean =>
    cover !== shape &&
    shape.text.startsWith(cover.text) &&
    // Of two equal ones the first stays.
    (shape.text !== cover.text || !wide.includes(shape) || wide.indexOf(cover) < wide.indexOf(shape));
  return shapes.filter((shape) => !wide.some((cover) => covers(cover, shape)));
}

function comparison(shapes: readonly Shape[]): (text: string) => boolean {
  const whole = shapes.filter(({ rest }) => rest === 'nothing').map(({ text }) => text);
  const open = shapes.filter(({ rest }) => rest !== 'nothing').map(openComparison);
  const [first, second] = open;
  if (first === undefined) return wholeComparison(whole);
  if (whole.length === 0 && second === undefined) return first;
  const equals = wholeComparison(whole);
  return (text) => equals(text) || open.some((matches) => matches(text));
}

function wholeComparison(texts: readonly string[]): (text: string) => boolean {
  const [only] = texts;
  if (texts.length === 1) return (text) => text === only;
  const set = new Set(texts);
  return (text) => set.has(text);
}

function openComparison({ text: prefix, first, rest }: Shape): (text: string) => boolean {
  const from = prefix.length;
  const least = first === undefined ? from : from + 1;
  const firstOnLine = first === 'line';
  const onLine = rest === 'line';
  if (from === 0 && least === 0 && !onLine) return () => true;
  if (least === from && !onLine) return (text) => text.startsWith(prefix);
  return (text) =>
    text.length >= least &&
    text.startsWith(prefix) &&
    !(firstOnLine && text.charCodeAt(from) === 0x0a) &&
    !(onLine && text.includes('\n', from));
}
