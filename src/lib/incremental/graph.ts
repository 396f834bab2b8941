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
}

/** What the graph asks of a stage. */
export interface Owner {
  /** The place among the stages: one reads only what earlier ones hold. */
  readonly order: number;
  /** Its values may read each other: asking for one makes it ready. */
  readonly nests?: true;
  /** The value under a key has to be made again. */
  mark(key: string): void;
  /** Makes again what is marked. */
  refresh(): void;
  /** Nobody reads a value any more; one that is not there need not be remembered. */
  unread(slot: Slot): void;
}

const nothingRead: readonly Slot[] = [];

export function newSlot<V>(stage: Owner, key: string): Slot<V> {
  return {
    stage,
    key,
    value: undefined,
    sources: nothingRead,
    readers: undefined,
    presenceReaders: undefined,
  };
}

/** Who is told when values are made, for what comes of it beside the value. */
export interface MakingObserver {
  begins(slot: Slot): void;
  made(slot: Slot): void;
  /** It is no longer made at all. */
  unmade(slot: Slot): void;
}

interface Making {
  readonly slot: Slot;
  readonly read: Slot[];
}

/**
 * Stages of values, each made from values of earlier stages. What a value was made from is noted while it is made, so that
 * after a change of the input only what read the changed values is made again, and a value that comes out equal stops there.
 *
 * A computation that throws stays marked, and with it everything that it may change: the next refresh goes on from there.
 */
export class Graph {
  readonly #observer: MakingObserver | undefined;
  readonly #stages: Owner[] = [];
  #making: Making | undefined;

  constructor(observer?: MakingObserver) {
    this.#observer = observer;
  }

  /** Takes a stage in as the last one and returns its place. */
  add(stage: Owner): number {
    this.#stages.push(stage);
    return this.#stages.length - 1;
  }

  /** The computation that runs, whose reads have to be noted; each has an object of its own. */
  get making(): object | undefined {
    return this.#making;
  }

  refresh(): void {
    for (const stage of this.#stages) stage.refresh();
  }

  /** Notes that what is being made depends on a value, or on whether there is one. */
  note(slot: Slot, how: 'readers' | 'presenceReaders'): void {
    if (this.#making === undefined) return;
    const { slot: reader, read } = this.#making;
    const { stage } = slot;
    if (stage.order > reader.stage.order || (stage === reader.stage && stage.nests !== true)) {
      throw new Error(`stage ${reader.stage.order} reads ${stage.order}, which is not ready`);
    }
    const size = sizeOf(slot[how]);
    slot[how] = withItem(slot[how], reader);
    if (sizeOf(slot[how]) > size) read.push(slot);
  }

  /** Makes a value, perhaps within the making of a later one; what it reads replaces what it read before. */
  make<V>(slot: Slot<V>, work: () => V | undefined): V | undefined {
    const before = slot.sources;
    for (const source of before) forget(source, slot);
    const outer = this.#making;
    const making: Making = { slot, read: [] };
    this.#making = making;
    this.#observer?.begins(slot);
    try {
      const value = work();
      this.#observer?.made(slot);
      return value;
    } finally {
      this.#making = outer;
      slot.sources = making.read.slice();
      for (const source of before) if (isUnread(source)) source.stage.unread(source);
    }
  }

  /** The value is gone. */
  unmake(slot: Slot): void {
    for (const source of slot.sources) {
      forget(source, slot);
      if (isUnread(source)) source.stage.unread(source);
    }
    slot.sources = nothingRead;
    this.#observer?.unmade(slot);
  }
}

function forget(source: Slot, reader: Slot): void {
  source.readers = withoutItem(source.readers, reader);
  source.presenceReaders = withoutItem(source.presenceReaders, reader);
}

export function isUnread({ readers, presenceReaders }: Slot): boolean {
  return readers === undefined && presenceReaders === undefined;
}
