import type { ObjectKey } from '../../../diagnostics/origin.ts';
import type { Peer } from './ask-peer.ts';
import { maxQuestion, type ObjectVersion } from './contract.ts';

export interface ProgressOptions {
  /** Whether every proxy of this replica has the object in this version, or a later one. */
  readonly landedHere: (version: ObjectVersion) => boolean;
  /** The other replicas that serve proxies. */
  readonly peers: () => readonly Peer[];
  /** Which objects have landed at the proxies of one of them; `undefined` when it does not answer. */
  readonly ask: (peer: Peer, objects: readonly ObjectVersion[]) => Promise<ReadonlySet<ObjectKey> | undefined>;
}

/** What has landed at the proxies of all replicas. One that serves and does not answer counts as not having it. */
export class Progress {
  readonly #options: ProgressOptions;
  /** The version of an object that has landed everywhere. */
  readonly #confirmed = new Map<ObjectKey, string>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  landed(version: ObjectVersion): boolean {
    return this.#confirmed.get(version.object) === nameOf(version);
  }

  /** Finds out about those that had not landed before: whether any of them has now, and whether others still have not. */
  async refresh(objects: Iterable<ObjectVersion>): Promise<{ readonly landed: boolean; readonly open: boolean }> {
    const all = [...objects];
    const known = new Set(all.map(({ object }) => object));
    for (const object of this.#confirmed.keys()) if (!known.has(object)) this.#confirmed.delete(object);
    const { landedHere, peers, ask } = this.#options;
    const open = all.filter((version) => !this.landed(version));
    const asked = open.filter(landedHere).slice(0, maxQuestion);
    const answers = asked.length === 0 ? [] : await Promise.all(peers().map((peer) => ask(peer, asked)));
    const everywhere = asked.filter(({ object }) => answers.every((landed) => landed?.has(object) === true));
    for (const version of everywhere) this.#confirmed.set(version.object, nameOf(version));
    return { landed: everywhere.length > 0, open: everywhere.length < open.length };
  }
}

function nameOf({ uid, generation }: ObjectVersion): string {
  return `${uid} ${generation}`;
}
