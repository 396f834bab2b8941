import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { changedFields } from './difference.ts';
import { installedKinds, itemsOf, labelsOf, listPath, objectPath, titleOf } from './kinds.ts';

/** What applying one object does, or would do. */
export interface AppliedObject {
  readonly title: string;
  readonly change: 'created' | 'changed' | 'unchanged' | 'removed';
  /** Paths of the fields that change. */
  readonly fields: readonly string[];
}

export interface ApplyOptions {
  /** Asks the apiserver what would happen, and changes nothing. */
  readonly dryRun: boolean;
  readonly onApplied?: (applied: AppliedObject) => void;
}

/** Owner of the fields that are applied. */
const fieldManager = 'smi-cli';
/** Value of the label `app.kubernetes.io/managed-by`. */
export const managedBy = 'smi-cli';

/** Applies objects in order, and removes those of an earlier installation that are no longer among them. */
export async function applyInstallation(
  connection: Connection,
  objects: readonly Fields[],
  namespace: string,
  options: ApplyOptions,
): Promise<Result<readonly AppliedObject[], ClusterFault>> {
  const results: AppliedObject[] = [];
  const add = (applied: AppliedObject) => {
    results.push(applied);
    options.onApplied?.(applied);
  };
  for (const object of objects) {
    const applied = await applyOne(connection, object, options.dryRun);
    if (!applied.ok) return applied;
    add(applied.value);
  }
  const left = await leftOver(connection, new Set(objects.map(titleOf)), namespace);
  if (!left.ok) return left;
  for (const object of left.value) {
    if (!options.dryRun) {
      const removed = await connection.send('DELETE', objectPath(object));
      if (!removed.ok && removed.error.status !== 404) return removed;
    }
    add({ title: titleOf(object), change: 'removed', fields: [] });
  }
  return ok(results);
}

async function applyOne(
  connection: Connection,
  object: Fields,
  dryRun: boolean,
): Promise<Result<AppliedObject, ClusterFault>> {
  const path = objectPath(object);
  const title = titleOf(object);
  const before = await connection.get(path);
  if (!before.ok && before.error.status !== 404) return before;
  // In a dry run there is no namespace yet in which the apiserver could look at the object.
  if (!before.ok && dryRun) return ok({ title, change: 'created', fields: [] });
  const query = new URLSearchParams({ fieldManager, force: 'true', ...(dryRun ? { dryRun: 'All' } : {}) });
  const contentType = 'application/apply-patch+yaml';
  const after = await connection.send('PATCH', `${path}?${query}`, object, { contentType });
  if (!after.ok) return after;
  if (!before.ok) return ok({ title, change: 'created', fields: [] });
  const fields = isRecord(before.value) && isRecord(after.value) ? changedFields(before.value, after.value) : [];
  return ok({ title, change: fields.length > 0 ? 'changed' : 'unchanged', fields });
}

/** What an earlier installation by this program brought and this one does not. */
async function leftOver(
  connection: Connection,
  wanted: ReadonlySet<string>,
  namespace: string,
): Promise<Result<readonly Fields[], ClusterFault>> {
  const found: Fields[] = [];
  for (const kind of installedKinds) {
    const path = `${listPath(kind, namespace)}?labelSelector=app.kubernetes.io/part-of=smi-mesh`;
    const list = await connection.get(path);
    if (!list.ok) {
      // A kind that this cluster does not have.
      if (list.error.status === 404) continue;
      return err(list.error);
    }
    const objects = itemsOf(list.value).map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind }));
    found.push(...objects.filter((object) => isOwn(object) && !wanted.has(titleOf(object))));
  }
  return ok(found.filter(({ kind }) => kind !== 'Namespace'));
}

/** What this program has put there; what the controller writes for itself says otherwise. */
function isOwn(object: Fields): boolean {
  return labelsOf(object)['app.kubernetes.io/managed-by'] === managedBy;
}
