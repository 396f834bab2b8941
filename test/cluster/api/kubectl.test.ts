import { expect, test } from 'vitest';
import { runKubectl } from '../support/kubectl.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const { kubeconfig } = await startTestCluster();

test('kubectl applies, reads and is refused as the user of its context', async () => {
  const account = JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'buyer' } });
  expect(await runKubectl(kubeconfig, ['apply', '--filename=-'], account)).toEqual({
    status: 0,
    stdout: 'serviceaccount/buyer created\n',
    stderr: '',
  });
  const { stdout } = await runKubectl(kubeconfig, ['get', 'serviceaccounts', '--output=name']);
  expect(stdout).toBe('serviceaccount/buyer\n');
  const refused = await runKubectl(kubeconfig, ['--context=guest', 'delete', 'serviceaccount', 'buyer']);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('User "guest" cannot delete resource "serviceaccounts"');
});
