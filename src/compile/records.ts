import { compareText } from '../lib/collections.ts';
import type { Stage } from '../lib/incremental/stage.ts';

/** The values of a stage as a record of the model, made anew only when one of them changes. */
export class NodeRecord<K extends string, V> {
  readonly #stage: Stage<K, V>;
  readonly #changed = new Set<K>();
  #keys: readonly K[] = [];
  #record = {} as Readonly<Record<K, V>>;

  constructor(stage: Stage<K, V>) {
    this.#stage = stage;
    stage.onValue((key) => void this.#changed.add(key));
  }

  /** The record as it is now, with its keys in order, and the nodes that are new, different or gone since the last call. */
  take(): { readonly record: Readonly<Record<K, V>>; readonly changed: ReadonlySet<K> } {
    const before = this.#record;
    const changed = new Set([...this.#changed].filter((key) => before[key] !== this.#stage.peek(key)));
    this.#changed.clear();
    if (changed.size === 0) return { record: before, changed };
    const added = [...changed].filter((key) => !Object.hasOwn(before, key));
    const gone = new Set([...changed].filter((key) => this.#stage.peek(key) === undefined));
    if (added.length + gone.size > 0) {
      this.#keys = ordered(gone.size === 0 ? this.#keys : this.#keys.filter((key) => !gone.has(key)), added);
    }
    const record = {} as Record<K, V>;
    for (const key of this.#keys) {
      const value = changed.has(key) ? this.#stage.peek(key) : before[key];
      if (value !== undefined) record[key] = value;
    }
    this.#record = record;
    return { record, changed };
  }
}

/** Sorting what is sorted but for its end takes hardly more than one comparison for each key. */
function ordered<K extends string>(kept: readonly K[], added: readonly K[]): readonly K[] {
  return [...kept, ...added.toSorted(compareText)].sort(compareText);
}
