import type { Connection } from '../kubernetes-client/connect.ts';
import { type ClusterFault, fault } from '../kubernetes-client/fault.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { managedBy } from './apply.ts';
import { at } from './kinds.ts';

const name = 'smi-mesh-values';
const key = 'values.json';

/** A ConfigMap with the values that an installation was made with, from which an upgrade goes on. */
export function valuesObject(namespace: string, values: Fields): Fields {
  const labels = { 'app.kubernetes.io/part-of': 'smi-mesh', 'app.kubernetes.io/managed-by': managedBy };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels },
    data: { [key]: JSON.stringify(values) },
  };
}

/** The values of an installation by this program; none when it was made without. */
export async function readValues(connection: Connection, namespace: string): Promise<Result<Fields, ClusterFault>> {
  const found = await connection.get(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (!found.ok) return found.error.status === 404 ? ok({}) : found;
  try {
    const values: unknown = JSON.parse(String(at(found.value, 'data', key)));
    if (isRecord(values)) return ok(values);
  } catch {
    // Whoever upgrades must not lose settings without a word.
  }
  return err(fault(`ConfigMap ${namespace}/${name} does not hold the values of the installation in ${key}`));
}
