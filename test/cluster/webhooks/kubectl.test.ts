import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { systemNames } from '../../../src/kubernetes/names.ts';
import { isRecord } from '../../../src/lib/values.ts';
import { answerConversion } from '../../../src/webhooks/conversion.ts';
import { admittedDocument } from '../../../src/webhooks/validate/document.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type ApiObject, adminOf } from '../support/client.ts';
import { crdsPath, objectsPath, shippedCrds } from '../support/crds.ts';
import { runKubectl } from '../support/kubectl.ts';
import { crdOf, type Manifest, ordinaryManifests, schemaExamples } from '../support/manifests.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { type RunningWebhooks, startWebhooks } from '../support/webhooks.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const patience = 40_000;
const kubectl = (args: readonly string[], input: unknown = '') =>
  runKubectl(cluster.kubeconfig, args, typeof input === 'string' ? input : JSON.stringify(input));
const apply = (...objects: readonly unknown[]) =>
  kubectl(['apply', '--filename=-'], { apiVersion: 'v1', kind: 'List', items: objects });

const serviceKey = objectKey('', 'Service', 'default', 'web');
const web = admittedDocument({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
});

let webhooks: RunningWebhooks;
beforeAll(async () => {
  webhooks = await startWebhooks(cluster, {
    // As of a controller that knows one Service.
    view: () => ({ find: (key) => (key === serviceKey ? web : undefined), splits: () => [] }),
    values: { config: { webhooks: { validationFailurePolicy: 'Fail' } } },
  });
  await until(
    async () => (await Promise.all(shippedCrds().map(async (crd) => isServed(crd)))).every(Boolean),
    patience,
    () => 'every kind is served',
  );
  await until(
    async () => (await apply(split('settled'))).status === 0,
    patience,
    () => 'the webhooks are asked',
  );
});
afterAll(() => webhooks.stop());

async function isServed(crd: ReturnType<typeof crdOf>): Promise<boolean> {
  const current = (await client.get(`${crdsPath}/${crd.metadata.name}`)).status === 200;
  const versions = crd.spec.versions.map(({ name }) => client.get(objectsPath(crd, name)));
  return current && (await Promise.all(versions)).every(({ status }) => status === 200);
}

function split(name: string, spec: object = {}, version = 'v1alpha4'): Manifest {
  const backends = [{ service: 'web', weight: 1 }];
  return {
    apiVersion: `split.smi-spec.io/${version}`,
    kind: 'TrafficSplit',
    metadata: { name },
    spec: { service: 'web', backends, ...spec },
  };
}

/** As kubectl names a version of a kind. */
function resource({ spec }: ReturnType<typeof crdOf>, version: string): string {
  return `${spec.names.plural}.${version}.${spec.group}`;
}

/** Where an example belongs: some speak for one namespace, or for the whole mesh. */
function namespaceOf({ kind, spec }: Manifest): { readonly namespace?: string } {
  if (kind === 'IdentityBinding') return { namespace: 'shop' };
  return JSON.stringify(spec ?? {}).includes('"kind":"Mesh"') ? { namespace: 'smi-mesh' } : {};
}

/** What its author wrote, without the bookkeeping of kubectl. */
function written({ metadata = {}, ...body }: ApiObject): unknown {
  const { labels, annotations } = metadata;
  const kept = isRecord(annotations)
    ? Object.entries(annotations).filter(([name]) => !name.startsWith('kubectl.kubernetes.io/'))
    : [];
  return { ...body, metadata: { ...(labels === undefined ? {} : { labels }), ...Object.fromEntries(kept) } };
}

/** Many programs are started, and many objects made, on a machine that may be busy. */
const long = { timeout: 240_000 };

test('every kind and version is applied with kubectl, and read back in every other version', long, async () => {
  const manifests = [...schemaExamples(), ...ordinaryManifests].map((manifest, index) => {
    const name = crdOf(manifest).spec.scope === 'Cluster' ? 'default' : `kept-${index}`;
    return { ...manifest, metadata: { name, ...namespaceOf(manifest) } };
  });
  for (const name of ['shop', 'smi-mesh']) await client.post('/api/v1/namespaces', { metadata: { name } });
  const applied = await apply(...manifests);
  expect(applied.stderr.split('\n').filter((line) => !line.startsWith('Warning:') && line !== '')).toEqual([]);
  expect(applied.status).toBe(0);
  let read = 0;
  for (const version of ['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4']) {
    const kinds = shippedCrds().filter(({ spec }) => spec.versions.some(({ name }) => name === version));
    const wanted = kinds.map((crd) => resource(crd, version)).join(',');
    const got = await kubectl(['get', wanted, '--all-namespaces', '--output=json']);
    expect(got.stderr).toBe('');
    const { items } = JSON.parse(got.stdout) as { items: (ApiObject & Manifest)[] };
    for (const manifest of manifests) {
      const crd = crdOf(manifest);
      if (!kinds.some(({ metadata }) => metadata.name === crd.metadata.name)) continue;
      const found = items.find(
        ({ kind, metadata }) => kind === manifest.kind && metadata?.name === manifest.metadata.name,
      );
      expect(found?.apiVersion).toBe(`${crd.spec.group}/${version}`);
      read += 1;
      // In its own version it is what was written, whatever it was stored as.
      if (found && manifest.apiVersion === found.apiVersion) {
        expect(written(found)).toMatchObject(written({ ...manifest, metadata: {} }) as object);
      }
    }
  }
  console.log(`${manifests.length} objects applied, ${read} reads in other or the same versions`);
});

describe('a client of v1alpha1', () => {
  const rules = [{ kind: 'HTTPRouteGroup', name: 'reading' }];
  const sources = [
    { kind: 'ServiceAccount', name: 'buyer' },
    { kind: 'IdentityBinding', name: 'partner' },
  ];
  const target = {
    apiVersion: 'access.smi-spec.io/v1alpha4',
    kind: 'TrafficTarget',
    metadata: { name: 'newer' },
    spec: { destination: { kind: 'ServiceAccount', name: 'web' }, rules, sources },
  };
  const matches = [{ kind: 'HTTPRouteGroup', name: 'reading' }];
  const get = async (what: string) => JSON.parse((await kubectl(['get', what, '--output=json'])).stdout) as ApiObject;

  test('patches labels of newer objects, and nothing of what it cannot see is lost', async () => {
    await apply(target, split('newer', { matches }));
    for (const [kind, spec] of [
      ['traffictargets.v1alpha1.access.smi-spec.io', target.spec],
      ['trafficsplits.v1alpha1.split.smi-spec.io', split('newer', { matches }).spec],
    ] as const) {
      const labelled = await kubectl(['label', kind, 'newer', 'team=shop']);
      expect(labelled).toMatchObject({ status: 0, stderr: '' });
      const after = await get(`${kind.replace('v1alpha1', 'v1alpha4')}/newer`);
      expect(after.metadata?.labels).toEqual({ team: 'shop' });
      expect(after.spec).toEqual(spec);
    }
  });

  test('patches weights of a newer split, and the rest of it stays', async () => {
    const backends = [
      { service: 'web', weight: 90 },
      { service: 'web-v2', weight: 10 },
    ];
    await apply(split('weights', { backends }));
    const patch = { spec: { backends: [backends[0], { service: 'web-v2', weight: '500m' }] } };
    const kind = 'trafficsplits.v1alpha1.split.smi-spec.io';
    const patched = await kubectl(['patch', kind, 'weights', '--type=merge', `--patch=${JSON.stringify(patch)}`]);
    expect(patched.status).toBe(0);
    const after = await get('trafficsplits.v1alpha4.split.smi-spec.io/weights');
    expect(after.spec).toEqual({
      service: 'web',
      backends: [
        { service: 'web', weight: 180 },
        { service: 'web-v2', weight: 1 },
      ],
    });
  });
});

test('1,000 objects are converted', long, async () => {
  const path = (version: string) => `/apis/split.smi-spec.io/${version}/namespaces/many/trafficsplits`;
  await client.post('/api/v1/namespaces', { metadata: { name: 'many' } });
  const names = Array.from({ length: 1_000 }, (_, index) => `split-${index}`);
  for (let at = 0; at < names.length; at += 25) {
    const batch = names.slice(at, at + 25).map((name) => client.post(path('v1alpha4'), split(name)));
    for (const { status } of await Promise.all(batch)) expect(status).toBe(201);
  }
  const timed = async (version: string) => {
    const started = performance.now();
    const { status, body } = await client.get(path(version));
    expect(status).toBe(200);
    expect(body.items).toHaveLength(1_000);
    return performance.now() - started;
  };
  const stored = [await timed('v1alpha4'), await timed('v1alpha4')];
  const converted = [await timed('v1alpha1'), await timed('v1alpha1'), await timed('v1alpha1')];
  const millis = (times: readonly number[]) => Math.min(...times).toFixed(0);
  const { items } = (await client.get(path('v1alpha4'))).body as { items?: readonly object[] };
  const objects = items?.map((item) => ({ ...split(''), ...item })) ?? [];
  const own: number[] = [];
  for (const version of ['v1alpha1', 'v1alpha2', 'v1alpha3']) {
    const request = { uid: version, desiredAPIVersion: `split.smi-spec.io/${version}`, objects };
    const review = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request };
    const started = performance.now();
    const answered = await answerConversion(review);
    own.push(performance.now() - started);
    const { response } = (answered.ok ? answered.value : {}) as { response?: { convertedObjects: readonly object[] } };
    expect(response?.convertedObjects).toHaveLength(1_000);
  }
  console.log(`1,000 splits in one review: ${millis(own)} ms in the webhook`);
  console.log(`a list of 1,000 splits: ${millis(stored)} ms as stored, ${millis(converted)} ms converted to v1alpha1`);
});

describe('kubectl apply', () => {
  test('prints code and field of what is refused', async () => {
    const { status, stderr } = await apply(split('bad', { service: 'web.elsewhere' }));
    expect(status).toBe(1);
    expect(stderr).toContain('admission webhook "validate.smi-mesh.io" denied the request');
    expect(stderr).toContain('SMI4001 spec.service: "web.elsewhere" does not name a Service of namespace default');
    console.log(stderr.trim());
  });

  test('prints a warning of what is dubious, and takes it', async () => {
    const backends = [{ service: 'web-v9', weight: 1 }];
    const { status, stdout, stderr } = await apply(split('dubious', { backends }));
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'trafficsplit.split.smi-spec.io/dubious created\n' });
    expect(stderr).toMatch(/^Warning: SMI3002 spec\.backends\[0\]\.service: Service default\/web-v9 does not exist/);
    console.log(stderr.trim());
  });

  test('as a dry run says the same and leaves nothing', async () => {
    const dry = await kubectl(['apply', '--dry-run=server', '--filename=-'], split('dry', { service: 'a.b' }));
    expect(dry.stderr).toContain('SMI4001');
    const fine = await kubectl(['apply', '--dry-run=server', '--filename=-'], split('dry'));
    expect(fine).toMatchObject({ status: 0, stdout: 'trafficsplit.split.smi-spec.io/dry created (server dry run)\n' });
    expect((await kubectl(['get', 'trafficsplit', 'dry'])).stderr).toContain('not found');
  });
});

describe('while no webhook answers', () => {
  const namespaces: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['meshed', { 'smi-mesh.io/inject': 'enabled' }],
    ['plain', {}],
    // Labelled by mistake.
    ['kube-system', { 'smi-mesh.io/inject': 'enabled' }],
    [systemNames.webhook, {}],
  ];
  const pod = (labels: Readonly<Record<string, string>> = {}) => ({
    metadata: { generateName: 'pod-', labels },
    spec: { containers: [{ name: 'a', image: 'a.test/b:1' }] },
  });
  const create = (namespace: string, body: unknown) => client.post(`/api/v1/namespaces/${namespace}/pods`, body);

  beforeAll(async () => {
    for (const [name, labels] of namespaces) {
      const { status } = await client.post('/api/v1/namespaces', { metadata: { name, labels } });
      if (status === 409) await client.patch(`/api/v1/namespaces/${name}`, { metadata: { labels } });
    }
    const finalizers = ['example.org/kept'];
    await client.post('/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits', {
      ...split('ending'),
      metadata: { name: 'ending', finalizers },
    });
    await webhooks.resign();
    await webhooks.server.close();
  });

  test('pods of meshed namespaces wait, and nobody else', async () => {
    const meshed = await create('meshed', pod());
    expect(meshed.status).toBe(500);
    expect(meshed.body.message).toContain('failed calling webhook "namespace.inject.smi-mesh.io"');
    expect((await create('meshed', pod({ 'smi-mesh.io/inject': 'disabled' }))).status).toBe(201);
    expect((await create('plain', pod())).status).toBe(201);
    expect((await create('plain', pod({ 'smi-mesh.io/inject': 'enabled' }))).status).toBe(500);
    expect((await create('kube-system', pod())).status).toBe(201);
    expect((await create('kube-system', pod({ 'smi-mesh.io/inject': 'enabled' }))).status).toBe(201);
    const system = `/api/v1/namespaces/smi-mesh-system/pods`;
    expect((await client.post(system, pod({ 'smi-mesh.io/inject': 'enabled' }))).status).toBe(201);
  });

  test('objects of SMI are refused where the setting says so, and can be deleted all the same', async () => {
    const refused = await apply(split('unheard'));
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('failed calling webhook "validate.smi-mesh.io"');
    const path = '/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits/ending';
    expect((await client.delete(path)).status).toBe(200);
    expect((await client.patch(path, { metadata: { finalizers: [] } })).status).toBe(200);
    expect((await client.get(path)).status).toBe(404);
  });

  test('and with the policy Ignore they are taken as they are', async () => {
    const path = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${systemNames.webhookConfiguration}`;
    const { webhooks: asked, ...configuration } = (await client.get(path)).body as { webhooks?: object[] };
    const ignoring = asked?.map((one) => ({ ...one, failurePolicy: 'Ignore' }));
    expect((await client.put(path, { ...configuration, webhooks: ignoring })).status).toBe(200);
    await until(
      async () => (await apply(split('ignored'))).status === 0,
      patience,
      () => 'the split is taken',
    );
  });

  test('objects are read and written as they are stored; only other versions cannot be had', async () => {
    expect((await kubectl(['get', 'trafficsplit', 'settled'])).status).toBe(0);
    const old = await kubectl(['get', 'trafficsplits.v1alpha1.split.smi-spec.io', 'settled']);
    expect(old.stderr).toContain('conversion webhook for split.smi-spec.io/v1alpha4, Kind=TrafficSplit failed');
  });
});
