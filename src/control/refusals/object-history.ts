import type { ObjectKey } from '../../diagnostics/origin.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { SourceLoad } from '../object-source.ts';

type RecordedLoad = Pick<SourceLoad, 'generation' | 'documents' | 'changed' | 'before'>;

interface Revision {
  /** The first load in which the object was so. */
  readonly since: number;
  readonly document: SourceDocument | undefined;
}

const maxRevisions = 8;
/** Objects of which more than the present is kept; those that changed longest ago are forgotten first. */
const maxObjects = 1_000;

/** What objects said in earlier loads, as far back as it is kept. */
export class ObjectHistory {
  #present: SourceLoad['documents'] | undefined;
  readonly #revisions = new Map<ObjectKey, readonly Revision[]>();

  /** Takes what is in force since a load, and how the objects that changed were before it. */
  record({ generation, documents, changed, before }: RecordedLoad): void {
    const first = this.#present === undefined;
    this.#present = documents;
    // Everything is new in the first load, and nothing before it can be asked for.
    if (first) return;
    for (const key of changed) {
      const known = this.#revisions.get(key) ?? [{ since: 0, document: before(key) }];
      this.#revisions.delete(key);
      this.#revisions.set(key, [...known, { since: generation, document: documents.get(key) }].slice(-maxRevisions));
    }
    for (const key of this.#revisions.keys()) {
      if (this.#revisions.size <= maxObjects) break;
      this.#revisions.delete(key);
    }
  }

  /** The object as it was in a load; the oldest that is kept where that is later. */
  at(generation: number, key: ObjectKey): SourceDocument | undefined {
    const revisions = this.#revisions.get(key);
    if (revisions === undefined) return this.#present?.get(key);
    return (revisions.findLast(({ since }) => since <= generation) ?? revisions[0])?.document;
  }

  /** The load in which an object last changed; 0 where that is not kept. */
  lastChange(key: ObjectKey): number {
    return this.#revisions.get(key)?.at(-1)?.since ?? 0;
  }

  /** Objects that are in force, and those that were and are remembered. */
  *keys(): Generator<ObjectKey> {
    yield* this.#present?.keys() ?? [];
    yield* this.#revisions.keys();
  }
}
