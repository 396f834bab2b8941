import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { ok, type Result } from '../lib/result.ts';
import { type Definition, definitionsPath, storageVersion, versionsOf } from './definitions.ts';
import { at } from './kinds.ts';

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
