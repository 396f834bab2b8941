import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { ok, type Result } from '../lib/result.ts';
import { type Definition, definitionsPath, storageVersion, storedVersions, versionsOf } from './definitions.ts';
import { at, itemsOf, metadataOf } from './kinds.ts';

/**
 * Leaves a definition such that the apiserver needs nobody to serve it: only the version that objects are stored in is
 * served. Without that, reading an object in another version would fail for ever, and with it every deletion of a
 * namespace. All objects have to be stored
 * in that version (`migrateStorage`).
 */
export async function releaseDefinition(
  connection: Connection,
  { name, live }: Definition,
): Promise<Result<void, ClusterFault>> {
  if (live === undefined || at(live, 'spec', 'conversion', 'strategy') !== 'Webhook') return ok(undefined);
  const storage = storageVersion(live);
  const versions = versionsOf(live).map((version) => ({ ...version, served: version.name === storage }));
  // A merge patch replaces lists as a whole, and `null` takes the webhook away, which may not stand beside `None`.
  const patch = { spec: { versions, conversion: { strategy: 'None', webhook: null } } };
  const contentType = 'application/merge-patch+json';
  const patched = await connection.send('PATCH', `${definitionsPath}/${name}`, patch, { contentType });
  return patched.ok ? ok(undefined) : patched;
}

const pageSize = 200;

/**
 * Writes the objects of a definition back as they are, so that all are stored in its storage version, and says so in its
 * status. Needs the conversion; does nothing where it is so already.
 */
export async function migrateStorage(
  connection: Connection,
  { name, group, plural, live }: Definition,
): Promise<Result<void, ClusterFault>> {
  if (live === undefined) return ok(undefined);
  const storage = storageVersion(live);
  if (storedVersions(live).every((version) => version === storage)) return ok(undefined);
  const list = `/apis/${group}/${storage}/${plural}`;
  let token: unknown = '';
  do {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token ? { continue: String(token) } : {}) });
    const page = await connection.get(`${list}?${query}`);
    if (!page.ok) return page;
    for (const object of itemsOf(page.value)) {
      const metadata = metadataOf(object);
      const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
      const path = `/apis/${group}/${storage}${namespace}/${plural}/${metadata.name}`;
      const written = await connection.send('PUT', path, object);
      // 409: somebody else has just written it, in the same version. 404: it is gone.
      if (!written.ok && written.error.status !== 409 && written.error.status !== 404) return written;
    }
    token = at(page.value, 'metadata', 'continue');
  } while (token);
  const patch = { status: { storedVersions: [storage] } };
  const contentType = 'application/merge-patch+json';
  const patched = await connection.send('PATCH', `${definitionsPath}/${name}/status`, patch, { contentType });
  return patched.ok ? ok(undefined) : patched;
}
