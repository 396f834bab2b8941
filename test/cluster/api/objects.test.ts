import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiObject, adminOf } from '../support/client.ts';
import { type ConversionWebhook, startConversionWebhook } from '../support/conversion-webhook.ts';
import { install, objectsPath, shippedCrds } from '../support/crds.ts';
import { brokenManifests, crdOf, type Manifest, ordinaryManifests, schemaExamples } from '../support/manifests.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const client = adminOf(await startTestCluster());
let webhook: ConversionWebhook;

beforeAll(async () => {
  webhook = await startConversionWebhook();
  for (const crd of shippedCrds()) await install(client, webhook.servedBy(crd));
});

afterAll(async () => {
  await webhook.close();
});

const accepted = [...schemaExamples(), ...ordinaryManifests];

test('there is an example of every version of every kind', () => {
  const covered = new Set(accepted.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
  const served = shippedCrds().flatMap(({ spec }) => {
    return spec.versions.map(({ name }) => `${spec.group}/${name} ${spec.names.kind}`);
  });
  expect([...covered].toSorted()).toEqual(served.toSorted());
});

describe.each(accepted.map((manifest, index) => [title(manifest), manifest, index] as const))(
  'the apiserver accepts %s',
  (_, manifest, index) => {
    const crd = crdOf(manifest);
    // What there is once for a whole cluster has its own name.
    const name = crd.spec.scope === 'Cluster' ? manifest.metadata?.name : `object-${index}`;
    const object = { ...manifest, metadata: { name } };
    const stored = { ...object, metadata: crd.spec.scope === 'Cluster' ? { name } : { name, namespace: 'default' } };

    test('and keeps every field of it, also after it was stored as the newest version', async () => {
      const version = versionOf(manifest);
      const path = objectsPath(crd, version, 'default');
      const created = await client.post(`${path}?fieldValidation=Strict`, object);
      expect(created.body.message).toBeUndefined();
      expect(created).toMatchObject({ status: 201, warnings: [] });
      const read = await client.get(`${path}/${name}`);
      expect(written(read.body)).toEqual(stored);
    });

    test('and gives it out in every version, from which the first can be had again', async () => {
      for (const { name: version } of crd.spec.versions) {
        const path = `${objectsPath(crd, version, 'default')}/${name}`;
        const { status, body } = await client.get(path);
        expect(body.message).toBeUndefined();
        expect(status).toBe(200);
        // Written back as it was read in that version, it still is what its author wrote.
        const put = await client.put(path, body);
        expect(put.body.message).toBeUndefined();
        const again = await client.get(`${objectsPath(crd, versionOf(manifest), 'default')}/${name}`);
        expect(written(again.body)).toEqual(stored);
      }
    });
  },
);

test.each(brokenManifests.map((broken, index) => [title(broken.manifest), broken.because, broken, index] as const))(
  'the apiserver refuses %s with %s',
  async (_, __, { manifest, says }, index) => {
    const path = objectsPath(crdOf(manifest), versionOf(manifest), 'default');
    const object = { ...manifest, metadata: { name: `broken-${index}` } };
    const { status, body } = await client.post(`${path}?dryRun=All&fieldValidation=Strict`, object);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.message).toMatch(says);
  },
);

function versionOf({ apiVersion }: Manifest): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

function title({ apiVersion, kind }: Manifest): string {
  return `${kind} of ${apiVersion}`;
}

/** The part of an object that its author wrote. */
function written(object: ApiObject): unknown {
  const { name, namespace, labels, annotations } = object.metadata ?? {};
  return JSON.parse(JSON.stringify({ ...object, metadata: { name, namespace, labels, annotations } }));
}
