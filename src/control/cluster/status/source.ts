import type { ObjectKey } from '../../../diagnostics/origin.ts';
import type { LocatedDiagnostic } from '../../messages.ts';
import type { ProxyRefusal } from '../../refusals/refusal.ts';
import type { BackendCounts } from './settling-shares.ts';

/** An object whose status is written, as the cluster has it. */
export interface StatusSubject {
  readonly key: ObjectKey;
  /** Of the object at the apiserver, in the version that is watched. */
  readonly path: string;
  readonly apiVersion: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly status: unknown;
}

/** What the writer of status asks of a running control plane. */
export interface StatusSource {
  subjects(): Iterable<StatusSubject>;
  /** All that is wrong with what is in force or refused. */
  findings(): readonly LocatedDiagnostic[];
  /** Objects that have an error, whether or not a last good version is in force. */
  refused(): ReadonlySet<ObjectKey>;
  /** What proxies refuse now. */
  refusals(): readonly ProxyRefusal[];
  /** Whether objects are translated for another mesh, which carries the traffic. */
  readonly translated: boolean;
  /** Why something that an object is translated to is not in the cluster, where objects are translated. */
  unapplied(): ReadonlyMap<ObjectKey, string>;
  /** Whether every connected proxy has the object as it is now. */
  landed(subject: StatusSubject): boolean;
  /** Finds out what has landed: whether that is more than before, and whether something has not. */
  refresh(): Promise<{ readonly landed: boolean; readonly open: boolean }>;
  /** The weights of the splits in force, by backend as `NAMESPACE/SERVICE`. */
  weights(): ReadonlyMap<ObjectKey, BackendCounts>;
  /** Tells of changes of any of these until the returned function is called. */
  watch(watcher: () => void): () => void;
}
