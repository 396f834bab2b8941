import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ensureKubernetes } from '../../../scripts/kubernetes.mjs';
import { isAlive, until } from '../../e2e/support/mesh.ts';
import { adminOf } from '../support/client.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';

test('a cluster that is stopped leaves no program and no file', async () => {
  const cluster = await startCluster(ensureKubernetes());
  const { body } = await adminOf(cluster).get('/version');
  expect(body.major).toBe('1');
  expect(JSON.parse(readFileSync(cluster.kubeconfig, 'utf8'))).toMatchObject({ 'current-context': 'admin' });
  await cluster.stop();
  expect(cluster.pids.map(isAlive)).toEqual([false, false]);
  expect(existsSync(dirname(cluster.kubeconfig))).toBe(false);
});

test('two clusters run side by side and know nothing of each other', async () => {
  const [one, other] = await Promise.all([startCluster(ensureKubernetes()), startCluster(ensureKubernetes())]);
  try {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    expect((await adminOf(one).post(accounts, { metadata: { name: 'mine' } })).status).toBe(201);
    expect((await adminOf(other).get(`${accounts}/mine`)).status).toBe(404);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
  }
});

// Programs that somebody else built do not watch who started them.
test.skipIf(process.env.KUBEBUILDER_ASSETS)('a run that is killed leaves no program behind', async () => {
  const script = fileURLToPath(new URL('../support/abandoned.ts', import.meta.url));
  const run = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(run.stdout.setEncoding('utf8'), 'data');
  const cluster = JSON.parse(line as string) as Cluster;
  expect(cluster.pids.map(isAlive)).toEqual([true, true]);
  run.kill('SIGKILL');
  await until(
    () => !cluster.pids.some(isAlive),
    20_000,
    () => 'both programs end',
  );
  rmSync(dirname(cluster.kubeconfig), { recursive: true, force: true });
});
