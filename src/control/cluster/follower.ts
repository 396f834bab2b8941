import type { ObjectKey } from '../../diagnostics/origin.ts';
import { objectKey } from '../../diagnostics/origin.ts';
import { clusterDocument } from '../../kubernetes-client/cluster-document.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import type { ServedKind } from '../../kubernetes-client/list.ts';
import {
  type ReflectedChange,
  type Reflector,
  type ReflectorLimits,
  startReflector,
} from '../../kubernetes-client/reflector.ts';
import type { FollowedKind } from './kinds.ts';
import type { ClusterObjects } from './objects.ts';
import type { StatusSubjects } from './status/subjects.ts';
import { trimmed } from './trim.ts';

export interface FollowerOptions {
  readonly kind: FollowedKind;
  readonly served: ServedKind;
  readonly objects: ClusterObjects;
  /** Where the objects of this kind get a status from us. */
  readonly subjects?: StatusSubjects;
  /** Objects are different. */
  readonly onNews: () => void;
  readonly onSynced: () => void;
  readonly onFault: (fault: ClusterFault) => void;
  readonly limits?: Partial<ReflectorLimits>;
}

/** Keeps the objects of one kind as the cluster has them. */
export class KindFollower {
  readonly path: string;
  readonly #options: FollowerOptions;
  readonly #context: string;
  readonly #reflector: Reflector;
  /** Until the first list is complete: what it has named. */
  #seen: Set<ObjectKey> | undefined = new Set();

  constructor(connection: StreamingConnection, options: FollowerOptions) {
    const { served, kind, limits } = options;
    this.path = served.path;
    this.#options = options;
    this.#context = connection.context;
    this.#reflector = startReflector(connection, {
      path: served.path,
      metadataOnly: kind.metadataOnly,
      onChange: (change) => this.#apply(change),
      onSynced: () => this.#synced(),
      onFault: options.onFault,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  get synced(): boolean {
    return this.#reflector.synced;
  }

  catchUp(signal: AbortSignal): Promise<ClusterFault | undefined> {
    return this.#reflector.catchUp(signal);
  }

  /** Its objects stay as they are. */
  stop(): void {
    this.#reflector.stop();
  }

  /** The cluster has no objects of this kind any more. */
  forget(): void {
    this.#seen = new Set();
    this.#removeOthers(this.#seen);
  }

  #apply({ set, removed }: ReflectedChange): void {
    const { objects, subjects, served, onNews } = this.#options;
    let news = false;
    for (const object of set) {
      const document = clusterDocument(trimmed(served.kind, object), served, this.#context);
      if (document === undefined) {
        news = objects.remove(this.#keyOf(object.metadata)) || news;
        continue;
      }
      this.#seen?.add(document.key);
      subjects?.set(document.key, served.path, object);
      news = objects.set(document) || news;
    }
    for (const name of removed) {
      const key = this.#keyOf(name);
      subjects?.remove(key);
      news = objects.remove(key) || news;
    }
    if (news) onNews();
  }

  #synced(): void {
    if (this.#seen !== undefined) this.#removeOthers(this.#seen);
    this.#seen = undefined;
    this.#options.onSynced();
  }

  /** Objects that an earlier follower of the kind has left. */
  #removeOthers(seen: ReadonlySet<ObjectKey>): void {
    const { objects, subjects, kind, onNews } = this.#options;
    const prefix = `${kind.group || 'core'}/${kind.kind}/`;
    const gone = [...objects.stated.keys()].filter((key) => key.startsWith(prefix) && !seen.has(key));
    for (const key of gone) {
      subjects?.remove(key);
      objects.remove(key);
    }
    if (gone.length > 0) onNews();
  }

  #keyOf(metadata: unknown): ObjectKey {
    const { namespace, name } = metadata as { readonly namespace?: string; readonly name: string };
    return objectKey(this.#options.kind.group, this.#options.kind.kind, namespace || 'default', name);
  }
}
