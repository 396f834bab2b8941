import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { type Definition, definitionsPath } from './definition.ts';

const pageSize = 200;
/** Between two objects, in milliseconds: it is no hurry, and others use the apiserver too. */
const pace = 5;

/**
 * Stores every object of a definition in its newest version, and then says that no other is stored. What is stored in an older
 * version can be read only while a webhook converts it: without one not even its namespace could be deleted. An object is
 * written as it is, and its version changes only if it was stored in an older one. Gives what hindered it, if anything did.
 */
export async function migrateStorage(
  connection: Connection,
  definition: Definition,
  signal: AbortSignal,
): Promise<ClusterFault | undefined> {
  const { group, names, versions } = definition.spec;
  const storage = versions.find((version) => version.storage)?.name ?? '';
  const root = `/apis/${group}/${storage}`;
  let token = '';
  do {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
    const page = await connection.get(`${root}/${names.plural}?${query}`, { signal });
    if (!page.ok) return page.error;
    const list = isRecord(page.value) ? page.value : {};
    for (const item of Array.isArray(list.items) ? list.items.filter(isRecord) : []) {
      if (signal.aborted) return undefined;
      const failed = await rewrite(connection, root, names.plural, item);
      if (failed !== undefined) return failed;
      await delay(pace, undefined, { signal }).catch(() => undefined);
    }
    const { continue: next } = isRecord(list.metadata) ? list.metadata : {};
    token = typeof next === 'string' ? next : '';
  } while (token !== '' && !signal.aborted);
  if (signal.aborted) return undefined;
  const path = `${definitionsPath}/${definition.metadata.name}/status`;
  const status = { status: { storedVersions: [storage] } };
  const written = await connection.send('PATCH', path, status, { contentType: 'application/merge-patch+json' });
  return written.ok ? undefined : written.error;
}

/** An empty patch: the apiserver writes the object only where its stored form differs from the newest. */
async function rewrite(
  connection: Connection,
  root: string,
  plural: string,
  { metadata }: Fields,
): Promise<ClusterFault | undefined> {
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  const within = typeof namespace === 'string' ? `/namespaces/${namespace}` : '';
  const path = `${root}${within}/${plural}/${name}`;
  const written = await connection.send('PATCH', path, {}, { contentType: 'application/merge-patch+json' });
  // Gone, or just written by somebody else, and so in the newest version.
  return written.ok || written.error.status === 404 || written.error.status === 409 ? undefined : written.error;
}
