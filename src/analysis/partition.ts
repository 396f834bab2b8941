import { type Automaton, alphabetSize, automatonOf } from './automaton.ts';

/** One of the sets of texts that a list of expressions tells apart. */
export interface Cell {
  /** A shortest text of the set. */
  readonly witness: string;
  /** For each expression whether it matches the texts of the cell. */
  readonly matches: readonly boolean[];
}

export interface Partition {
  readonly cells: readonly Cell[];
  /** False when a limit ended the search: there may be more cells, and those listed are real all the same. */
  readonly exhaustive: boolean;
}

export interface PartitionLimits {
  /** States of the product of all automata. */
  readonly states: number;
  /** Steps of single automata, which bounds the time: some ten million a second. */
  readonly steps: number;
}

export const defaultPartitionLimits: PartitionLimits = { states: 20_000, steps: 4_000_000 };

/**
 * How expressions divide the texts that `domain` matches, which must all be UTF-8: every combination of matching and not matching that a text
 * exists for, found by walking the product of their automata breadth first.
 */
export function partition(
  domain: string,
  expressions: readonly string[],
  limits: PartitionLimits = defaultPartitionLimits,
): Partition {
  const automata = [domain, ...expressions].map(automatonOf);
  const known = automata.filter((automaton) => automaton !== undefined);
  if (known.length < automata.length) return sampled(domain, expressions, limits);
  const found = walk(known, limits);
  if (found.exhaustive) return found;
  const cells = new Map(found.cells.map((cell) => [keyOf(cell.matches), cell]));
  for (const cell of sampled(domain, expressions, limits).cells) {
    if (!cells.has(keyOf(cell.matches))) cells.set(keyOf(cell.matches), cell);
  }
  return { cells: [...cells.values()], exhaustive: false };
}

/** The cells of a text for each expression alone: what can still be said when the product is too large. */
function sampled(domain: string, expressions: readonly string[], limits: PartitionLimits): Partition {
  const share = { states: limits.states, steps: Math.ceil(limits.steps / (expressions.length + 1)) };
  const texts = new Set<string>();
  for (const expression of expressions) {
    const pair = [automatonOf(domain), automatonOf(expression)].filter((automaton) => automaton !== undefined);
    if (pair.length === 2) for (const { witness } of walk(pair, share).cells) texts.add(witness);
  }
  const cells = new Map<string, Cell>();
  const tests = expressions.map(automatonOf);
  for (const witness of texts) {
    const matches = tests.map((automaton) => automaton !== undefined && run(automaton, witness));
    if (!cells.has(keyOf(matches))) cells.set(keyOf(matches), { witness, matches });
  }
  return { cells: [...cells.values()], exhaustive: false };
}

function run(automaton: Automaton, text: string): boolean {
  let state = automaton.start;
  for (const octet of Buffer.from(text, 'utf8')) state = automaton.next(state, octet);
  return automaton.accepts(state);
}

interface Node {
  /** Pairs of an automaton's index and its state, for those that can still accept; the domain, index 0, comes first. */
  readonly live: readonly number[];
  readonly parent?: Node;
  readonly octet: number;
}

/** The first automaton is the domain. */
function walk(automata: readonly Automaton[], limits: PartitionLimits): Partition {
  const octets = representatives(automata);
  const cells = new Map<string, Cell>();
  const start: Node = { live: automata.flatMap((automaton, index) => [index, automaton.start]), octet: -1 };
  const seen = new Set([start.live.join(' ')]);
  const queue: Node[] = [start];
  let steps = 0;
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!;
    note(node, automata, cells);
    for (const octet of octets) {
      steps += node.live.length / 2;
      const live = step(node.live, octet, automata);
      if (live[0] !== 0) continue;
      const key = live.join(' ');
      if (seen.has(key)) continue;
      if (seen.size >= limits.states || steps > limits.steps) return { cells: [...cells.values()], exhaustive: false };
      seen.add(key);
      queue.push({ live, parent: node, octet });
    }
  }
  return { cells: [...cells.values()], exhaustive: true };
}

function step(live: readonly number[], octet: number, automata: readonly Automaton[]): number[] {
  const after: number[] = [];
  for (let at = 0; at < live.length; at += 2) {
    const index = live[at] ?? 0;
    const state = automata[index]?.next(live[at + 1] ?? 0, octet) ?? 0;
    if (state !== 0) after.push(index, state);
    else if (index === 0) break;
  }
  return after;
}

/** Remembers the text that leads to a node, when it is of a cell that had none. */
function note(node: Node, automata: readonly Automaton[], cells: Map<string, Cell>): void {
  const accepted = new Set<number>();
  for (let at = 0; at < node.live.length; at += 2) {
    const index = node.live[at] ?? 0;
    if (automata[index]?.accepts(node.live[at + 1] ?? 0)) accepted.add(index);
    else if (index === 0) return;
  }
  const matches = automata.slice(1).map((_, index) => accepted.has(index + 1));
  const key = keyOf(matches);
  if (!cells.has(key)) cells.set(key, { witness: textOf(node), matches });
}

function keyOf(matches: readonly boolean[]): string {
  return matches.map((match) => (match ? '1' : '0')).join('');
}

function textOf(node: Node): string {
  let text = '';
  for (let at: Node | undefined = node; at !== undefined && at.octet >= 0; at = at.parent) {
    text = String.fromCharCode(at.octet) + text;
  }
  return beyondAscii.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}

const beyondAscii = /[^\0-\x7f]/;

/** Octets in the order in which people like to read them: what they would have typed comes first. */
const preferred = [
  ...Array.from('abcdefghijklmnopqrstuvwxyz0123456789-_./ABCDEFGHIJKLMNOPQRSTUVWXYZ', (char) => char.charCodeAt(0)),
  ...Array.from({ length: 0x7f - 0x20 }, (_, index) => 0x20 + index),
  ...Array.from({ length: alphabetSize }, (_, octet) => octet),
];

/** One octet of every class that some automaton tells from the others. */
function representatives(automata: readonly Automaton[]): readonly number[] {
  const chosen = new Map<string, number>();
  for (const octet of preferred) {
    const key = automata.map(({ classOf }) => classOf[octet]).join(' ');
    if (!chosen.has(key)) chosen.set(key, octet);
  }
  return [...chosen.values()];
}
