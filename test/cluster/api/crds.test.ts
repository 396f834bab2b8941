import { describe, expect, test } from 'vitest';
import { kindsOf, smiGroups, versionsOf } from '../../../src/smi/versions.ts';
import { adminOf } from '../support/client.ts';
import { type Crd, conditionOf, crdsPath, install, objectsPath, shippedCrds } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const client = adminOf(await startTestCluster());
const crds = shippedCrds();

// TrafficMetrics are answered by an aggregated API, which needs no definition.
test('there is a definition for every kind of SMI that is stored, with all its versions', () => {
  const shipped = crds.map(({ spec }) => [spec.group, spec.names.kind, spec.versions.map(({ name }) => name).sort()]);
  const stored = smiGroups().filter((group) => group !== 'metrics.smi-spec.io');
  const wanted = stored.flatMap((group) => {
    return kindsOf(group).map((kind) => [group, kind, [...(versionsOf(group, kind)?.served ?? [])].sort()]);
  });
  expect(shipped).toEqual(expect.arrayContaining(wanted));
});

test('the apiserver refuses what is not structural, so that its yes means something', async () => {
  const [crd] = crds;
  if (crd === undefined) throw new Error('no definition is shipped');
  const answer = await client.post(`${crdsPath}?dryRun=All`, withoutTypes(crd));
  expect(answer.status).toBe(422);
  expect(answer.body.message).toContain('must not be empty for specified object fields');
});

describe.each(crds.map((crd) => [crd.metadata.name, crd] as const))('%s', (name, crd) => {
  test('is accepted by a dry run, without a warning or an unknown field', async () => {
    const answer = await client.post(`${crdsPath}?dryRun=All&fieldValidation=Strict`, crd);
    expect(answer.body.message).toBeUndefined();
    expect(answer).toMatchObject({ status: 201, warnings: [] });
    expect((await client.get(`${crdsPath}/${name}`)).status).toBe(404);
  });

  test('can be created, is established and structural', async () => {
    const installed = await install(client, crd);
    expect(conditionOf(installed, 'Established')).toBe('True');
    expect(conditionOf(installed, 'NamesAccepted')).toBe('True');
    expect(conditionOf(installed, 'NonStructuralSchema') ?? 'False').toBe('False');
  });

  test('stores its newest version', async () => {
    const [newest] = crd.spec.versions
      .map((version) => version.name)
      .toSorted()
      .toReversed();
    expect(crd.spec.versions.filter(({ storage }) => storage).map((version) => version.name)).toEqual([newest]);
  });

  test.each(crd.spec.versions.map((version) => [version.name, version] as const))(
    '%s is served, with its short names, its status and its columns',
    async (versionName, { additionalPrinterColumns = [] }) => {
      const { body } = await client.get(`/apis/${crd.spec.group}/${versionName}`);
      const resources = body.resources as readonly Readonly<Record<string, unknown>>[];
      const resource = resources.find((one) => one.name === crd.spec.names.plural);
      expect(resource).toMatchObject({
        kind: crd.spec.names.kind,
        namespaced: crd.spec.scope === 'Namespaced',
      });
      expect(resource?.shortNames).toEqual(crd.spec.names.shortNames);
      expect(resources.map((one) => one.name)).toContain(`${crd.spec.names.plural}/status`);
      const table = await client.get(objectsPath(crd, versionName), {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      });
      const columns = (table.body.columnDefinitions as readonly { readonly name: string }[]).map(
        (column) => column.name,
      );
      expect(columns).toEqual(['Name', ...additionalPrinterColumns.map((column) => column.name)]);
      expect(additionalPrinterColumns.length).toBeGreaterThan(0);
    },
  );
});

test('every kind of SMI has a short name, and no two have the same', () => {
  const smi = crds.filter(({ spec }) => spec.group.endsWith('.smi-spec.io'));
  const names = smi.flatMap(({ spec }) => spec.names.shortNames?.slice(0, 1) ?? []);
  expect(names).toHaveLength(smi.length);
  expect(new Set(names).size).toBe(names.length);
});

/** The definition with a schema that names fields and gives none of them a type. */
function withoutTypes(crd: Crd): unknown {
  return {
    ...crd,
    metadata: { name: crd.metadata.name },
    spec: {
      ...crd.spec,
      versions: crd.spec.versions.map((version) => ({
        ...version,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { properties: { service: {} } } } } },
      })),
    },
  };
}
