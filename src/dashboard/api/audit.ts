import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Change } from '../../analysis/changes.ts';
import { diffModels } from '../../analysis/diff.ts';
import { jsonDifferences } from '../../control/admin/json-diff.ts';
import type { ChangedObject, MeshChange } from '../../control/mesh-view.ts';
import { describeObject, type Locate } from '../../diagnostics/origin.ts';
import type { MeshModel } from '../../model/types.ts';
import type { AuditDetail, AuditEntry, AuditObject, AuditPage } from './contract.ts';
import { placeOf } from './places.ts';

const maxEntries = 100;
const maxObjects = 50;
/** Beyond so many pairs of client and Service the traffic of two models is not compared: others wait for this process. */
const maxPairs = 20_000;

interface Noted {
  readonly entry: AuditEntry;
  readonly before?: MeshModel;
  readonly after: MeshModel;
  traffic?: readonly Change[];
}

/** What changed since this process serves the mesh. */
export class Audit {
  readonly #noted: Noted[] = [];

  note({ at, generation, cause, savedAt, objects, before, after }: MeshChange, locate: Locate): void {
    const entry: AuditEntry = {
      id: generation,
      at,
      cause,
      ...(savedAt === undefined ? {} : { savedAt }),
      objects: objects.slice(0, maxObjects).map((object) => auditObject(object, locate)),
    };
    this.#noted.push({ entry, ...(before === undefined ? {} : { before }), after });
    if (this.#noted.length > maxEntries) this.#noted.shift();
  }

  page(): AuditPage {
    return { changes: this.#noted.map(({ entry }) => entry).toReversed() };
  }

  /** Nothing for a change that is not known, or no longer. */
  detail(id: number): AuditDetail | undefined {
    const noted = this.#noted.find(({ entry }) => entry.id === id);
    if (noted === undefined) return undefined;
    const { entry, before, after } = noted;
    if (before === undefined) return { ...entry, traffic: [], problem: 'nothing was published before' };
    if (pairs(after) > maxPairs) return { ...entry, traffic: [], problem: 'the mesh is too large: use smi-cli diff' };
    noted.traffic ??= diffModels(before, after);
    return { ...entry, traffic: noted.traffic };
  }
}

function pairs({ services, workloads }: MeshModel): number {
  const identities = new Set(Object.values(workloads).map(({ identity }) => identity));
  return identities.size * Object.keys(services).length;
}

function auditObject({ key, before, after }: ChangedObject, locate: Locate): AuditObject {
  const who = after?.writer?.manager ?? (after === undefined ? undefined : fileOwner(after.file));
  const writtenAt = Date.parse(after?.writer?.time ?? '');
  const place = placeOf(key, locate);
  return {
    object: describeObject(key),
    change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    ...(who === undefined ? {} : { who }),
    ...(Number.isNaN(writtenAt) ? {} : { writtenAt }),
    ...(place.file === undefined ? {} : { place }),
    fields:
      before === undefined || after === undefined
        ? []
        : jsonDifferences(before.object, after.object)
            .filter(({ path }) => !isBookkeeping(path))
            .map(({ path, has, wants }) => ({ path, before: has, after: wants })),
  };
}

/** What the apiserver counts. */
function isBookkeeping(path: string): boolean {
  return /^metadata\.(managedFields|generation|resourceVersion|uid|creationTimestamp)/.test(path);
}

/** The user that a file belongs to: by name where that is this process's own, otherwise by number. */
function fileOwner(file: string): string | undefined {
  const uid = statSync(file, { throwIfNoEntry: false })?.uid;
  if (uid === undefined) return undefined;
  const own = userInfo();
  return uid === own.uid ? own.username : `user ${uid}`;
}
