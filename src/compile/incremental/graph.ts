import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Findings } from './findings.ts';
import { type SmallSet, sizeOf, withItem, withoutItem } from './small-set.ts';

/** One value of a stage, what it was made from, and what has to be made again when it changes. */
export interface Slot<V = unknown> {
  readonly stage: Owner;
  readonly key: string;
  /** `undefined`: there is none. */
  value: V | undefined;
  /** What was read to make it. */
  sources: readonly Slot[];
  /** Those that read the value, and those that only asked whether there is one. */
  readers: SmallSet<Slot>;
  presenceReaders: SmallSet<Slot>;
  findings: readonly Diagnostic[];
}

/** What the graph asks of a stage. */
export interface Owner {
  /** The place among the stages: one reads only what earlier ones hold. */
  readonly order: number;
  /** The value under a key has to be made again. */
  mark(key: string): void;
  /** Makes again what is marked. */
  refresh(): void;
  /** Nobody reads a value any more; one that is not there need not be remembered. */
  unread(slot: Slot): void;
}

const noFindings: readonly Diagnostic[] = [];
const nothingRead: readonly Slot[] = [];

export function newSlot<V>(stage: Owner, key: string): Slot<V> {
  return {
    stage,
    key,
    value: undefined,
    sources: nothingRead,
    readers: undefined,
    presenceReaders: undefined,
    findings: noFindings,
  };
}

/**
 * Stages of values, each made from values of earlier stages. What a value was made from is noted while it is made, so that
 * after a change of the input only what read the changed values is made again, and a value that comes out equal stops there.
 *
 * A computation that throws stays marked, and with it everything that it may change: the next refresh goes on from there.
 */
export class Graph {
  readonly findings = new Findings();
  readonly #stages: Owner[] = [];
  #making: Slot | undefined;
  #read: Slot[] = [];
  #reported: Diagnostic[] = [];

  /** Takes a stage in as the last one and returns its place. */
  add(stage: Owner): number {
    this.#stages.push(stage);
    return this.#stages.length - 1;
  }

  /** Whether a value is being made, so that reads have to be noted. */
  get notes(): boolean {
    return this.#making !== undefined;
  }

  refresh(): void {
    for (const stage of this.#stages) stage.refresh();
  }

  /** Notes that what is being made depends on a value, or on whether there is one. */
  note(slot: Slot, how: 'readers' | 'presenceReaders'): void {
    const reader = this.#making;
    if (reader === undefined) return;
    if (slot.stage.order >= reader.stage.order) throw new Error(`stage ${reader.stage.order} reads a later one`);
    const size = sizeOf(slot[how]);
    slot[how] = withItem(slot[how], reader);
    if (sizeOf(slot[how]) > size) this.#read.push(slot);
  }

  /** Makes a value; what it reads and reports replaces what it read and reported before. */
  make<V>(slot: Slot<V>, work: () => V | undefined): V | undefined {
    const before = slot.sources;
    for (const source of before) forget(source, slot);
    this.#making = slot;
    this.#read = [];
    this.#reported = [];
    try {
      const value = work();
      this.#report(slot, this.#reported);
      return value;
    } finally {
      this.#making = undefined;
      slot.sources = this.#read.slice();
      for (const source of before) if (isUnread(source)) source.stage.unread(source);
    }
  }

  /** The value is gone, and with it what was said about it. */
  unmake(slot: Slot): void {
    for (const source of slot.sources) {
      forget(source, slot);
      if (isUnread(source)) source.stage.unread(source);
    }
    slot.sources = nothingRead;
    this.#report(slot, noFindings);
  }

  /** A finding about what is being made. */
  report(finding: Diagnostic): void {
    this.#reported.push(finding);
  }

  #report(slot: Slot, now: readonly Diagnostic[]): void {
    if (now.length + slot.findings.length === 0) return;
    this.findings.replace(slot.findings, now);
    slot.findings = now.length === 0 ? noFindings : now;
  }
}

function forget(source: Slot, reader: Slot): void {
  source.readers = withoutItem(source.readers, reader);
  source.presenceReaders = withoutItem(source.presenceReaders, reader);
}

export function isUnread({ readers, presenceReaders }: Slot): boolean {
  return readers === undefined && presenceReaders === undefined;
}
