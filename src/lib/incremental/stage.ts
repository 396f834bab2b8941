import { isDeepStrictEqual } from 'node:util';
import { type Graph, isUnread, newSlot, type Owner, type Slot } from './graph.ts';

/** Values by key, as passes read them: while a value is being made, whatever is asked here is noted. */
export interface Lookup<K extends string, V> {
  get(key: K): V | undefined;
  /** Depends on nothing but whether there is one. */
  has(key: K): boolean;
}

export type Same<V> = (before: V, now: V) => boolean;

/** What the stages have in common: slots by key, and who is told of changes. */
export abstract class Stage<K extends string, V> implements Lookup<K, V>, Owner {
  readonly order: number;
  protected readonly graph: Graph;
  protected readonly slots = new Map<string, Slot<V>>();
  readonly #onValue: ((key: K) => void)[] = [];
  readonly #onPresence: ((key: K) => void)[] = [];

  constructor(graph: Graph) {
    this.graph = graph;
    this.order = graph.add(this);
  }

  abstract mark(key: string): void;
  abstract refresh(): void;

  get(key: K): V | undefined {
    if (this.graph.making === undefined) return this.peek(key);
    const slot = this.slotOf(key);
    this.graph.note(slot, 'readers');
    return slot.value;
  }

  has(key: K): boolean {
    if (this.graph.making === undefined) return this.peek(key) !== undefined;
    const slot = this.slotOf(key);
    this.graph.note(slot, 'presenceReaders');
    return slot.value !== undefined;
  }

  /** The value without noting that it was read. */
  peek(key: K): V | undefined {
    return this.slots.get(key)?.value;
  }

  /** Is called with every key whose value changes, appears or goes. */
  onValue(listener: (key: K) => void): void {
    this.#onValue.push(listener);
  }

  /** Is called with every key whose value appears or goes. */
  onPresence(listener: (key: K) => void): void {
    this.#onPresence.push(listener);
  }

  unread(slot: Slot): void {
    if (slot.value === undefined && slot.sources.length === 0 && isUnread(slot)) this.slots.delete(slot.key);
  }

  protected slotOf(key: string): Slot<V> {
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = newSlot<V>(this, key);
      this.slots.set(key, slot);
    }
    return slot;
  }

  /** Puts a value in its place and marks what depends on it. */
  protected settle(slot: Slot<V>, now: V | undefined): void {
    const before = slot.value;
    if (before === now) return;
    slot.value = now;
    this.changed(slot, (before === undefined) !== (now === undefined));
    if (now === undefined) this.unread(slot);
  }

  protected changed({ key, readers, presenceReaders }: Slot<V>, presence: boolean): void {
    for (const reader of readers ?? []) reader.stage.mark(reader.key);
    for (const listener of this.#onValue) listener(key as K);
    if (!presence) return;
    for (const reader of presenceReaders ?? []) reader.stage.mark(reader.key);
    for (const listener of this.#onPresence) listener(key as K);
  }
}

/** A stage of the input: its values are put, not made. */
export class Source<K extends string, V> extends Stage<K, V> {
  readonly #same: Same<V>;

  constructor(graph: Graph, same: Same<V> = isDeepStrictEqual) {
    super(graph);
    this.#same = same;
  }

  /** `undefined` takes the value away. An equal value changes nothing. */
  put(key: K, value: V | undefined): void {
    const known = this.slots.get(key);
    if (value === undefined) {
      if (known !== undefined) this.settle(known, undefined);
      return;
    }
    if (known?.value !== undefined && (known.value === value || this.#same(known.value, value))) return;
    this.settle(known ?? this.slotOf(key), value);
  }

  /** Leaves exactly these values. */
  replace(values: ReadonlyMap<K, V>): void {
    for (const [key, slot] of this.slots) if (!values.has(key as K)) this.settle(slot, undefined);
    for (const [key, value] of values) this.put(key, value);
  }

  mark(): void {
    throw new Error('the input is not made from anything');
  }

  refresh(): void {}
}
