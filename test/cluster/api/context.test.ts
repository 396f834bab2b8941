import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { wantedKinds } from '../../../src/control/cluster/kinds.ts';
import { readCluster } from '../../../src/kubernetes-client/read-cluster.ts';
import type { SourceDocument } from '../../../src/source/types.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type CliRun, runCli } from '../../support/run-cli.ts';
import { create } from '../support/apply.ts';
import { type ApiObject, adminOf, apiClient } from '../support/client.ts';
import { type ConversionWebhook, startConversionWebhook } from '../support/conversion-webhook.ts';
import { install, shippedCrds } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const example = 'examples/bookstore';
const buyer = ['--from', 'bookbuyer', '--to', 'bookstore:14001', '--path', '/books-bought'];
const thief = ['--from', 'bookthief', '--to', 'bookstore:14001', '--path', '/books-bought'];

const access = await startTestCluster();
const client = adminOf(access);
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-context-'));
let webhook: ConversionWebhook;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command on the cluster; the kubeconfig is found as `kubectl` finds it. */
function onCluster(...args: readonly string[]): Promise<CliRun> {
  return runCli(args, { env: { KUBECONFIG: access.kubeconfig } });
}

async function documents(): Promise<readonly SourceDocument[]> {
  const read = await readCluster({ kubeconfig: access.kubeconfig }, wantedKinds());
  if (!read.ok) throw new Error(read.error.message);
  return read.value.documents;
}

test('a cluster that serves no SMI kind is read all the same', async () => {
  // The apiserver makes its own Service a moment after it is ready.
  let keys: readonly string[] = [];
  const read = async () => {
    keys = (await documents()).map(({ key }) => key);
    return keys.includes('core/Service/default/kubernetes');
  };
  await until(read, 20_000, () => `its Service among ${keys.join(', ')}`);
  expect(keys.filter((key) => key.includes('smi-spec.io'))).toEqual([]);
});

describe('a cluster with the bookstore', () => {
  beforeAll(async () => {
    webhook = await startConversionWebhook();
    for (const crd of shippedCrds()) await install(client, webhook.servedBy(crd));
    // Beside the objects lie expectations about them, which are no objects of a cluster.
    await create(client, [`${example}/*.yaml`]);
  });

  afterAll(() => webhook.close());

  test('is valid', async () => {
    const { status, stdout, stderr } = await onCluster('validate', '--context');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^valid: /);
    expect(status).toBe(0);
  });

  test.each([
    ['allows what the files allow', buyer, 0],
    ['denies what the files deny', thief, 1],
  ])('%s, and the fields that decide are named without a line', async (_, request, exit) => {
    const fromFiles = await runCli(['explain', example, ...request, '-o', 'json']);
    const fromCluster = await onCluster('explain', '--context', 'admin', ...request, '-o', 'json');
    expect([fromFiles.status, fromCluster.status]).toEqual([exit, exit]);
    expect(withoutPlaces(fromCluster.stdout)).toEqual(withoutPlaces(fromFiles.stdout));
    expect(fromCluster.stdout).not.toContain('"line"');
  });

  test('is explained with objects and fields', async () => {
    const { stdout } = await onCluster('explain', '--context', ...buyer);
    expect(stdout).toMatch(/^allowed: GET \/books-bought /);
    expect(stdout).toMatch(/^ +TrafficSplit default\/bookstore spec\.backends\[0\]$/m);
  });

  test('has the model of the files', async () => {
    const { status, stdout } = await onCluster('compile', '--context', '-o', 'json');
    expect(status).toBe(0);
    const { services, inbound } = JSON.parse(stdout);
    const files = JSON.parse((await runCli(['compile', example, '-o', 'json'])).stdout);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(files.services)));
    expect(Object.keys(inbound)).toEqual(Object.keys(files.inbound));
  });

  test('is not changed by the files that it was made from', async () => {
    const { status, stdout, stderr } = await onCluster('diff', example, '--context');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^no change/);
    expect(status).toBe(0);
  });

  test('is compared with what it would be once a file is applied', async () => {
    const file = join(folder, 'split.yaml');
    writeFileSync(file, readFileSync(`${example}/traffic-split.yaml`, 'utf8').replace('weight: 90', 'weight: 30'));
    const { status, stdout, stderr } = await onCluster('diff', file, '--context', 'admin');
    expect(stderr).toBe('');
    expect(stdout).toContain('cluster admin');
    expect(stdout).toMatch(/bookstore-v1:14001 90 %/);
    expect(stdout).toMatch(/bookstore-v1:14001 75 %/);
    expect(status).toBe(1);
    const applied = await onCluster('explain', file, '--context', ...buyer);
    expect(applied.stdout).toContain(`${file}:`);
    expect(applied.stdout).toMatch(/75 % +default\/bookstore-v1:14001/);
  });

  test('gives old objects in the newest version, with what only the old one could say kept as an annotation', async () => {
    const object = {
      apiVersion: 'access.smi-spec.io/v1alpha1',
      kind: 'TrafficTarget',
      metadata: { name: 'old' },
      destination: { kind: 'ServiceAccount', name: 'bookwarehouse', port: 14_001 },
      specs: [],
      sources: [],
    };
    const path = '/apis/access.smi-spec.io/v1alpha1/namespaces/default/traffictargets';
    expect((await client.post(path, object)).status).toBe(201);
    const read = (await documents()).find(({ key }) => key === 'access.smi-spec.io/TrafficTarget/default/old');
    expect(read?.apiVersion).toBe('access.smi-spec.io/v1alpha4');
    expect(JSON.stringify(read?.object.metadata)).toContain('14001');
    expect(JSON.stringify(read?.object.metadata)).not.toContain('managedFields');
    expect((await client.delete(`${path}/old`)).status).toBe(200);
  });

  test('has its running pods for clients, not those that their owners would have', async () => {
    const base = '/apis/apps/v1/namespaces/default';
    const deployment = (await client.get(`${base}/deployments/bookbuyer`)).body;
    const spec = deployment.spec as {
      readonly template: Readonly<Record<string, unknown>>;
      readonly selector: unknown;
    };
    const set = await client.post(`${base}/replicasets`, {
      metadata: { name: 'bookbuyer-6f9c', ownerReferences: [owner('Deployment', deployment)] },
      spec: { replicas: 1, selector: spec.selector, template: spec.template },
    });
    expect(set.body.message).toBeUndefined();
    const pods = '/api/v1/namespaces/default/pods';
    const pod = await client.post(pods, {
      ...spec.template,
      metadata: {
        ...(spec.template.metadata as object),
        name: 'bookbuyer-6f9c-x2',
        annotations: { 'smi-mesh.io/injected': 'proxy' },
        ownerReferences: [owner('ReplicaSet', set.body)],
      },
    });
    expect(pod.body.message).toBeUndefined();
    const status = {
      podIP: '10.1.2.3',
      podIPs: [{ ip: '10.1.2.3' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    expect((await client.patch(`${pods}/bookbuyer-6f9c-x2/status`, { status })).status).toBe(200);
    const { workloads } = JSON.parse((await onCluster('compile', '--context', '-o', 'json')).stdout);
    expect(Object.keys(workloads).filter((id) => id.startsWith('default/bookbuyer'))).toEqual([
      'default/bookbuyer-6f9c-x2',
    ]);
    for (const from of ['bookbuyer', '10.1.2.3']) {
      const { stdout } = await onCluster('explain', '--context', ...buyer, '--from', from);
      expect(stdout).toMatch(/^allowed: GET \/books-bought from default\/bookbuyer-6f9c-x2 /);
    }
  });

  test('is readable with the permissions that the page about clusters names', async () => {
    const [, role = ''] = /<!-- role -->\n```yaml\n(.*?)```/s.exec(readFileSync('docs/clusters.md', 'utf8')) ?? [];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const created = await client.post(`${rbac}/clusterroles`, parse(role));
    expect(created.body.message).toBeUndefined();
    await client.post(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'guest' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'smi-mesh-reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'guest' }],
    });
    const guest = apiClient(access.url, access.ca, access.guestToken);
    const mayList = async () => (await guest.get('/api/v1/pods')).status === 200;
    await until(mayList, 10_000, () => 'the binding holds');
    const { status, stderr } = await onCluster('validate', '--context', 'guest');
    expect([status, stderr]).toEqual([0, '']);
    await client.delete(`${rbac}/clusterrolebindings/guest`);
    await until(
      async () => !(await mayList()),
      10_000,
      () => 'the binding is gone',
    );
  });

  test('is read to the last page', async () => {
    const names = Array.from({ length: 1_003 }, (_, index) => `crowd-${index}`);
    for (let start = 0; start < names.length; start += 50) {
      const batch = names.slice(start, start + 50);
      const path = '/api/v1/namespaces/default/serviceaccounts';
      await Promise.all(batch.map((name) => client.post(path, { metadata: { name } })));
    }
    const crowd = (await documents()).filter(({ key }) => key.startsWith('core/ServiceAccount/default/crowd-'));
    expect(crowd).toHaveLength(names.length);
  });
});

describe('what cannot be read ends with 3 and a sentence', () => {
  test.each([
    ['a user who may not list', ['--context', 'guest'], 'cannot list resource'],
    ['a context that does not exist', ['--context', 'admn'], 'did you mean "admin"?'],
    ['a kubeconfig that does not exist', ['--context', '--kubeconfig', join(folder, 'none')], 'no such file'],
  ])('%s', async (_, args, sentence) => {
    const { status, stdout, stderr } = await onCluster('validate', ...args);
    expect(stderr).toMatch(/^error\[SMI1010\]: /);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain('next: ');
    expect([status, stdout]).toEqual([3, '']);
  });

  test.each([['validate'], ['compile'], ['explain', ...buyer], ['test'], ['matrix'], ['diff', example]])(
    'an apiserver that is gone: %s',
    async (...args) => {
      const file = join(folder, 'gone');
      writeFileSync(file, readFileSync(access.kubeconfig, 'utf8').replace(access.url, 'https://127.0.0.1:1'));
      const { status, stderr } = await runCli([...args, '--context', '--kubeconfig', file]);
      expect(stderr).toContain('the apiserver at https://127.0.0.1:1 cannot be reached: connect ECONNREFUSED');
      expect(status).toBe(3);
    },
  );
});

function owner(kind: string, { metadata }: ApiObject): unknown {
  return { apiVersion: 'apps/v1', kind, name: metadata?.name, uid: metadata?.uid, controller: true };
}

/** An explanation without file, line and column. */
function withoutPlaces(json: string): unknown {
  const place = ['file', 'line', 'column', 'endColumn'];
  return JSON.parse(json, (key, value) => (place.includes(key) ? undefined : value));
}
