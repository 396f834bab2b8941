import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RenderedObject, readChart } from '../../../src/chart/chart.ts';
import { translators } from '../../../src/cli/translators.ts';
import { decodeControllerConfig } from '../../../src/config/controller/decode.ts';
import { pluralOf } from '../../../src/kubernetes-client/write.ts';
import { packageVersion } from '../../../src/lib/package-version.ts';
import { type Fields, isRecord } from '../../../src/lib/values.ts';
import { parseYaml } from '../../../src/source/yaml.ts';

const chart = readChart();
const release = { name: 'mesh', namespace: 'mesh-system', service: 'test' };

function rendered(values: Fields = {}): readonly RenderedObject[] {
  const result = chart.render(release, values);
  if (!result.ok) throw new Error(result.error.join('\n'));
  return result.value;
}

const titles = (objects: readonly RenderedObject[]) =>
  objects.map(({ object }) => `${object.kind} ${at(object, 'metadata', 'name')}`);

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (one, key) => (isRecord(one) || Array.isArray(one) ? Reflect.get(one, key) : undefined),
    value,
  );
}

function find(objects: readonly RenderedObject[], kind: string, name: string): Fields {
  const found = objects.find(({ object }) => object.kind === kind && at(object, 'metadata', 'name') === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found.object;
}

test('chart, program and package have one version', () => {
  expect(chart.version).toBe(packageVersion());
  const about = readFileSync(join(import.meta.dirname, '../../../deploy/chart/smi-mesh/Chart.yaml'), 'utf8');
  expect(about).toContain(`appVersion: ${packageVersion()}\n`);
});

test('objects come in the order in which they can be applied', () => {
  const kinds = rendered({ createNamespace: true }).map(({ object }) => object.kind);
  expect(kinds[0]).toBe('Namespace');
  expect(kinds.at(-1)).toBe('MutatingWebhookConfiguration');
  expect(kinds.indexOf('Deployment')).toBeLessThan(kinds.indexOf('ValidatingWebhookConfiguration'));
  expect(kinds.indexOf('ServiceAccount')).toBeLessThan(kinds.indexOf('RoleBinding'));
});

test('every object with a namespace is in that of the release, and says who manages it', () => {
  for (const { object } of rendered()) {
    if (!/^(ClusterRole|ClusterRoleBinding|.*WebhookConfiguration)$/.test(String(object.kind))) {
      expect(at(object, 'metadata', 'namespace')).toBe('mesh-system');
    }
    expect(at(object, 'metadata', 'labels', 'app.kubernetes.io/managed-by')).toBe('test');
  }
});

test('the controller runs as nobody in particular, with nothing that it does not need', () => {
  const pod = at(find(rendered(), 'Deployment', 'smi-mesh-controller'), 'spec', 'template', 'spec');
  expect(at(pod, 'securityContext')).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(at(pod, 'containers', 0, 'securityContext')).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

test('one replica needs no disruption budget', () => {
  expect(titles(rendered())).toContain('PodDisruptionBudget smi-mesh-controller');
  expect(titles(rendered({ controller: { replicas: 1 } }))).not.toContain('PodDisruptionBudget smi-mesh-controller');
});

describe('the document of settings', () => {
  const settings = (values: Fields) =>
    at(find(rendered(values), 'ConfigMap', 'smi-mesh-config'), 'data', 'config.yaml');

  test('has what other values imply', () => {
    expect(settings({ image: { tag: 'x' } })).toContain('mesh: ghcr.io/smi-mesh/smi-mesh:x\n');
    expect(settings({ certManager: { enabled: true } })).toContain('certificates: cert-manager');
  });

  test('and over it what it is told itself', () => {
    expect(settings({ config: { injection: { images: { mesh: 'mine:1' } } } })).toContain('mesh: mine:1\n');
    expect(settings({ config: { trustDomain: 'example.org' } })).toContain('trustDomain: example.org\n');
  });

  test('whose change makes other pods', () => {
    const hash = (values: Fields) =>
      at(find(rendered(values), 'Deployment', 'smi-mesh-controller'), 'spec', 'template', 'metadata', 'annotations');
    expect(hash({ config: { trustDomain: 'example.org' } })).not.toEqual(hash({}));
    expect(hash({ controller: { replicas: 3 } })).toEqual(hash({}));
  });
});

test('the controller takes the settings of the chart, which are its own defaults but for the images', () => {
  const text = at(find(rendered(), 'ConfigMap', 'smi-mesh-config'), 'data', 'config.yaml');
  const parsed = parseYaml(String(text));
  const decoded = decodeControllerConfig(parsed.ok ? parsed.value[0] : undefined);
  const defaults = decodeControllerConfig({});
  if (!decoded.ok || !defaults.ok) throw new Error(JSON.stringify([decoded, defaults]));
  const { images: _, ...injection } = decoded.value.injection;
  const { images: __, ...own } = defaults.value.injection;
  expect({ ...decoded.value, injection }).toEqual({ ...defaults.value, injection: own });
});

test('every setting of the schema is one that the controller knows', () => {
  const config = at(chart.schema, 'properties', 'config');
  const decoded = decodeControllerConfig(exampleOf(config));
  const unknown = decoded.ok ? [] : decoded.error.filter(({ code }) => code === 'SMI2008');
  expect(unknown.map(({ message }) => message)).toEqual([]);
});

/** Something in every field that a schema names. */
function exampleOf(schema: unknown): unknown {
  const properties = at(schema, 'properties');
  if (!isRecord(properties)) return null;
  return Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, exampleOf(inner)]));
}

test('the controller may apply the definitions that ship, and no others', () => {
  const shipped = readdirSync(join(import.meta.dirname, '../../../schemas/crds')).map((name) =>
    name.replace('.yaml', ''),
  );
  const rules = at(find(rendered(), 'ClusterRole', 'smi-mesh-controller'), 'rules') as readonly Fields[];
  const rule = rules.find(({ apiGroups }) => JSON.stringify(apiGroups) === '["apiextensions.k8s.io"]');
  expect(rule?.resourceNames).toEqual(shipped.toSorted());
  const unmanaged = find(rendered({ config: { crds: { manage: false } } }), 'ClusterRole', 'smi-mesh-controller');
  expect(JSON.stringify(unmanaged)).not.toContain('apiextensions');
});

describe('with another mesh that carries the traffic', () => {
  const argsOf = (bridge: Fields) => {
    const found = find(rendered({ bridge }), 'Deployment', 'smi-mesh-controller');
    return at(found, 'spec', 'template', 'spec', 'containers', 0, 'args') as readonly string[];
  };

  test('the controller is told which, and how', () => {
    const plain = argsOf({});
    expect(plain).toEqual(argsOf({ adopt: true, options: ['a=b'] }));
    expect(plain.join(' ')).not.toMatch(/adapter|apply/);
    expect(argsOf({ adapter: 'istio' })).toEqual([...plain, '--adapter', 'istio', '--apply']);
    const told = { adapter: 'gateway-api', options: ['access=elsewhere', 'channel=experimental'] };
    const options = ['--option', 'access=elsewhere', '--option', 'channel=experimental'];
    expect(argsOf({ ...told, adopt: true, dryRun: true })).toEqual([
      ...[...plain, '--adapter', 'gateway-api', '--dry-run', '--adopt'],
      ...options,
    ]);
  });

  test.each(Object.entries(translators))('it may write the kinds of %s, and no others', async (adapter, load) => {
    const rights = (values: Fields) =>
      at(find(rendered(values), 'ClusterRole', 'smi-mesh-controller'), 'rules') as readonly Fields[];
    const before = rights({}).map((rule) => JSON.stringify(rule));
    const added = rights({ bridge: { adapter } }).filter((rule) => !before.includes(JSON.stringify(rule)));
    const named = added.flatMap(({ apiGroups, resources }) =>
      (resources as readonly string[]).map((resource) => `${resource}.${at(apiGroups, 0)}`),
    );
    const { kinds = [] } = await load();
    const wanted = kinds.map(({ apiVersion, kind }) => `${pluralOf(kind)}.${apiVersion.split('/')[0]}`);
    expect(named.toSorted()).toEqual(wanted.toSorted());
    for (const { verbs } of added) expect(verbs).toEqual(['get', 'list', 'watch', 'create', 'patch', 'delete']);
  });
});

test('values are refused by the schema, each with its place and what was probably meant', () => {
  const result = chart.render(release, {
    controler: {},
    controller: { replicas: 0 },
    image: { pullPolicy: 'Sometimes', digest: 'sha256:1' },
  });
  expect(result).toEqual({
    ok: false,
    error: [
      'values: there is no "controler"; did you mean "controller"?',
      expect.stringMatching(/^image\.digest: must match pattern/),
      'image.pullPolicy: must be equal to one of the allowed values: Always, IfNotPresent, Never',
      'controller.replicas: must be >= 1',
    ],
  });
});
