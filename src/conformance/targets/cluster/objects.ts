import type { ApiResult, Connection } from '../../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../../kubernetes-client/fault.ts';
import { objectPath } from '../../../kubernetes-client/write.ts';
import { isRecord } from '../../../lib/values.ts';
import type { Manifest, ObjectName } from '../../case.ts';

const notFound = 404;
const conflict = 409;
const forbidden = 403;
const refusals = [400, forbidden, notFound, 422];
const serverError = 500;
const attempts = 5;
/** Longer than a webhook may take. */
const answerMillis = 40_000;

/**
 * Creates an object, or puts it in the place of the one of its name. `refused` where the cluster will not have it (no such version, or
 * a field that its schema or a webhook refuses): whatever stood there goes on. Rejects when that cannot be found out.
 */
export async function put(connection: Connection, manifest: Manifest): Promise<'applied' | 'refused'> {
  const path = objectPath(manifest);
  const collection = path.slice(0, path.lastIndexOf('/'));
  for (let attempt = 1; ; attempt += 1) {
    const made = await connection.send('POST', collection, manifest, { timeout: answerMillis });
    if (made.ok) return 'applied';
    // A webhook, or the apiserver itself, has too much to do.
    if ((made.error.status ?? 0) >= serverError && attempt < attempts) continue;
    if (made.error.status !== conflict) return refusedOr(made.error);
    const written = await replace(connection, path, manifest);
    if (written.ok) return 'applied';
    // Somebody else has written it, or it has just gone.
    const { status = 0 } = written.error;
    const again = status === conflict || status === notFound || status >= serverError;
    if (!again || attempt === attempts) return refusedOr(written.error);
  }
}

async function replace(connection: Connection, path: string, manifest: Manifest): Promise<ApiResult> {
  const found = await connection.get(path);
  if (!found.ok) return found;
  const { metadata } = isRecord(found.value) ? found.value : {};
  const resourceVersion = isRecord(metadata) ? metadata.resourceVersion : undefined;
  const { metadata: own } = manifest;
  return connection.send('PUT', path, { ...manifest, metadata: { ...(own as object), resourceVersion } });
}

function refusedOr(error: ClusterFault): 'refused' {
  const { status, diagnostic } = error;
  // What this user may not do says nothing of the object.
  const unauthorized = status === forbidden && diagnostic.message.includes(' is forbidden: User ');
  if (status !== undefined && refusals.includes(status) && !unauthorized) return 'refused';
  throw new Error(diagnostic.message);
}

/** Removes an object, if it is there. */
export async function remove(connection: Connection, apiVersion: string, name: ObjectName): Promise<void> {
  const { kind, namespace, name: own } = name;
  const metadata = namespace === '' ? { name: own } : { namespace, name: own };
  const removed = await connection.send('DELETE', objectPath({ apiVersion, kind, metadata }));
  if (!removed.ok && removed.error.status !== notFound) throw new Error(removed.error.diagnostic.message);
}
