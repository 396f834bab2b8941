import { writeFileSync } from 'node:fs';
import type { ClusterAccess } from './access.ts';
import { accountToken } from './accounts.ts';
import { adminOf } from './client.ts';

/** Of tokens for the apiserver itself. */
const audience = 'https://kubernetes.default.svc.cluster.local';

/** Writes a kubeconfig with which a program acts as a ServiceAccount, and may do just what that may. */
export async function writeAccountKubeconfig(
  access: ClusterAccess,
  { namespace, account }: { readonly namespace: string; readonly account: string },
  file: string,
): Promise<void> {
  const token = await accountToken(adminOf(access), { namespace, account, audience, seconds: 3_600 });
  const cluster = { server: access.url, 'certificate-authority-data': Buffer.from(access.ca).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: account, user: { token } }],
    contexts: [{ name: account, context: { cluster: 'test', user: account } }],
    'current-context': account,
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
}
