import { isDeepStrictEqual } from 'node:util';
import { compareText } from '../collections.ts';
import { drain } from './drain.ts';
import type { Graph } from './graph.ts';
import { type SmallSet, sizeOf, withItem, withoutItem } from './small-set.ts';
import { Stage } from './stage.ts';

/** What one value of the source adds: items, each to a group. */
type Entries<K, I> = readonly (readonly [K, I])[];

/** With so many entries their groups are hashed. */
const manyEntries = 8;

/**
 * The values of an earlier stage looked at from another side: items by group, in the order of the source's keys or in a
 * given one. A group without an item is absent.
 */
export class Groups<S extends string, V, K extends string, I> extends Stage<K, readonly I[]> {
  readonly #source: Stage<S, V>;
  readonly #entriesOf: (value: V, key: S) => Entries<K, I>;
  readonly #compare: ((a: I, b: I) => number) | undefined;
  readonly #pending = new Set<S>();
  readonly #contributions = new Map<S, Contribution<K, I>>();
  /** The source's keys that have items in a group. */
  readonly #members = new Map<string, SmallSet<S>>();

  constructor(
    graph: Graph,
    source: Stage<S, V>,
    entriesOf: (value: V, key: S) => Entries<K, I>,
    compare?: (a: I, b: I) => number,
  ) {
    super(graph);
    this.#source = source;
    this.#entriesOf = entriesOf;
    this.#compare = compare;
    source.onValue((key) => void this.#pending.add(key));
  }

  override get(key: K): readonly I[] | undefined {
    return super.get(key) === undefined ? undefined : this.peek(key);
  }

  override peek(key: K): readonly I[] | undefined {
    const slot = this.slots.get(key);
    if (slot?.value === stale) slot.value = this.#listOf(key);
    return slot?.value;
  }

  /** How many values of the source have an item in a group, without noting that it was asked. */
  sizeOf(key: K): number {
    return sizeOf(this.#members.get(key));
  }

  mark(): void {
    throw new Error('groups are not made from what they read');
  }

  refresh(): void {
    drain(this.#pending, (key) => {
      const value = this.#source.peek(key);
      this.#replace(key, value === undefined ? stale : this.#entriesOf(value, key));
    });
  }

  #replace(key: S, entries: Entries<K, I>): void {
    const before = this.#contributions.get(key);
    const now = entries.length === 0 ? undefined : new Contribution(entries);
    if (before === undefined && now === undefined) return;
    if (before !== undefined && now !== undefined && before.equals(now)) return;
    if (now === undefined) this.#contributions.delete(key);
    else this.#contributions.set(key, now);
    for (const group of before?.groups() ?? stale) {
      if (now?.has(group) !== true) this.#touch(group, withoutItem(this.#members.get(group), key));
    }
    for (const group of now?.groups() ?? stale) {
      if (before !== undefined && isDeepStrictEqual(before.itemsIn(group), now?.itemsIn(group))) continue;
      this.#touch(group, withItem(this.#members.get(group), key));
    }
  }

  /** Something in a group is another. */
  #touch(group: K, members: SmallSet<S>): void {
    const slot = this.slotOf(group);
    if (members === undefined) {
      this.#members.delete(group);
      this.settle(slot, undefined);
      return;
    }
    this.#members.set(group, members);
    const presence = slot.value === undefined;
    slot.value = stale;
    this.changed(slot, presence);
  }

  #listOf(group: K): readonly I[] {
    const members = this.#members.get(group) ?? stale;
    const keys = sizeOf(members) < 2 ? members : [...members].sort(compareText);
    const items: I[] = [];
    for (const key of keys) this.#contributions.get(key)?.addTo(items, group);
    return this.#compare === undefined ? items : items.sort(this.#compare);
  }
}

/** Stands for a list that is not up to date, and is made when somebody asks: a list that is has an item. */
const stale: readonly never[] = [];

/** What one value of the source adds. */
class Contribution<K, I> {
  readonly #entries: Entries<K, I>;
  readonly #byGroup: ReadonlyMap<K, Entries<K, I>> | undefined;

  constructor(entries: Entries<K, I>) {
    this.#entries = entries;
    this.#byGroup = entries.length < manyEntries ? undefined : Map.groupBy(entries, ([group]) => group);
  }

  equals(other: Contribution<K, I>): boolean {
    return isDeepStrictEqual(this.#entries, other.#entries);
  }

  groups(): Iterable<K> {
    if (this.#byGroup !== undefined) return this.#byGroup.keys();
    const groups = this.#entries.map(([group]) => group);
    return groups.length < 2 ? groups : new Set(groups);
  }

  has(group: K): boolean {
    return this.#byGroup?.has(group) ?? this.#entries.some(([other]) => other === group);
  }

  itemsIn(group: K): readonly I[] {
    const items: I[] = [];
    this.addTo(items, group);
    return items;
  }

  addTo(items: I[], group: K): void {
    for (const [other, item] of this.#byGroup?.get(group) ?? this.#entries) if (other === group) items.push(item);
  }
}
