import { isDeepStrictEqual } from 'node:util';
import { assembleChanges } from '../../compile/assemble.ts';
import type { InputChanges, ObjectState } from '../../compile/index.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { describeObject, type ObjectKey } from '../../diagnostics/origin.ts';
import { compareText } from '../../lib/collections.ts';
import type { SourceDocument } from '../../source/types.ts';
import { type Documents, LastGoodFile } from '../last-good.ts';

export interface ObjectsTaken {
  readonly changes: InputChanges;
  /** Objects whose version in force is another than before, and how they were. */
  readonly changed: ReadonlyMap<ObjectKey, SourceDocument | undefined>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The objects of a cluster: as they are there, and as they are in force. An object with an error keeps its last good
 * version, which survives this process where there is a directory for it.
 */
export class ClusterObjects {
  readonly #stated = new Map<ObjectKey, SourceDocument>();
  readonly #inForce = new Map<ObjectKey, SourceDocument>();
  /** Of objects that have any. */
  readonly #findings = new Map<ObjectKey, readonly Diagnostic[]>();
  readonly #refused = new Set<ObjectKey>();
  readonly #touched = new Set<ObjectKey>();
  /** Good versions of objects that had an error when the process before this one ended. */
  readonly #stored: Documents;
  readonly #file: LastGoodFile | undefined;
  #unreported: readonly Diagnostic[];

  constructor(directory: string | undefined) {
    this.#file = directory === undefined ? undefined : new LastGoodFile(directory);
    const { documents, diagnostics } = this.#file?.read() ?? { documents: new Map(), diagnostics: [] };
    this.#stored = documents;
    this.#unreported = diagnostics;
  }

  get inForce(): Documents {
    return this.#inForce;
  }

  /** As the apiserver has them, errors and all. */
  get stated(): Documents {
    return this.#stated;
  }

  get refused(): readonly ObjectKey[] {
    return [...this.#refused].sort(compareText);
  }

  /** Whether that is news. */
  set(document: SourceDocument): boolean {
    const before = this.#stated.get(document.key);
    if (before !== undefined && isDeepStrictEqual(before.object, document.object)) return false;
    this.#stated.set(document.key, document);
    this.#touched.add(document.key);
    return true;
  }

  /** Whether that is news. */
  remove(key: ObjectKey): boolean {
    if (!this.#stated.delete(key)) return false;
    this.#touched.add(key);
    return true;
  }

  /** What has changed since the last call. */
  take(): ObjectsTaken {
    const changes = new Map<ObjectKey, ObjectState | undefined>();
    const changed = new Map<ObjectKey, SourceDocument | undefined>();
    const keptBefore = this.#kept();
    for (const key of this.#touched) {
      const before = this.#inForce.get(key);
      changes.set(key, this.#settle(key, before ?? this.#stored.get(key)));
      if (this.#inForce.get(key) !== before) changed.set(key, before);
    }
    this.#touched.clear();
    const kept = this.#kept();
    const unwritten = isDeepStrictEqual(kept, keptBefore) ? [] : (this.#file?.write(kept) ?? []);
    const diagnostics = [...this.#unreported, ...[...this.#findings.values()].flat(), ...unwritten];
    this.#unreported = [];
    return { changes, changed, diagnostics };
  }

  #settle(key: ObjectKey, lastGood: SourceDocument | undefined): ObjectState | undefined {
    this.#refused.delete(key);
    this.#findings.delete(key);
    const document = this.#stated.get(key);
    const { state, diagnostics } = read(key, document);
    if (diagnostics.length > 0) this.#findings.set(key, diagnostics);
    if (state === undefined || document === undefined) {
      this.#inForce.delete(key);
      return undefined;
    }
    if ('object' in state) {
      this.#inForce.set(key, document);
      return state;
    }
    this.#refused.add(key);
    const good = lastGood === undefined ? undefined : read(key, lastGood).state;
    if (lastGood === undefined || good === undefined || !('object' in good)) {
      this.#inForce.delete(key);
      return state;
    }
    this.#inForce.set(key, lastGood);
    const message = `${describeObject(key)} stays in force as it was before the error`;
    this.#findings.set(key, [...diagnostics, diagnostic('SMI6001', { message, origin: { object: key, path: '' } })]);
    return good;
  }

  /** Versions in force that the cluster does not have. */
  #kept(): Documents {
    return new Map(
      [...this.#refused].flatMap((key): [ObjectKey, SourceDocument][] => {
        const document = this.#inForce.get(key);
        return document === undefined ? [] : [[key, document]];
      }),
    );
  }
}

function read(key: ObjectKey, document: SourceDocument | undefined) {
  const { changes, diagnostics } = assembleChanges(new Map([[key, document === undefined ? [] : [document]]]));
  return { state: changes.get(key), diagnostics };
}
