import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChart } from '../../../src/chart/chart.ts';
import { installedKinds, itemsOf, listPath, metadataOf } from '../../../src/install/kinds.ts';
import { systemNamespace, trustBundle } from '../../../src/kubernetes/names.ts';
import { runBuiltCli } from '../support/cli.ts';
import { adminOf } from '../support/client.ts';
import { type ConversionWebhook, startConversionWebhook } from '../support/conversion-webhook.ts';
import { install as installDefinition, objectsPath, shippedCrds } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const access = await startTestCluster();
const client = adminOf(access);
const cli = (...args: readonly string[]) => runBuiltCli([...args, '--kubeconfig', access.kubeconfig]);
const cliAsGuest = (...args: readonly string[]) => cli(...args, '--context', 'guest');
const deploymentPath = `/apis/apps/v1/namespaces/${systemNamespace}/deployments/smi-mesh-controller`;
let webhook: ConversionWebhook;

beforeAll(async () => {
  webhook = await startConversionWebhook();
});
afterAll(() => webhook.close());

/** Titles of everything that says it is part of smi-mesh, but definitions. */
async function ownObjects(): Promise<readonly string[]> {
  const lists = installedKinds.map(async (kind) => {
    const { status, body } = await client.get(`${listPath(kind)}?labelSelector=app.kubernetes.io/part-of=smi-mesh`);
    return status === 404 ? [] : itemsOf(body).map((item) => `${kind.kind} ${metadataOf(item).name}`);
  });
  return (await Promise.all(lists)).flat().toSorted();
}

describe('before installing', () => {
  test('check says that the cluster can take it, and changes nothing', async () => {
    const { status, stdout } = await cli('check');
    expect(stdout).toMatch(/^this cluster can take smi-mesh, with 1 warning\n/);
    expect(stdout).toContain('ok       the apiserver is v1.');
    expect(stdout).toContain('ok       this user may install smi-mesh');
    expect(status).toBe(0);
    expect(await ownObjects()).toEqual([]);
  });

  test('check says which rights are missing; install goes no further', async () => {
    const checked = await cliAsGuest('check', '--output=json');
    expect(checked.status).toBe(3);
    const installed = await cliAsGuest('install');
    expect(installed.status).toBe(3);
    expect(installed.stderr).toContain('cannot list resource "deployments"');
    expect(await ownObjects()).toEqual([]);
  });

  test('there is nothing to upgrade', async () => {
    expect(await cli('upgrade')).toMatchObject({ status: 2, stderr: expect.stringContaining('use `install`') });
  });

  test('values that the chart refuses are refused, each with its place', async () => {
    const { status, stderr } = await cli('install', '--image', 'UPPER CASE');
    expect(status).toBe(2);
    expect(stderr).toContain('image.repository: must match pattern');
  });

  test('a definition of another implementation that converts is in the way', async () => {
    const [foreign] = shippedCrds().filter(({ metadata }) => metadata.name.startsWith('trafficsplits.'));
    if (foreign === undefined) throw new Error('no definition');
    await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      ...foreign,
      metadata: { name: foreign.metadata.name },
      spec: { ...foreign.spec, conversion: otherConversion },
    });
    const { status, stdout } = await cli('check', '--output=json');
    expect(JSON.parse(stdout).results).toContainEqual({
      group: 'definitions',
      status: 'error',
      message:
        'trafficsplits.split.smi-spec.io belongs to another implementation, which converts its versions at other/mesh',
      hint: 'Uninstall that one first, and keep its definitions.',
    });
    expect(status).toBe(1);
    expect((await cli('install')).status).toBe(1);
    await client.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${foreign.metadata.name}`);
  });
});

const otherConversion = {
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1'],
    clientConfig: { service: { namespace: 'other', name: 'mesh', path: '/', port: 443 } },
  },
};

test('install --print prints what the chart renders', async () => {
  const values = { createNamespace: true, controller: { replicas: 3 }, config: { trustDomain: 'example.org' } };
  const rendered = readChart().render({ name: 'smi-mesh', namespace: 'mesh', service: 'smi-cli' }, values);
  const args = ['--namespace=mesh', '--replicas=3', '--trust-domain=example.org'];
  const { stdout } = await cli('install', '--print', ...args);
  expect(stdout).toBe(rendered.ok ? rendered.value.map(({ text }) => text).join('---\n') : '');
  const json = await cli('install', '--output=json', ...args);
  expect(JSON.parse(json.stdout).items).toEqual(rendered.ok ? rendered.value.map(({ object }) => object) : []);
});

describe('an installation', () => {
  test('is applied, and says what holds it up', async () => {
    const { status, stdout, stderr } = await cli('install', '--timeout=1s', '--data-plane=envoy');
    expect(stderr).toContain('created Deployment smi-mesh-system/smi-mesh-controller');
    expect(stdout).toMatch(/^not ready after /);
    expect(stdout).toContain('waiting controller: 0 of 2 replicas available');
    expect(stdout).toContain('waiting definitions: 0 of 8 served; httproutegroups.specs.smi-spec.io: it is not there');
    expect(status).toBe(1);
    const config = await client.get(`/api/v1/namespaces/${systemNamespace}/configmaps/smi-mesh-config`);
    expect(JSON.stringify(config.body)).toContain('dataPlane: envoy');
  });

  test('is continued by the same command, which changes nothing twice', async () => {
    const { status, stdout } = await cli('install', '--no-wait', '--data-plane=envoy');
    expect(stdout).toMatch(/^installed: 0 of \d+ objects changed; not waited for\n$/);
    expect(status).toBe(0);
  });

  test('keeps its settings in an upgrade, which says first what it changes, and removes what is no longer wanted', async () => {
    const dry = await cli('upgrade', '--dry-run', '--no-ha');
    expect(dry.stdout.split('\n')).toEqual([
      'from 0.1.0 to 0.1.0',
      '  changed  Deployment smi-mesh-system/smi-mesh-controller: spec.replicas',
      '  changed  ConfigMap smi-mesh-system/smi-mesh-values: data["values.json"]',
      '  removed  PodDisruptionBudget smi-mesh-system/smi-mesh-controller',
      '',
    ]);
    expect(await ownObjects()).toContain('PodDisruptionBudget smi-mesh-controller');
    expect((await cli('upgrade', '--no-wait', '--no-ha')).status).toBe(0);
    expect(await ownObjects()).not.toContain('PodDisruptionBudget smi-mesh-controller');
    const nothing = await cli('upgrade', '--dry-run');
    expect(nothing.stdout).toContain('nothing changes');
    const reset = await cli('upgrade', '--dry-run', '--reset-values');
    expect(reset.stdout).toContain('changed  ConfigMap smi-mesh-system/smi-mesh-config: data["config.yaml"]');
  });

  test('is not upgraded to a release that cannot read what is stored', async () => {
    for (const crd of shippedCrds()) await installDefinition(client, webhook.servedBy(crd));
    const status = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tcproutes.specs.smi-spec.io/status';
    await client.patch(status, { status: { storedVersions: ['v1alpha4', 'v2'] } });
    const { status: code, stderr } = await cli('upgrade', '--no-wait');
    expect(stderr).toBe(
      'error: this release cannot read what the cluster stores: tcproutes.specs.smi-spec.io is stored in v2\n',
    );
    expect(code).toBe(1);
    await client.patch(status, { status: { storedVersions: ['v1alpha4'] } });
  });

  test('is checked: what does not work, and what to do about it', async () => {
    await client.patch(`${deploymentPath}/status`, { status: { observedGeneration: 9, replicas: 1 } });
    const { status, stdout } = await cli('check', '--output=json');
    const messages = JSON.parse(stdout).results.map((one: { status: string; message: string }) => [
      one.status,
      one.message,
    ]);
    expect(messages).toContainEqual([
      'error',
      '0 of 1 replicas of version 0.1.0 are available in namespace smi-mesh-system',
    ]);
    expect(messages).toContainEqual(['error', 'no replica leads: nothing writes status, certificates or definitions']);
    expect(messages).toContainEqual([
      'error',
      'validatingwebhookconfigurations smi-mesh: the apiserver is not told whom to trust',
    ]);
    expect(messages).toContainEqual(['warning', 'no namespace asks for sidecars']);
    expect(status).toBe(1);
  });
});

describe('uninstall', () => {
  const split = {
    apiVersion: 'split.smi-spec.io/v1alpha1',
    kind: 'TrafficSplit',
    metadata: { name: 'bookstore' },
    spec: { service: 'bookstore', backends: [{ service: 'bookstore-v1', weight: '900m' }] },
  };
  const [definition] = shippedCrds().filter(({ metadata }) => metadata.name.startsWith('trafficsplits.'));
  const splits = (version: string) => (definition === undefined ? '' : objectsPath(definition, version, 'default'));

  test('asks first', async () => {
    const { status, stderr } = await cli('uninstall');
    expect(status).toBe(2);
    expect(stderr).toContain('say --yes');
    expect((await client.get(deploymentPath)).status).toBe(200);
  });

  test('removes what it brought and what the controller made, and nothing else', async () => {
    const secrets = `/api/v1/namespaces/${systemNamespace}/secrets`;
    await client.post(secrets, { metadata: { name: 'smi-mesh-ca' } });
    await client.post('/api/v1/namespaces/default/configmaps', { metadata: { name: trustBundle.configMap } });
    await client.post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'of-somebody-else' } });
    expect((await client.post(splits('v1alpha1'), split)).status).toBe(201);
    const { status, stdout, stderr } = await cli('uninstall', '--yes');
    expect(stderr).toContain('removed Secret smi-mesh-system/smi-mesh-ca');
    expect(stderr).toContain(`removed ConfigMap default/${trustBundle.configMap}`);
    expect(stdout).toMatch(/^uninstalled: smi-mesh is gone from namespace smi-mesh-system\n/);
    expect(stdout).toContain('left: 8 custom resource definitions with 1 TrafficSplit');
    expect(status).toBe(0);
    // Nothing here carries out the deletion of a namespace; it has begun.
    expect(await ownObjects()).toEqual([`Namespace ${systemNamespace}`]);
    const { body } = await client.get(`/api/v1/namespaces/${systemNamespace}`);
    expect(body.metadata?.deletionTimestamp).toBeDefined();
    expect((await client.get('/api/v1/namespaces/default/configmaps/of-somebody-else')).status).toBe(200);
  });

  test('leaves the definitions such that they need no webhook', async () => {
    await webhook.close();
    const { status, body } = await client.get(`${splits('v1alpha4')}/bookstore`);
    expect(status).toBe(200);
    expect(body.spec).toEqual({ service: 'bookstore', backends: [{ service: 'bookstore-v1', weight: 9 }] });
    expect((await client.get(splits('v1alpha1'))).status).toBe(404);
    expect((await client.post(splits('v1alpha4'), { ...body, metadata: { name: 'another' } })).status).toBe(201);
  });

  test('takes the definitions away only when it is told', async () => {
    expect((await cli('uninstall', '--yes', '--all')).status).toBe(0);
    const { body } = await client.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    const left = itemsOf(body).filter(
      ({ metadata }) => !(metadata as { deletionTimestamp?: string }).deletionTimestamp,
    );
    expect(left).toEqual([]);
  });
});
