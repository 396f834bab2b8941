import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readChart } from '../../../src/chart/chart.ts';
import { systemNamespace } from '../../../src/kubernetes/names.ts';
import { type Fields, isRecord } from '../../../src/lib/values.ts';
import { parseYaml } from '../../../src/source/yaml.ts';
import { adminOf } from '../support/client.ts';
import { chart, firstChart, helm, helmMissing, kubeVersion } from '../support/helm.ts';
import { runKubectl } from '../support/kubectl.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const { kubeconfig, ...access } = await startTestCluster();
const client = adminOf({ kubeconfig, ...access });
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Values that turn each part of the chart on or off. */
const valueSets: readonly (readonly [string, Fields])[] = [
  ['its own values', {}],
  ['one replica, without policies', { controller: { replicas: 1 }, networkPolicy: { enabled: false } }],
  [
    'many replicas',
    {
      createNamespace: true,
      controller: {
        replicas: 5,
        priorityClassName: 'system-cluster-critical',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ key: 'control', operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        podAnnotations: { truth: 'on', number: '1e3' },
        podLabels: { team: 'mesh' },
        env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' }],
        volumes: [{ name: 'authority', secret: { secretName: 'authority' } }],
        volumeMounts: [{ name: 'authority', mountPath: '/etc/authority', readOnly: true }],
      },
      podDisruptionBudget: { minAvailable: '50%' },
      serviceAccount: { annotations: { 'example.org/role': 'mesh' } },
    },
  ],
  [
    'closed networks',
    {
      networkPolicy: {
        metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        egress: [{ ports: [{ port: 443 }, { port: 6443 }] }],
      },
    },
  ],
  [
    'other images',
    {
      image: {
        repository: 'registry.example:5000/mesh',
        digest: `sha256:${'a'.repeat(64)}`,
        pullSecrets: [{ name: 'key' }],
      },
      envoyImage: { repository: 'registry.example/envoy', tag: 'v1' },
    },
  ],
  [
    'every setting',
    {
      config: {
        trustDomain: 'example.org',
        svidLifetime: '6h',
        webhooks: { validationFailurePolicy: 'Fail' },
        injection: { dataPlane: 'envoy', nativeSidecars: 'on', exclude: { outboundPorts: [25, 5432] } },
        log: { level: 'debug' },
      },
    },
  ],
  ['cert-manager', { certManager: { enabled: true } }],
  ['an issuer of cert-manager', { certManager: { enabled: true, issuerRef: { kind: 'ClusterIssuer', name: 'ours' } } }],
  ['TrafficMetrics behind the aggregator', { config: { trafficMetrics: { api: true, latencyUnit: 'ms' } } }],
  ['the CNI plug-in', { cni: { enabled: true } }],
  ['monitoring', { monitoring: { rules: { enabled: true, labels: { release: 'p' } }, scrape: { enabled: true } } }],
];

describe.skipIf(helmMissing)(`Helm${helmMissing === undefined ? '' : `: ${helmMissing}`}`, () => {
  test('finds nothing wrong with the chart', () => {
    expect(helm(['lint', '--strict', ...kubeVersion, chart])).toContain('0 chart(s) failed');
  });

  describe.each(valueSets)('with %s', (_, values) => {
    const file = join(folder, 'values.yaml');
    const rendered = () => {
      writeFileSync(file, JSON.stringify(values));
      return helm(['template', 'mesh', chart, '--namespace=mesh-system', '--no-hooks', '-f', file, ...kubeVersion]);
    };

    test('renders what this program renders', () => {
      const ours = readChart().render({ name: 'mesh', namespace: 'mesh-system', service: 'Helm' }, values);
      if (!ours.ok) throw new Error(ours.error.join('\n'));
      expect(sorted(ours.value.map(({ object }) => object))).toEqual(sorted(documents(rendered())));
    });

    test('renders what the apiserver takes', async () => {
      // Definitions of others are not there, and nor is the namespace.
      const others = /^(cert-manager\.io|monitoring\.coreos\.com)\//;
      const objects = documents(rendered()).filter(({ apiVersion }) => !others.test(String(apiVersion)));
      await client.post('/api/v1/namespaces', { metadata: { name: 'mesh-system' } });
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--filename=-'];
      const { status, stderr, stdout } = await runKubectl(kubeconfig, args, list);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.trim().split('\n')).toHaveLength(objects.length);
    });
  });

  test('refuses the values that this program refuses', () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, JSON.stringify({ controller: { replicas: 0 } }));
    expect(() => helm(['template', 'mesh', chart, '-f', file, ...kubeVersion])).toThrow('/controller/replicas');
    expect(
      readChart().render({ name: 'mesh', namespace: 'x', service: 'Helm' }, { controller: { replicas: 0 } }).ok,
    ).toBe(false);
  });

  test('installs, upgrades from the first chart, and removes every object of it', async () => {
    const release = ['smi-mesh', '--namespace', systemNamespace];
    helm(['install', ...release, firstChart, '--create-namespace'], kubeconfig);
    const before = await ownObjects();
    expect(before).toContain(`Deployment ${systemNamespace}/smi-mesh-controller`);
    helm(['upgrade', ...release, chart], kubeconfig);
    const after = await ownObjects();
    const [deployment] = await listed(`/apis/apps/v1/namespaces/${systemNamespace}/deployments`);
    expect(field(deployment, 'metadata', 'labels', 'helm.sh/chart')).toBe(`smi-mesh-${readChart().version}`);
    const rendered = readChart().render({ name: 'smi-mesh', namespace: systemNamespace, service: 'Helm' });
    expect(after).toEqual(rendered.ok ? rendered.value.map(({ object }) => title(object)).toSorted() : []);
    // Hooks are Jobs, and nothing runs them here.
    helm(['uninstall', ...release, '--no-hooks'], kubeconfig);
    expect(await ownObjects()).toEqual([]);
  });
});

/** What the chart brings, of the kinds that it has. */
async function ownObjects(): Promise<readonly string[]> {
  const inNamespace = [
    ...['serviceaccounts', 'configmaps', 'services'].map((kind) => `/api/v1/namespaces/${systemNamespace}/${kind}`),
    `/apis/apps/v1/namespaces/${systemNamespace}/deployments`,
    `/apis/apps/v1/namespaces/${systemNamespace}/daemonsets`,
    `/apis/policy/v1/namespaces/${systemNamespace}/poddisruptionbudgets`,
    `/apis/networking.k8s.io/v1/namespaces/${systemNamespace}/networkpolicies`,
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${systemNamespace}/roles`,
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${systemNamespace}/rolebindings`,
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  ];
  const lists = await Promise.all(inNamespace.map(listed));
  return lists.flat().map(title).toSorted();
}

async function listed(path: string): Promise<readonly Fields[]> {
  const { body } = await client.get(`${path}?labelSelector=app.kubernetes.io/part-of=smi-mesh`);
  const kind = String(body.kind).replace(/List$/, '');
  return (body.items as readonly Fields[]).map((item) => ({ ...item, kind }));
}

function title(object: Fields): string {
  const namespace = field(object, 'metadata', 'namespace');
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${field(object, 'metadata', 'name')}`;
}

function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((one, name) => (isRecord(one) ? one[name] : undefined), value);
}

function documents(text: string): readonly Fields[] {
  const parsed = parseYaml(text);
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return parsed.value.filter(isRecord);
}

function sorted(objects: readonly Fields[]): readonly Fields[] {
  return objects.toSorted((one, other) => (title(one) < title(other) ? -1 : 1));
}
