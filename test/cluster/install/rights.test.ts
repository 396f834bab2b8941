import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChart } from '../../../src/chart/chart.ts';
import { at } from '../../../src/install/kinds.ts';
import { systemNames, systemNamespace } from '../../../src/kubernetes/names.ts';
import { until } from '../../e2e/support/mesh.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { adminOf } from '../support/client.ts';
import { ControllerProcess } from '../support/controller.ts';
import { type ConversionWebhook, startConversionWebhook } from '../support/conversion-webhook.ts';
import { install, shippedCrds } from '../support/crds.ts';
import { runKubectl } from '../support/kubectl.ts';
import { describeRight, needs, type Right, type Rule, readAudit, rightsOf, rulesOf } from '../support/rights.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster({ audited: true });
const client = adminOf(cluster);
const user = `system:serviceaccount:${systemNamespace}:${systemNames.controller}`;
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-rights-'));
const kubeconfig = join(folder, 'kubeconfig');
let webhook: ConversionWebhook;
const running: ControllerProcess[] = [];

const rendered = readChart().render(
  { name: 'smi-mesh', namespace: systemNamespace, service: 'test' },
  { createNamespace: true },
);
if (!rendered.ok) throw new Error(rendered.error.join('\n'));
const objects = rendered.value.map(({ object }) => object);
const rolePaths = {
  ClusterRole: `/apis/rbac.authorization.k8s.io/v1/clusterroles/${systemNames.controller}`,
  Role: `/apis/rbac.authorization.k8s.io/v1/namespaces/${systemNamespace}/roles/${systemNames.controller}`,
} as const;
const roleKinds = Object.keys(rolePaths) as (keyof typeof rolePaths)[];

function rulesIn(kind: string): readonly Rule[] {
  const role = objects.find(
    (object) => object.kind === kind && at(object, 'metadata', 'name') === systemNames.controller,
  );
  return at(role, 'rules') as readonly Rule[];
}

const rights = roleKinds.flatMap((kind) => rightsOf(kind, rulesIn(kind)));

beforeAll(async () => {
  webhook = await startConversionWebhook();
  for (const crd of shippedCrds()) await install(client, webhook.servedBy(crd));
  // What the chart brings, but no pods, and nobody asks webhooks that are not there.
  const items = objects.filter(({ kind }) => !/^(Deployment|.*WebhookConfiguration)$/.test(String(kind)));
  const applied = await runKubectl(
    cluster.kubeconfig,
    ['apply', '--server-side', '--filename=-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );
  expect(applied.status).toBe(0);
  await writeAccountKubeconfig(cluster, { namespace: systemNamespace, account: systemNames.controller }, kubeconfig);
  const config = objects.find(({ kind }) => kind === 'ConfigMap');
  writeFileSync(join(folder, 'config.yaml'), String(at(config, 'data', 'config.yaml')));
});

afterAll(async () => {
  await Promise.all(running.map((controller) => controller.stop('SIGKILL')));
  await webhook.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(): ControllerProcess {
  const args = ['--config', join(folder, 'config.yaml'), '--namespace', systemNamespace];
  const controller = new ControllerProcess({ kubeconfig }, args);
  running.push(controller);
  return controller;
}

const noted = () => readAudit(cluster.auditLog, user);

test('the rights of the chart are enough', async () => {
  const controller = start();
  await until(
    async () => (await controller.get('health', '/readyz')).status === 200,
    60_000,
    () => controller.tail(),
  );
  await controller.stop();
  expect(noted().filter(({ code }) => code === 403)).toEqual([]);
  expect(noted().length).toBeGreaterThan(10);
  const unused = rights.filter((right) => !noted().some((request) => needs(request, right, systemNamespace)));
  expect(unused.map(describeRight)).toEqual([]);
});
