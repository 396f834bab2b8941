import type { ObjectKey } from '../../../diagnostics/origin.ts';
import type { LocatedDiagnostic } from '../../located-diagnostic.ts';
import { Watchers } from '../../rollouts/watchers.ts';

/** How far the translation of the objects has come. */
export interface BridgeProgress {
  /** By object of the user: why something that is made from it is not in the cluster. */
  readonly failures: ReadonlyMap<ObjectKey, string>;
  /** Objects of which something is still to be written. */
  readonly pending: ReadonlySet<ObjectKey> | 'all';
  /** What is lost in translation, and why nothing is translated. */
  readonly findings: readonly LocatedDiagnostic[];
}

const nothingYet: BridgeProgress = { failures: new Map(), pending: 'all', findings: [] };

/** What the bridge tells the writer of status. */
export class BridgeState {
  readonly #watchers = new Watchers();
  #progress = nothingYet;

  get progress(): BridgeProgress {
    return this.#progress;
  }

  set(progress: BridgeProgress): void {
    this.#progress = progress;
    this.#watchers.changed();
  }

  /** Until the returned function is called. */
  watch(watcher: () => void): () => void {
    return this.#watchers.add(watcher);
  }
}
