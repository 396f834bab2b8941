import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterEditor } from '../../../src/dashboard/edit/cluster.ts';
import { systemNamespace } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { lastWriter } from '../../../src/kubernetes-client/writer.ts';
import { createAccount, created, createPod } from '../support/accounts.ts';
import { runBuiltCli } from '../support/cli.ts';
import { adminOf } from '../support/client.ts';
import { type ConversionWebhook, startConversionWebhook } from '../support/conversion-webhook.ts';
import { install, objectsPath, shippedCrds } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const access = await startTestCluster();
const client = adminOf(access);
const cli = (...args: readonly string[]) => runBuiltCli([...args, '--kubeconfig', access.kubeconfig]);
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-support-'));
let webhook: ConversionWebhook;

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const password = randomBytes(12).toString('hex');

beforeAll(async () => {
  webhook = await startConversionWebhook();
  for (const crd of shippedCrds()) await install(client, webhook.servedBy(crd));
  expect((await cli('install', '--no-wait')).status).toBe(0);
  const services = '/api/v1/namespaces/default/services';
  for (const name of ['bookstore', 'bookstore-v1', 'bookstore-v2']) {
    const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
    await created(client, services, { metadata: { name }, spec: { selector: { app: name }, ports } });
  }
  await createAccount(client, 'default', 'bookstore');
  await createPod(client, 'default', 'bookstore-v1-0', 'bookstore', {
    labels: { app: 'bookstore-v1' },
    annotations: { 'smi-mesh.io/injected': 'proxy' },
  });
  await created(client, '/api/v1/namespaces/default/pods', {
    metadata: { name: 'outside', labels: { app: 'outside' } },
    spec: {
      containers: [
        { name: 'a', image: 'lab.test/a:1', env: [{ name: 'DB', value: password }], args: [`--password=${password}`] },
      ],
    },
  });
  const [definition] = shippedCrds().filter(({ metadata }) => metadata.name.startsWith('trafficsplits.'));
  if (definition === undefined) throw new Error('no definition');
  await created(client, objectsPath(definition, 'v1alpha4', 'default'), {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { name: 'bookstore' },
    spec: {
      service: 'bookstore',
      backends: [
        { service: 'bookstore-v1', weight: 90 },
        { service: 'bookstore-v2', weight: 10 },
        { service: 'bookstore-v3', weight: 0 },
      ],
    },
  });
  await created(client, '/apis/events.k8s.io/v1/namespaces/default/events', {
    metadata: { name: 'bookstore.1' },
    type: 'Warning',
    reason: 'Conflicted',
    note: 'a note of an event',
    action: 'Check',
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'smi-mesh.io/controller',
    reportingInstance: 'a',
    regarding: {
      apiVersion: 'split.smi-spec.io/v1alpha4',
      kind: 'TrafficSplit',
      namespace: 'default',
      name: 'bookstore',
    },
  });
  for (const name of ['smi-mesh-ca', 'smi-mesh-webhook-tls']) {
    await created(client, `/api/v1/namespaces/${systemNamespace}/secrets`, {
      metadata: { name, labels: { 'app.kubernetes.io/part-of': 'smi-mesh' } },
      stringData: { 'tls.key': key },
    });
  }
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await webhook.close();
});

describe('describe', () => {
  test('says what a split does, and what was said about it', async () => {
    const { status, stdout } = await cli('describe', 'trafficsplits/bookstore');
    expect(stdout).toMatch(/^TrafficSplit default\/bookstore is in force\n/);
    expect(stdout).toContain(
      'requests for default/bookstore:80 go to 90% default/bookstore-v1, 10% default/bookstore-v2',
    );
    expect(stdout).toMatch(/at spec\.backends\[2\]\.service: .*bookstore-v3/);
    expect(stdout).toContain('2026-01-01T00:00:00.000000Z Warning Conflicted: a note of an event');
    // Nobody runs the controller's pods here.
    expect(stdout).toContain('not known: no controller in namespace smi-mesh-system is ready');
    expect(status).toBe(0);
  });

  test('says what the mesh does with a Service and with a pod', async () => {
    const service = await cli('describe', 'service/default/bookstore', '--output=json');
    expect(JSON.parse(service.stdout).effects).toContain(
      'requests for port 80 go to 90% default/bookstore-v1, 10% default/bookstore-v2',
    );
    const pod = await cli('describe', 'pod/bookstore-v1-0');
    expect(pod.stdout).toContain('proves spiffe://cluster.local/ns/default/sa/bookstore');
    expect(pod.stdout).toContain('has a sidecar');
    expect(pod.stdout).toContain('no TrafficTarget lets anybody in');
  });

  test('names what was probably meant', async () => {
    const { status, stderr } = await cli('describe', 'trafficsplit/bookstor');
    expect(status).toBe(2);
    expect(stderr).toBe('error: there is no TrafficSplit default/bookstor; did you mean default/bookstore?\n');
    expect((await cli('describe', 'bookstore')).stderr).toContain('write KIND/NAME');
  });
});

test('the dashboard moves weights in the name of its user, and only from what the page showed', async () => {
  const connected = await connect({ kubeconfig: access.kubeconfig });
  if (!connected.ok) throw new Error(connected.error.diagnostic.message);
  const { setWeights } = clusterEditor(connected.value);
  const [v1, v2] = ['default/bookstore-v1', 'default/bookstore-v2'] as const;
  const stale = await setWeights('default/bookstore', {
    expected: { [v1]: 1, [v2]: 1 },
    weights: { [v1]: 2, [v2]: 1 },
  });
  expect(stale).toMatchObject({ ok: false, error: { kind: 'stale' } });
  const expected = { [v1]: 90, [v2]: 10 };
  expect(await setWeights('default/nothing', { expected, weights: expected })).toMatchObject({
    error: { kind: 'unknown' },
  });
  // The third backend, which the page does not move, stays as it is.
  expect((await setWeights('default/bookstore', { expected, weights: { [v1]: 70, [v2]: 30 } })).ok).toBe(true);
  const [definition] = shippedCrds().filter(({ metadata }) => metadata.name.startsWith('trafficsplits.'));
  const path = `${objectsPath(definition!, 'v1alpha4', 'default')}/bookstore`;
  const { body } = await client.get(path);
  expect(body.spec).toMatchObject({ backends: [{ weight: 70 }, { weight: 30 }, { weight: 0 }] });
  expect(lastWriter(body.metadata)?.manager).toBe('smi-cli-dashboard');
  const nothing = { [v1]: 0, [v2]: 0 };
  const refused = await setWeights('default/bookstore', { expected: { [v1]: 70, [v2]: 30 }, weights: nothing });
  expect(refused).toMatchObject({ ok: false, error: { kind: 'invalid' } });
});

test('check names the Services that pods without a sidecar cannot call', async () => {
  const { stdout } = await cli('check', '--output=json');
  expect(JSON.parse(stdout).results).toContainEqual({
    group: 'traffic',
    status: 'warning',
    message:
      'Service default/bookstore-v1: strict mutual TLS refuses 1 pods without a sidecar, in its namespace default/outside',
    hint: 'Give callers sidecars, or let a TrafficPolicy for it say `tls: permissive` until they have them.',
  });
});

test('support collects what helps, and nothing that is secret', async () => {
  const out = join(folder, 'bundle.tar.gz');
  const { status, stdout } = await cli('support', '--out', out);
  expect(stdout).toContain(`${out}: `);
  expect(status).toBe(0);
  const names = execFileSync('tar', ['tzf', out], { encoding: 'utf8' }).split('\n');
  for (const name of [
    'about.json',
    'checks.json',
    'smi/trafficsplits.json',
    'cluster/pods.json',
    'installation/deployments.json',
  ]) {
    expect(names).toContain(name);
  }
  expect(names.filter((name) => /secret/i.test(name))).toEqual([]);
  const everything = execFileSync('tar', ['xzOf', out], { encoding: 'utf8', maxBuffer: 64 << 20 });
  expect(everything).toContain('bookstore-v1-0');
  for (const secret of [...key.split('\n').slice(1, 3), Buffer.from(key).toString('base64').slice(50, 90), password]) {
    expect(everything).not.toContain(secret);
  }
  expect(everything).not.toContain(access.adminToken);
  // Neither is overwritten.
  expect((await cli('support', '--out', out)).status).toBe(2);
});
