import type { ObjectKey } from '../../../diagnostics/origin.ts';
import { type Fields, isRecord } from '../../../lib/values.ts';
import { Watchers } from '../../rollouts/watchers.ts';
import type { StatusSubject } from './source.ts';

/** The objects whose status is written, as the watch shows them: what decides nothing is not kept with what does. */
export class StatusSubjects {
  readonly #subjects = new Map<ObjectKey, StatusSubject>();
  readonly #watchers = new Watchers();

  [Symbol.iterator](): Iterator<StatusSubject> {
    return this.#subjects.values();
  }

  get(key: ObjectKey): StatusSubject | undefined {
    return this.#subjects.get(key);
  }

  /** Tells of changes until the returned function is called. */
  watch(watcher: () => void): () => void {
    return this.#watchers.add(watcher);
  }

  /** `listPath` is that of all objects of the kind, in all namespaces. */
  set(key: ObjectKey, listPath: string, object: Fields): void {
    const { apiVersion, metadata, status } = object;
    if (!isRecord(metadata)) return;
    const { name, namespace, uid, generation, resourceVersion } = metadata;
    const split = listPath.lastIndexOf('/');
    const within = typeof namespace === 'string' ? `/namespaces/${namespace}` : '';
    this.#subjects.set(key, {
      key,
      path: `${listPath.slice(0, split)}${within}${listPath.slice(split)}/${name}`,
      apiVersion: String(apiVersion),
      uid: String(uid),
      generation: Number(generation),
      resourceVersion: String(resourceVersion),
      status,
    });
    this.#watchers.changed();
  }

  remove(key: ObjectKey): void {
    if (this.#subjects.delete(key)) this.#watchers.changed();
  }
}
