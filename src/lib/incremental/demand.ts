import { isDeepStrictEqual } from 'node:util';
import type { Graph, Slot } from './graph.ts';
import { type Same, Stage } from './stage.ts';

/**
 * Values that others ask for while they are made, each made when it is first asked for, and forgotten with the last reader.
 * They may ask for one another, not in circles.
 */
export class Demand<K extends string, V> extends Stage<K, V> {
  readonly nests = true;
  readonly #compute: (key: K) => V;
  readonly #same: Same<V>;
  readonly #forgotten: ((key: K) => void) | undefined;
  readonly #marked = new Set<string>();

  /** `forgotten` is told of keys that nobody reads any more. */
  constructor(graph: Graph, compute: (key: K) => V, same: Same<V> = isDeepStrictEqual, forgotten?: (key: K) => void) {
    super(graph);
    this.#forgotten = forgotten;
    this.#compute = compute;
    this.#same = same;
  }

  override get(key: K): V | undefined {
    if (this.graph.making === undefined) return this.#compute(key);
    const slot = this.slotOf(key);
    if (slot.value === undefined || this.#marked.has(key)) this.#make(slot);
    return super.get(key);
  }

  mark(key: string): void {
    this.#marked.add(key);
  }

  refresh(): void {
    for (const key of this.#marked) {
      const slot = this.slots.get(key);
      if (slot === undefined) this.#marked.delete(key);
      else this.#make(slot);
    }
  }

  override unread(slot: Slot): void {
    this.graph.unmake(slot);
    this.slots.delete(slot.key);
    this.#marked.delete(slot.key);
    this.#forgotten?.(slot.key as K);
  }

  #make(slot: Slot<V>): void {
    const now = this.graph.make(slot, () => this.#compute(slot.key as K));
    this.#marked.delete(slot.key);
    this.settle(slot, slot.value !== undefined && now !== undefined && this.#same(slot.value, now) ? slot.value : now);
  }
}
