import { setTimeout as delay } from 'node:timers/promises';
import { ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { ApiResult, Connection } from './connect.ts';
import type { ClusterFault } from './fault.ts';

/** A custom resource definition whose objects are meant. */
export interface StoredKind {
  /** Of the definition. */
  readonly name: string;
  readonly group: string;
  readonly plural: string;
  /** In which new objects are stored. */
  readonly storageVersion: string;
}

const pageSize = 200;
/** Between two objects, in milliseconds: it is no hurry, and others use the apiserver too. */
const pace = 5;
const contentType = 'application/merge-patch+json';

/**
 * Stores every object of a definition in its storage version, and then says so in its status. What is stored in an older
 * version can be read only while a webhook converts it: without one not even its namespace could be deleted. No object
 * changes, and only those are written whose stored form does.
 */
export async function migrateStorage(
  connection: Connection,
  { name, group, plural, storageVersion }: StoredKind,
  signal: AbortSignal,
): Promise<Result<void, ClusterFault>> {
  const root = `/apis/${group}/${storageVersion}`;
  let token = '';
  do {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
    const page = await connection.get(`${root}/${plural}?${query}`, { signal });
    if (!page.ok) return page;
    const list = isRecord(page.value) ? page.value : {};
    for (const item of Array.isArray(list.items) ? list.items.filter(isRecord) : []) {
      if (signal.aborted) return ok(undefined);
      const written = await rewrite(connection, root, plural, item);
      // Gone, or just written by somebody else, and so in the newest version.
      if (!written.ok && written.error.status !== 404 && written.error.status !== 409) return written;
      await delay(pace, undefined, { signal }).catch(() => undefined);
    }
    const { continue: next } = isRecord(list.metadata) ? list.metadata : {};
    token = typeof next === 'string' ? next : '';
  } while (token !== '' && !signal.aborted);
  if (signal.aborted) return ok(undefined);
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}/status`;
  const status = { status: { storedVersions: [storageVersion] } };
  const written = await connection.send('PATCH', path, status, { contentType });
  return written.ok ? ok(undefined) : written;
}

/** An empty patch: the apiserver writes the object where its stored form differs from the newest. */
function rewrite(connection: Connection, root: string, plural: string, { metadata }: Fields): Promise<ApiResult> {
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  const within = typeof namespace === 'string' ? `/namespaces/${namespace}` : '';
  return connection.send('PATCH', `${root}${within}/${plural}/${name}`, {}, { contentType });
}
