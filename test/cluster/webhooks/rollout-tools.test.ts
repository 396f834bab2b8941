import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../e2e/support/mesh.ts';
import { type ApiAnswer, type ApiObject, adminOf } from '../support/client.ts';
import { objectsPath, shippedCrds } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { type RunningWebhooks, startWebhooks } from '../support/webhooks.ts';

/**
 * The requests of Flagger 1.36 (pkg/router/smi*.go) and Argo Rollouts 1.10 (rollout/trafficrouting/smi), one by one as
 * their sources send them. Neither knows more of a split than its own version has.
 */
const cluster = await startTestCluster();
const client = adminOf(cluster);
const patience = 40_000;
const paths = (version: string) => `/apis/split.smi-spec.io/${version}/namespaces/default/trafficsplits`;

let webhooks: RunningWebhooks;
beforeAll(async () => {
  webhooks = await startWebhooks(cluster, {
    values: { config: { webhooks: { validationFailurePolicy: 'Fail' } } },
  });
  const [crd] = shippedCrds().filter(({ spec }) => spec.names.kind === 'TrafficSplit');
  await until(
    async () =>
      crd !== undefined &&
      (await Promise.all(crd.spec.versions.map(({ name }) => client.get(objectsPath(crd, name))))).every(
        ({ status }) => status === 200,
      ),
    patience,
    () => 'every version is served',
  );
});
afterAll(() => webhooks.stop());

interface Backend {
  readonly service: string;
  readonly weight: number | string;
}

interface Split extends ApiObject {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly resourceVersion?: string };
  readonly spec: { readonly service: string; readonly backends: readonly Backend[] };
}

/** How a Go client writes a weight: `resource.NewQuantity(n, resource.DecimalExponent)` in v1alpha1. */
function written(version: string, weight: number): number | string {
  if (version !== 'v1alpha1') return weight;
  const zeros = /0*$/.exec(String(weight))?.[0].length ?? 0;
  const exponent = weight === 0 ? 0 : zeros;
  return exponent === 0 ? String(weight) : `${weight / 10 ** exponent}e${exponent}`;
}

/** How a Go client reads it: `Quantity.AsInt64`. */
function read({ weight }: Backend): number {
  return Number(weight);
}

function must(answer: ApiAnswer, status: number): Split {
  expect(answer.body.message).toBeUndefined();
  expect(answer.status).toBe(status);
  return answer.body as Split;
}

async function get(version: string, name: string): Promise<Split> {
  return must(await client.get(`${paths(version)}/${name}`), 200);
}

const versions = ['v1alpha1', 'v1alpha2', 'v1alpha3'];

describe.each(versions)('Flagger with SMI %s', (version) => {
  const name = `podinfo-${version}`;
  const backends = (canary: number): readonly Backend[] => [
    { service: `${name}-canary`, weight: written(version, canary) },
    { service: `${name}-primary`, weight: written(version, 100 - canary) },
  ];
  const owner = {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    name: 'podinfo',
    uid: '11111111-1111-4111-8111-111111111111',
    controller: true,
    blockOwnerDeletion: true,
  };

  /** SetRoutes: read, change the backends of what was read, update with its resourceVersion. */
  async function setRoutes(canary: number): Promise<ApiAnswer> {
    const now = await get(version, name);
    const spec = { ...now.spec, backends: backends(canary) };
    return await client.put(`${paths(version)}/${name}`, { ...now, spec });
  }

  test('the split is not there, is made, and is found as it was made', async () => {
    expect((await client.get(`${paths(version)}/${name}`)).status).toBe(404);
    const made = await client.post(paths(version), {
      apiVersion: `split.smi-spec.io/${version}`,
      kind: 'TrafficSplit',
      metadata: { name, annotations: {}, ownerReferences: [owner], creationTimestamp: null },
      spec: { service: name, backends: backends(0) },
    });
    must(made, 201);
    const { spec, metadata } = await get(version, name);
    // Reconcile compares all but the weights, and would otherwise write the split again and again.
    expect(spec.service).toBe(name);
    expect(spec.backends.map(({ service }) => service)).toEqual([`${name}-canary`, `${name}-primary`]);
    expect(spec.backends.map(read)).toEqual([0, 100]);
    expect(metadata.ownerReferences).toEqual([owner]);
  });

  test('a canary is moved in steps, promoted and reset; each step reads back in every version', async () => {
    for (const canary of [5, 10, 25, 50, 99, 100, 0]) {
      must(await setRoutes(canary), 200);
      for (const other of [...versions, 'v1alpha4']) {
        const { spec } = await get(other, name);
        const [one, two] = spec.backends.map(read);
        expect([one, two]).toEqual([canary, 100 - canary]);
      }
    }
  });

  test('a status that somebody else writes in between costs one conflict, and nothing is lost', async () => {
    const before = await get(version, name);
    const status = { conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: '' }] };
    const path = `${paths('v1alpha4')}/${name}`;
    expect((await client.patch(`${path}/status`, { status })).status).toBe(200);
    const late = await client.put(`${paths(version)}/${name}`, {
      ...before,
      spec: { ...before.spec, backends: backends(30) },
    });
    expect(late.status).toBe(409);
    must(await setRoutes(30), 200);
    const after = await get('v1alpha4', name);
    expect(after.spec.backends.map(read)).toEqual([30, 70]);
    expect(after.status).toEqual(status);
  });

  test('an update with what a typed client knows of an object keeps the annotations of the conversion', async () => {
    const { metadata, spec } = await get(version, name);
    // A Go client drops what its types do not have: status, managedFields are in them or not, unknown fields never.
    const { managedFields: _, ...kept } = metadata;
    const object = { apiVersion: `split.smi-spec.io/${version}`, kind: 'TrafficSplit', metadata: kept, spec };
    must(await client.put(`${paths(version)}/${name}`, object), 200);
    expect((await get('v1alpha4', name)).spec.backends.map(read)).toEqual([30, 70]);
  });
});

describe.each(versions)('Argo Rollouts with SMI %s', (version) => {
  const name = `rollout-${version}`;
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name,
    uid: '22222222-2222-4222-8222-222222222222',
    controller: true,
    blockOwnerDeletion: true,
  };
  const backends = (canary: number, extra = 0): readonly Backend[] => [
    { service: 'canary', weight: written(version, canary) },
    ...(extra === 0 ? [] : [{ service: 'experiment', weight: written(version, extra) }]),
    { service: 'stable', weight: written(version, 100 - canary - extra) },
  ];

  test('its test for SMI finds the API', async () => {
    expect((await client.get('/apis/split.smi-spec.io/v1alpha1/trafficsplits?limit=1')).status).toBe(200);
  });

  test('makes a split whose root is the stable Service, and finds itself its owner', async () => {
    const made = await client.post(paths(version), {
      apiVersion: `split.smi-spec.io/${version}`,
      kind: 'TrafficSplit',
      metadata: { name, creationTimestamp: null, ownerReferences: [owner] },
      spec: { service: 'stable', backends: backends(5) },
    });
    must(made, 201);
    const { spec, metadata } = await get(version, name);
    expect(metadata.ownerReferences).toEqual([owner]);
    expect(spec.service).toBe('stable');
    expect(spec.backends.map(read)).toEqual([5, 95]);
  });

  test('30 merge patches in quick succession all take effect, in order', async () => {
    for (let canary = 1; canary <= 30; canary += 1) {
      const patched = await client.patch(`${paths(version)}/${name}`, { spec: { backends: backends(canary) } });
      expect(must(patched, 200).spec.backends.map(read)).toEqual([canary, 100 - canary]);
    }
    const { spec, metadata } = await get('v1alpha4', name);
    expect(spec.backends).toEqual([
      { service: 'canary', weight: 30 },
      { service: 'stable', weight: 70 },
    ]);
    expect(metadata.generation).toBe(31);
  });

  test('backends of an experiment come and go', async () => {
    must(await client.patch(`${paths(version)}/${name}`, { spec: { backends: backends(20, 10) } }), 200);
    expect((await get('v1alpha4', name)).spec.backends).toEqual([
      { service: 'canary', weight: 20 },
      { service: 'experiment', weight: 10 },
      { service: 'stable', weight: 70 },
    ]);
    must(await client.patch(`${paths(version)}/${name}`, { spec: { backends: backends(20) } }), 200);
    expect((await get('v1alpha1', name)).spec.backends.map(read)).toEqual([20, 80]);
  });

  test('a step that is the same again changes nothing', async () => {
    const { metadata } = await get(version, name);
    must(await client.patch(`${paths(version)}/${name}`, { spec: { backends: backends(20) } }), 200);
    expect((await get(version, name)).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });
});
