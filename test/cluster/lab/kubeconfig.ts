import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiserverUrl } from './addresses.ts';
import { tokenOf } from './keys.ts';

/** The text of a kubeconfig for a user, or for a node by its name. JSON is YAML too. */
export function kubeconfigOf(keys: string, user: string): string {
  const ca = readFileSync(join(keys, 'ca.crt')).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server: apiserverUrl, 'certificate-authority-data': ca } }],
    users: [{ name: user, user: { token: tokenOf(user) } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user } }],
    'current-context': 'lab',
  });
}
