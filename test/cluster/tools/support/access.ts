import { createAccount, created } from '../../support/accounts.ts';
import type { ApiClient } from '../../support/client.ts';

/** A namespace with an account that has the ClusterRole of its name. */
export async function bindRole(client: ApiClient, namespace: string, account: string): Promise<void> {
  await created(client, '/api/v1/namespaces', { metadata: { name: namespace } });
  await createAccount(client, namespace, account);
  await created(client, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: account },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
}
