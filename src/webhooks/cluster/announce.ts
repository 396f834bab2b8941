import type { Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { serverSideApply } from '../../kubernetes-client/write.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import { fieldManager } from './field-manager.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';
export const configurationKinds = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'] as const;

/**
 * Tells the apiserver whom to trust when it calls the webhooks of a configuration; the installation wrote everything else of
 * it. `missing`: there is no such configuration.
 */
export async function announceBundle(
  connection: Connection,
  kind: (typeof configurationKinds)[number],
  name: string,
  caBundle: string,
): Promise<Result<'announced' | 'missing', ClusterFault>> {
  const found = await connection.get(`/apis/${apiVersion}/${kind.toLowerCase()}s/${name}`);
  if (!found.ok) return found.error.status === 404 ? ok('missing') : err(found.error);
  const listed = isRecord(found.value) && Array.isArray(found.value.webhooks) ? found.value.webhooks : [];
  const webhooks = listed.filter(isRecord).map((webhook) => ({ name: webhook.name, clientConfig: { caBundle } }));
  if (webhooks.length === 0) return ok('announced');
  const object = { apiVersion, kind, metadata: { name }, webhooks };
  const applied = await serverSideApply(connection, object, { fieldManager, force: true });
  return applied.ok ? ok('announced') : err(applied.error);
}
