import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { installedKinds, itemsOf, listPath, metadataOf } from '../../../src/install/kinds.ts';
import { systemNamespace, trustBundle } from '../../../src/kubernetes/names.ts';
import { type Fields, isRecord } from '../../../src/lib/values.ts';
import { parseYaml } from '../../../src/source/yaml.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { runBuiltCli } from '../support/cli.ts';
import { adminOf } from '../support/client.ts';
import { startConversionWebhook } from '../support/conversion-webhook.ts';
import { crdsPath, install, objectsPath, shippedCrds } from '../support/crds.ts';
import { chart, helm, helmMissing, kubeVersion } from '../support/helm.ts';
import { runKubectl } from '../support/kubectl.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const access = await startTestCluster();
const client = adminOf(access);
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-hook-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const release = ['smi-mesh', '--namespace', systemNamespace];

/** The hook's objects, but for the Job: nothing runs one here. */
function hookObjects(): readonly Fields[] {
  const parsed = parseYaml(
    helm(['template', ...release, chart, ...kubeVersion, '-s', 'templates/uninstall-hook.yaml']),
  );
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return parsed.value.filter(isRecord);
}

/** What the Job of the hook runs. */
function hookArguments(): readonly string[] {
  const job = hookObjects().find(({ kind }) => kind === 'Job') as {
    spec: { template: { spec: { containers: [{ args: readonly string[] }] } } };
  };
  return job.spec.template.spec.containers[0].args;
}

describe.skipIf(helmMissing)('helm uninstall', () => {
  test('with the rights of its hook leaves SMI objects that can be read, and nothing of the mesh', async () => {
    helm(['install', ...release, chart, '--create-namespace'], access.kubeconfig);
    const webhook = await startConversionWebhook();
    for (const crd of shippedCrds()) await install(client, webhook.servedBy(crd));
    const [split] = shippedCrds().filter(({ metadata }) => metadata.name.startsWith('trafficsplits.'));
    if (split === undefined) throw new Error('no definition');
    // As if a release that stored v1alpha4 had followed one that stored v1alpha2.
    await client.patch(`${crdsPath}/${split.metadata.name}/status`, {
      status: { storedVersions: ['v1alpha2', 'v1alpha4'] },
    });
    const object = {
      apiVersion: 'split.smi-spec.io/v1alpha2',
      kind: 'TrafficSplit',
      metadata: { name: 'bookstore' },
      spec: { service: 'bookstore', backends: [{ service: 'bookstore-v1', weight: 90 }] },
    };
    expect((await client.post(objectsPath(split, 'v1alpha2', 'default'), object)).status).toBe(201);
    for (const name of ['smi-mesh-ca', 'smi-mesh-webhook-tls', 'of-somebody-else']) {
      await client.post(`/api/v1/namespaces/${systemNamespace}/secrets`, { metadata: { name } });
    }
    await client.post('/api/v1/namespaces/default/configmaps', { metadata: { name: trustBundle.configMap } });

    const rights = hookObjects().filter(({ kind }) => kind !== 'Job');
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: rights });
    expect((await runKubectl(access.kubeconfig, ['apply', '--filename=-'], list)).stderr).toBe('');
    const kubeconfig = join(folder, 'kubeconfig');
    await writeAccountKubeconfig(access, { namespace: systemNamespace, account: 'smi-mesh-uninstall' }, kubeconfig);
    const hook = await runBuiltCli([...hookArguments(), '--kubeconfig', kubeconfig]);
    expect(hook.stderr).not.toContain('error');
    expect(hook.status).toBe(0);
    await runKubectl(access.kubeconfig, ['delete', '--filename=-'], list);
    await webhook.close();
    helm(['uninstall', ...release, '--no-hooks'], access.kubeconfig);

    expect((await client.get(`${objectsPath(split, 'v1alpha4', 'default')}/bookstore`)).status).toBe(200);
    const definition = await client.get(`${crdsPath}/${split.metadata.name}`);
    expect(definition.body.status).toMatchObject({ storedVersions: ['v1alpha4'] });
    expect(definition.body.spec).toMatchObject({ conversion: { strategy: 'None' } });
    const secrets = itemsOf((await client.get(`/api/v1/namespaces/${systemNamespace}/secrets`)).body);
    expect(secrets.map((secret) => metadataOf(secret).name)).toEqual(['of-somebody-else']);
    expect((await client.get(`/api/v1/namespaces/default/configmaps/${trustBundle.configMap}`)).status).toBe(404);
    for (const kind of installedKinds.filter(({ apiVersion }) => !apiVersion.startsWith('cert-manager'))) {
      const { body } = await client.get(`${listPath(kind)}?labelSelector=app.kubernetes.io/part-of=smi-mesh`);
      expect([kind.kind, itemsOf(body)]).toEqual([kind.kind, []]);
    }
  });
});
