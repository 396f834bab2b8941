import { afterEach, expect, test, vi } from 'vitest';
import { systemNames, systemNamespace } from '../../../src/kubernetes/names.ts';
import { decodeCredential } from '../../../src/webhooks/certificates/credential.ts';
import { until } from '../../e2e/support/mesh.ts';
import { adminOf } from '../support/client.ts';
import { type Crd, crdsPath, objectsPath, shippedCrds } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { type RunningWebhooks, startWebhooks } from '../support/webhooks.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const patience = 100_000;
// Definitions come and go with every test, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const secretPath = `/api/v1/namespaces/${systemNamespace}/secrets/${systemNames.webhookCertificate}`;
const configurationPath = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${systemNames.webhookConfiguration}`;
const splitsPath = `${crdsPath}/trafficsplits.split.smi-spec.io`;

const running: RunningWebhooks[] = [];
afterEach(async () => {
  const all = running.splice(0);
  for (const webhooks of all) await webhooks.resign();
  for (const crd of await definitions()) {
    // The apiserver does not soon try again when it could not list the objects to delete.
    const [version] = crd.spec.versions.filter(({ storage }) => storage);
    await until(
      async () => (await client.get(objectsPath(crd, version?.name ?? ''))).status === 200,
      patience,
      () => `the objects of ${crd.metadata.name} can be listed`,
    );
    await client.delete(`${crdsPath}/${crd.metadata.name}`);
  }
  let left: readonly Crd[] = [];
  await until(
    async () => {
      left = await definitions();
      return left.length === 0;
    },
    patience,
    () => `all definitions are gone: ${JSON.stringify(left.map(({ status }) => status?.conditions))}`,
  );
  for (const webhooks of all) await webhooks.stop();
  await client.delete(secretPath);
});

const quick = { steady: 200, unsettled: 100 };
const slow = { lifetime: 90 * 86_400_000, renewBefore: 30 * 86_400_000, overlap: 60_000 };

interface Configuration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

async function definitions(): Promise<readonly Crd[]> {
  return (await client.get(crdsPath)).body.items as readonly Crd[];
}

async function bundles(): Promise<readonly string[]> {
  const found = await definitions();
  const ofDefinitions = found.flatMap(({ spec }) => {
    const { webhook } = (spec.conversion ?? {}) as { webhook?: { clientConfig: { caBundle?: string } } };
    return webhook === undefined ? [] : [webhook.clientConfig.caBundle ?? ''];
  });
  const { webhooks } = (await client.get(configurationPath)).body as unknown as Configuration;
  return [...ofDefinitions, ...webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '')];
}

async function served() {
  const decoded = decodeCredential((await client.get(secretPath)).body);
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

async function start(...[options]: Parameters<typeof startWebhooks> extends [unknown, ...infer R] ? R : never) {
  const webhooks = await startWebhooks(cluster, options);
  running.push(webhooks);
  return webhooks;
}

async function untilInPlace(): Promise<void> {
  await until(
    async () =>
      (await definitions()).length === shippedCrds().length && (await bundles()).every((bundle) => bundle !== ''),
    patience,
    () => 'every definition and the configuration have the bundle',
  );
}

test('from nothing: a certificate, then the definitions, and the apiserver trusts both', async () => {
  const webhooks = await start({ task: { times: { ...quick, rotation: slow, takingUp: 60_000 } } });
  await untilInPlace();
  expect(new Set(await bundles())).toHaveLength(1);
  expect(webhooks.reported()).toEqual([]);
  const path = '/apis/split.smi-spec.io/v1alpha1/namespaces/default/trafficsplits';
  const object = {
    apiVersion: 'split.smi-spec.io/v1alpha1',
    kind: 'TrafficSplit',
    metadata: { name: 'first' },
    spec: { service: 'web', backends: [{ service: 'web-v1', weight: '500m' }] },
  };
  await until(
    async () => (await client.post(path, object)).status === 201,
    patience,
    () => 'an object is taken',
  );
  const newest = await client.get('/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits/first');
  expect(newest.body).toMatchObject({ spec: { backends: [{ service: 'web-v1', weight: 1 }] } });
});

test('what is in place is not written again, and what somebody spoils is put right', async () => {
  await start({ task: { times: { ...quick, rotation: slow } } });
  await untilInPlace();
  const versions = async () => (await definitions()).map(({ metadata }) => metadata.resourceVersion);
  await until(
    async () => {
      const before = await versions();
      await new Promise((resolve) => setTimeout(resolve, 3 * quick.steady));
      return JSON.stringify(before) === JSON.stringify(await versions());
    },
    patience,
    () => 'nothing is written any more',
  );
  expect((await client.delete(splitsPath)).status).toBe(200);
  await until(
    async () => (await client.get(splitsPath)).status === 200,
    patience,
    () => 'the definition is back',
  );
  const { webhooks, ...configuration } = (await client.get(configurationPath)).body as unknown as Configuration;
  const spoilt = webhooks.map((one) => ({ ...one, clientConfig: { ...one.clientConfig, caBundle: undefined } }));
  expect((await client.put(configurationPath, { ...configuration, webhooks: spoilt })).status).toBe(200);
  await client.delete(secretPath);
  await untilInPlace();
  await until(
    async () => (await client.get(secretPath)).status === 200,
    patience,
    () => 'the Secret is back',
  );
});

test('a renewal goes through all its steps while objects are converted all the time', async () => {
  const rotation = { lifetime: 3_600_000, renewBefore: 3_600_000, overlap: 700 };
  await start({ task: { times: { ...quick, rotation } } });
  await untilInPlace();
  const path = '/apis/split.smi-spec.io/v1alpha1/namespaces/default/trafficsplits';
  const spec = { service: 'web', backends: [{ service: 'web-v1', weight: 1 }] };
  const object = { apiVersion: 'split.smi-spec.io/v1alpha4', kind: 'TrafficSplit', metadata: { name: 'kept' }, spec };
  await until(
    async () => (await client.post(path.replace('v1alpha1', 'v1alpha4'), object)).status === 201,
    patience,
    () => 'an object is taken',
  );
  await until(
    async () => (await client.get(path)).status === 200,
    patience,
    () => 'it is converted',
  );
  const certificates = new Set<string>();
  const failures: unknown[] = [];
  let reads = 0;
  let waits = 0;
  await until(
    async () => {
      certificates.add((await served()).serving.certificateChain);
      const { status, body } = await client.get(path);
      reads += 1;
      // A definition that changes makes the apiserver ask clients to come again.
      if (status === 429) waits += 1;
      else if (status !== 200) failures.push(body.message);
      return certificates.size >= 3;
    },
    patience,
    () => `${certificates.size} certificates have been served, 3 are waited for`,
  );
  expect(failures).toEqual([]);
  console.log(
    `${certificates.size} certificates served one after another, ${reads} converted reads, ${waits} asked to come again, none failed`,
  );
});

test('SMI6301: a definition of another project is left alone where taking it could harm', async () => {
  const [shipped] = shippedCrds().filter(({ spec }) => spec.names.kind === 'TrafficSplit');
  if (shipped === undefined) throw new Error('no TrafficSplit');
  const [newest] = shipped.spec.versions;
  const foreign = {
    ...shipped,
    metadata: { name: shipped.metadata.name },
    spec: { ...shipped.spec, conversion: { strategy: 'None' }, versions: [{ ...newest, name: 'v1beta1' }] },
  };
  expect((await client.post(crdsPath, foreign)).status).toBe(201);
  const webhooks = await start({ task: { times: { ...quick, rotation: slow } } });
  await until(
    // At first the server may have no certificate yet, which is reported as well.
    () => webhooks.findings().some(({ code }) => code !== 'SMI6302'),
    patience,
    () => 'it is reported',
  );
  expect(webhooks.findings()).toMatchObject([{ code: 'SMI6301', message: expect.stringContaining('v1beta1') }]);
  const { spec } = (await client.get(splitsPath)).body as unknown as Crd;
  expect(spec.versions.map(({ name }) => name)).toEqual(['v1beta1']);
  expect(await definitions()).toHaveLength(shippedCrds().length);
});

test('one of another project that we can read is taken over, and its objects are served in every version', async () => {
  const [shipped] = shippedCrds().filter(({ spec }) => spec.names.kind === 'TrafficSplit');
  const old = shipped?.spec.versions.find(({ name }) => name === 'v1alpha2');
  if (shipped === undefined || old === undefined) throw new Error('no TrafficSplit of v1alpha2');
  const { conversion: _, ...spec } = shipped.spec;
  const metadata = { name: shipped.metadata.name, annotations: { 'meta.helm.sh/release-name': 'linkerd-smi' } };
  const foreign = { ...shipped, metadata, spec: { ...spec, versions: [{ ...old, storage: true }] } };
  expect((await client.post(crdsPath, foreign)).status).toBe(201);
  const path = (version: string) => `/apis/split.smi-spec.io/${version}/namespaces/default/trafficsplits`;
  const backends = [{ service: 'web-v1', weight: 3 }];
  const object = {
    apiVersion: 'split.smi-spec.io/v1alpha2',
    kind: 'TrafficSplit',
    metadata: { name: 'theirs' },
    spec: { service: 'web', backends },
  };
  await until(
    async () => (await client.post(path('v1alpha2'), object)).status === 201,
    patience,
    () => 'it is stored',
  );
  const webhooks = await start({ task: { times: { ...quick, rotation: slow } } });
  await untilInPlace();
  await until(
    () => webhooks.findings().length > 0,
    patience,
    () => 'the caveat is said',
  );
  expect(webhooks.findings()).toMatchObject([{ code: 'SMI6301', message: expect.stringContaining('linkerd-smi') }]);
  for (const version of ['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4']) {
    await until(
      async () => (await client.get(`${path(version)}/theirs`)).status === 200,
      patience,
      () => `it is served as ${version}`,
    );
    const { spec: read } = (await client.get(`${path(version)}/theirs`)).body as { spec?: { backends?: unknown[] } };
    expect(read?.backends).toHaveLength(1);
  }
  const stored = async () => ((await client.get(splitsPath)).body as { status?: { storedVersions?: string[] } }).status;
  await until(
    async () => JSON.stringify((await stored())?.storedVersions) === '["v1alpha4"]',
    patience,
    () => 'every object is stored in the newest version',
  );
  // Without anybody to convert, it can still be read as it is stored now.
  await webhooks.stop();
  expect((await client.get(`${path('v1alpha4')}/theirs`)).status).toBe(200);
});

test('SMI6302, SMI6303: nothing is pointed at webhooks that do not answer; a missing configuration is said', async () => {
  const address = { url: 'https://127.0.0.1:9' };
  const away = await start({ task: { address, times: { ...quick, rotation: slow, takingUp: 0 } } });
  await until(
    () => away.findings().length > 0,
    patience,
    () => 'it is reported',
  );
  expect(away.findings()).toMatchObject([{ code: 'SMI6302' }]);
  expect(await definitions()).toEqual([]);
  const lost = await start({ task: { configuration: 'other', times: { ...quick, rotation: slow } } });
  await until(
    () => lost.findings().length > 0,
    patience,
    () => 'it is reported',
  );
  expect(lost.findings()).toMatchObject([{ code: 'SMI6303' }, { code: 'SMI6303' }]);
});

test('definitions that others keep are not touched', async () => {
  await start({ task: { manageDefinitions: false, times: { ...quick, rotation: slow } } });
  await until(
    async () => (await bundles()).every((one) => one !== ''),
    patience,
    () => 'the bundle is announced',
  );
  expect(await definitions()).toEqual([]);
});
