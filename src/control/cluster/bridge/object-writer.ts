import type { Connection } from '../../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../../kubernetes-client/fault.ts';
import { serverSideApply } from '../../../kubernetes-client/write.ts';
import { err, ok, type Result } from '../../../lib/result.ts';
import { type Fields, isRecord } from '../../../lib/values.ts';
import type { Log } from '../log.ts';
import type { BridgeTarget } from './contract.ts';
import { type Desired, fieldManager, isOwn } from './desired.ts';
import type { LiveObject, TargetKey, TargetObjects } from './target-objects.ts';

/** The first pause after a failure, doubled with each further one, and the longest, in milliseconds. */
const pauses = [1_000, 60_000] as const;
/** Repairs within this time, in milliseconds, count as a quarrel with somebody who writes the same object. */
const quarrelMillis = 10_000;

/** The version of the empty store, which no object has: an apply with it creates, or meets a conflict. */
const noVersion = '1';

/** What is known of one object that the bridge wants. */
interface Written {
  /** What was asked for, and what the apiserver made of it. */
  readonly text: string;
  readonly content?: string;
  /** Of the object that was written: it is the bridge's own whatever somebody makes of it. */
  readonly uid?: string;
  readonly at: number;
  readonly failures: number;
  /** Why it is not there. */
  readonly because?: string;
  readonly retryAt: number;
}

/** What came of removing an object that nobody wants. */
interface Removal extends Pick<LiveObject, 'uid' | 'resourceVersion'> {
  readonly attempts: number;
  readonly retryAt: number;
}

/** Writes single objects, and remembers what came of it. */
export class ObjectWriter {
  readonly #connection: Connection;
  readonly #objects: TargetObjects;
  readonly #target: BridgeTarget;
  readonly #log: Log;
  readonly #written = new Map<TargetKey, Written>();
  readonly #removals = new Map<TargetKey, Removal>();

  constructor(connection: Connection, objects: TargetObjects, target: BridgeTarget, log: Log) {
    this.#connection = connection;
    this.#objects = objects;
    this.#target = target;
    this.#log = log;
  }

  /** Whether the cluster has the object as it is wanted. */
  has(key: TargetKey, wanted: Desired): boolean {
    const written = this.#written.get(key);
    const live = this.#objects.own.get(key);
    return written?.because === undefined && written?.text === wanted.text && live?.content === written.content;
  }

  /** Whether it is to be written now. */
  isDue(key: TargetKey, wanted: Desired): boolean {
    const written = this.#written.get(key);
    if (written === undefined || written.text !== wanted.text) return true;
    if (this.#target.dryRun) return false;
    return performance.now() >= written.retryAt && !this.has(key, wanted);
  }

  failureOf(key: TargetKey): string | undefined {
    return this.#written.get(key)?.because;
  }

  async apply(key: TargetKey, wanted: Desired): Promise<void> {
    const before = this.#written.get(key);
    const applied = await this.#apply(key, wanted);
    if (!applied.ok) return this.#failed(key, wanted, before, applied.error);
    const repaired = before?.text === wanted.text && before.content !== undefined;
    // Somebody who keeps undoing what is written is answered less and less often.
    const quarrel = repaired && performance.now() - before.at < quarrelMillis + pauseAfter(before.failures);
    const failures = quarrel ? before.failures + 1 : 0;
    const live = this.#objects.own.get(key);
    this.#note(key, wanted, failures, live === undefined ? {} : { content: live.content, uid: live.uid });
    if (repaired) this.#log.warn('an object was changed by somebody else and is repaired', { object: key });
    else this.#log.info(this.#target.dryRun ? 'an object would be written' : 'an object is written', { object: key });
  }

  /** Only of the state that was seen: who has changed it since, or made it anew, is seen first. */
  async remove(key: TargetKey, { path, uid, resourceVersion }: LiveObject): Promise<void> {
    const known = this.#removals.get(key);
    const before = known?.uid === uid ? known : undefined;
    if (this.#target.dryRun) {
      if (before?.resourceVersion !== resourceVersion) this.#log.info('an object would be removed', { object: key });
      this.#removals.set(key, { uid, resourceVersion, attempts: 1, retryAt: 0 });
      return;
    }
    const now = performance.now();
    if (before !== undefined && now < before.retryAt) return;
    // One that stays, since it cannot be removed or waits for somebody's finalizer, is asked for less and less often.
    const attempts = (before?.attempts ?? 0) + 1;
    this.#removals.set(key, { uid, resourceVersion, attempts, retryAt: now + pauseAfter(attempts) });
    const preconditions = { uid, resourceVersion };
    const sent = await this.#connection.send('DELETE', path, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions,
    });
    if (sent.ok) this.#log.info('an object is removed', { object: key });
    else if (sent.error.status === 404 || sent.error.status === 409) this.#removals.delete(key);
    else {
      this.#log.warn('an object cannot be removed', { object: key, because: sent.error.diagnostic.message });
    }
  }

  /** Drops what is known of objects that nobody wants any more. */
  forget(isWanted: (key: TargetKey) => boolean): void {
    for (const key of this.#written.keys()) if (!isWanted(key)) this.#written.delete(key);
    for (const key of this.#removals.keys()) {
      if (isWanted(key) || !this.#objects.own.has(key)) this.#removals.delete(key);
    }
  }

  async #apply(key: TargetKey, { object }: Desired): Promise<Result<undefined, string>> {
    const path = this.#objects.pathOf(object);
    if (path === undefined) {
      return err(
        `the cluster does not serve ${object.kind} (${object.apiVersion}); install the definitions of its API`,
      );
    }
    const live = this.#objects.own.get(key);
    const own = live === undefined ? await this.#lookFor(path, this.#written.get(key)?.uid) : ok(live.uid);
    if (!own.ok) return own;
    // With a uid the write is to that very object and fails when it was made anew; without one it fails when there is any.
    const sent = await serverSideApply(
      this.#connection,
      withMetadata(object, own.value === undefined ? { resourceVersion: noVersion } : { uid: own.value }),
      {
        fieldManager,
        force: own.value !== undefined,
        path,
        dryRun: this.#target.dryRun,
      },
    );
    if (!sent.ok) return err(reason(sent.error));
    if (!this.#target.dryRun && isRecord(sent.value)) this.#objects.put(sent.value);
    return ok(undefined);
  }

  /** The uid of an object of this name that may be written over; none when there is none at all. */
  async #lookFor(path: string, written: string | undefined): Promise<Result<string | undefined, string>> {
    const found = await this.#connection.get(path);
    if (!found.ok) return found.error.status === 404 ? ok(undefined) : err(reason(found.error));
    const object: Fields = isRecord(found.value) ? found.value : {};
    const { uid } = isRecord(object.metadata) ? object.metadata : {};
    if (this.#target.adopt || uid === written || isOwn(this.#target.id, object)) return ok(String(uid));
    return err('there is an object of that name which smi-mesh has not made; remove it, or allow --adopt');
  }

  #failed(key: TargetKey, wanted: Desired, before: Written | undefined, because: string): void {
    if (before?.because !== because) this.#log.error('an object is not written', { object: key, because });
    const uid = before?.uid === undefined ? {} : { uid: before.uid };
    this.#note(key, wanted, (before?.text === wanted.text ? before.failures : 0) + 1, { because, ...uid });
  }

  #note(
    key: TargetKey,
    { text }: Desired,
    failures: number,
    outcome: Pick<Written, 'because' | 'content' | 'uid'>,
  ): void {
    const now = performance.now();
    this.#written.set(key, { text, at: now, failures, retryAt: now + pauseAfter(failures), ...outcome });
  }
}

/** In milliseconds, before what failed so often is tried again. */
export function pauseAfter(failures: number): number {
  const [first, longest] = pauses;
  return failures === 0 ? 0 : Math.min(longest, first * 2 ** Math.min(failures - 1, 10));
}

function withMetadata(object: Fields, more: Fields): Fields {
  return { ...object, metadata: { ...(isRecord(object.metadata) ? object.metadata : {}), ...more } };
}

function reason({ diagnostic, status }: ClusterFault): string {
  return status === 409 ? `${diagnostic.message} (it was changed meanwhile)` : diagnostic.message;
}
