import type { ApiResult, Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import { decodeCredential, encodeCredential, type WebhookCredential } from './credential.ts';

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** A Secret as it was read. */
export interface StoredCredential {
  /** Absent: there is no Secret yet. */
  readonly resourceVersion?: string;
  readonly credential: Result<WebhookCredential, string>;
}

export function secretsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets`;
}

export async function readSecret(
  connection: Connection,
  { namespace, name }: SecretName,
): Promise<Result<StoredCredential, ClusterFault>> {
  const found = await connection.get(`${secretsPath(namespace)}/${name}`);
  if (!found.ok) return found.error.status === 404 ? ok({ credential: err('there is none yet') }) : found;
  const secret = isRecord(found.value) ? found.value : {};
  const { resourceVersion } = isRecord(secret.metadata) ? secret.metadata : {};
  return ok({
    credential: decodeCredential(secret),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  });
}

/** Writes over what was read, and nothing else: whoever was faster wins (409). */
export async function writeSecret(
  connection: Connection,
  { namespace, name }: SecretName,
  credential: WebhookCredential,
  resourceVersion: string | undefined,
): Promise<ApiResult> {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'smi-mesh' },
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    data: encodeCredential(credential),
  };
  const path = secretsPath(namespace);
  return resourceVersion === undefined
    ? await connection.send('POST', path, secret)
    : await connection.send('PUT', `${path}/${name}`, secret);
}
