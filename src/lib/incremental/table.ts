import { isDeepStrictEqual } from 'node:util';
import { drain } from './drain.ts';
import type { Graph } from './graph.ts';
import { type Same, Stage } from './stage.ts';

/** One value for each key that one of the earlier stages has, made by a pure function of what it reads. */
export class Table<K extends string, V> extends Stage<K, V> {
  readonly #keysOf: readonly Pick<Stage<K, unknown>, 'peek' | 'onPresence'>[];
  readonly #compute: (key: K) => V | undefined;
  readonly #same: Same<V>;
  readonly #marked = new Set<string>();

  /** A key for which nothing comes out has no value. `same` lets an equal value keep its identity and change nothing else. */
  constructor(
    graph: Graph,
    keysOf: readonly Pick<Stage<K, unknown>, 'peek' | 'onPresence'>[],
    compute: (key: K) => V | undefined,
    same: Same<V> = isDeepStrictEqual,
  ) {
    super(graph);
    this.#keysOf = keysOf;
    this.#compute = compute;
    this.#same = same;
    for (const stage of keysOf) stage.onPresence((key) => this.mark(key));
  }

  mark(key: string): void {
    this.#marked.add(key);
  }

  refresh(): void {
    drain(this.#marked, (key) => this.#make(key as K));
  }

  #make(key: K): void {
    if (!this.#keysOf.some((stage) => stage.peek(key) !== undefined)) {
      const slot = this.slots.get(key);
      if (slot === undefined) return;
      this.graph.unmake(slot);
      this.settle(slot, undefined);
      this.unread(slot);
      return;
    }
    const slot = this.slotOf(key);
    const now = this.graph.make(slot, () => this.#compute(key));
    const before = slot.value;
    this.settle(slot, before !== undefined && now !== undefined && this.#same(before, now) ? before : now);
  }
}
