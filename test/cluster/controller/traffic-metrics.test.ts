import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownerObjects } from '../../../src/control/cluster/owner-objects.ts';
import { type Connection, connect } from '../../../src/kubernetes-client/connect.ts';
import { ok } from '../../../src/lib/result.ts';
import { AccessReviewer } from '../../../src/metrics/api/access-review.ts';
import type { ObjectDirectory } from '../../../src/metrics/api/contract.ts';
import { followTrust } from '../../../src/metrics/api/follow-trust.ts';
import { registrationTask } from '../../../src/metrics/api/registration.ts';
import { type ApiServer, startApiServer } from '../../../src/metrics/api/server.ts';
import { type ResourcePlural, resourceKinds } from '../../../src/metrics/contract.ts';
import { LatencySketch } from '../../../src/telemetry/latency-sketch.ts';
import { caBundleOf } from '../../../src/webhooks/certificates/credential.ts';
import { createWebhookAuthority, issueServingCertificate } from '../../../src/webhooks/certificates/issue.ts';
import { until } from '../../e2e/support/mesh.ts';
import { fixedSource } from '../../support/telemetry/fixed-source.ts';
import { created } from '../support/accounts.ts';
import { adminOf, apiClient } from '../support/client.ts';
import { runKubectl } from '../support/kubectl.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster({ aggregated: true });
const admin = adminOf(cluster);
const guest = apiClient(cluster.url, cluster.ca, cluster.guestToken);
const base = '/apis/metrics.smi-spec.io/v1alpha1';
const service = { namespace: 'smi-mesh-system', name: 'smi-mesh-webhook' };
const stopped = new AbortController();
const faults: string[] = [];
let connection: Connection;
let server: ApiServer;

const latency = new LatencySketch();
for (let i = 0; i < 50; i++) latency.observe(0.02);
const end = (name: string) => ({
  ...{ namespace: 'shop', pod: name, node: 'n1', services: [name] },
  owners: (['ReplicationController', 'ReplicaSet', 'Job', 'DaemonSet', 'Deployment', 'StatefulSet'] as const).map(
    (kind) => ({ kind, name }),
  ),
});
const shared = {
  kind: 'http',
  denied: 0,
  codes: { 200: 50 },
  retries: 0,
  success: 50,
  failure: 0,
  latency: latency.toJSON(),
} as const;
const series = [
  { ...shared, side: 'server', source: end('web'), destination: end('store') },
  {
    ...shared,
    side: 'client',
    source: end('web'),
    destination: end('store'),
    service: 'shop/store',
    split: 'shop/store',
    backend: 'shop/store',
  },
] as const;

/** What has no pods to run here is there by name alone; what makes pods is asked of the apiserver. */
function objects(): ObjectDirectory {
  const others = ownerObjects(connection);
  const names: Partial<Record<ResourcePlural, readonly string[]>> = { namespaces: ['shop'], nodes: ['n1'] };
  return {
    list: async (plural, namespace) => {
      if (plural === 'deployments') return await others.list(plural, namespace);
      const home = plural === 'namespaces' || plural === 'nodes' ? '' : 'shop';
      return ok(
        (names[plural] ?? ['web', 'store', 'idle']).map((name) => ({ namespace: home, name, labels: { app: name } })),
      );
    },
  };
}

beforeAll(async () => {
  const connected = await connect({ kubeconfig: cluster.kubeconfig });
  if (!connected.ok) throw new Error(connected.error.diagnostic.message);
  connection = connected.value;
  for (const name of [service.namespace, 'shop']) await created(admin, '/api/v1/namespaces', { metadata: { name } });
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'c' }] } };
  for (const name of ['web', 'store', 'idle']) {
    await created(admin, '/apis/apps/v1/namespaces/shop/deployments', {
      metadata: { name, labels: { app: name } },
      spec: { selector: { matchLabels: { app: 'web' } }, template },
    });
  }
  const api = {
    source: fixedSource(series),
    weights: () => 100,
    objects: objects(),
    latencyUnit: 'seconds' as const,
    now: Date.now,
  };
  server = await startApiServer({
    address: '127.0.0.1',
    port: 0,
    reviewer: new AccessReviewer(connection),
    api: () => api,
  });
  const credential = await issueCredential([`${service.name}.${service.namespace}.svc`]);
  server.useCertificate(credential.serving);
  const { signal } = stopped;
  const onFault = (fault: string) => faults.push(fault);
  void followTrust({ connection, signal, use: (trust) => server.useTrust(trust), onFault });
  await created(admin, `/api/v1/namespaces/${service.namespace}/services`, {
    metadata: { name: service.name },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: server.port }] },
  });
  const task = registrationTask({
    service: { ...service, port: server.port },
    caBundle: async () => ok(caBundleOf(credential)),
    onFault: ({ diagnostic }) => onFault(diagnostic.message),
  });
  void task.run(connection, signal);
  await until(
    async () => (await admin.get(base)).status === 200,
    60_000,
    () => `the API is not served: ${faults.join(', ')}`,
  );
}, 120_000);

afterAll(async () => {
  stopped.abort();
  await server?.close();
});

async function raw(
  path: string,
): Promise<{ readonly kind: string; readonly items: readonly object[]; readonly [field: string]: unknown }> {
  const { status, stdout, stderr } = await runKubectl(cluster.kubeconfig, ['get', '--raw', path]);
  if (status !== 0) throw new Error(`${path}: ${stderr}`);
  return JSON.parse(stdout);
}

describe('behind the aggregator of a real apiserver', () => {
  test('every path of the API is answered', async () => {
    expect(await raw(base)).toMatchObject({ kind: 'APIResourceList', groupVersion: 'metrics.smi-spec.io/v1alpha1' });
    for (const plural of Object.keys(resourceKinds)) {
      expect((await raw(`${base}/${plural}`)).kind, plural).toBe('TrafficMetricsList');
      const scoped = plural === 'namespaces' || plural === 'nodes';
      const home = scoped ? `${base}/${plural}` : `${base}/namespaces/shop/${plural}`;
      if (!scoped) expect((await raw(home)).items.length, plural).toBeGreaterThan(0);
      const name = plural === 'namespaces' ? 'shop' : plural === 'nodes' ? 'n1' : 'store';
      const one = await raw(`${home}/${name}`);
      const measured = plural === 'trafficsplits' ? one.items[0] : one;
      expect(measured, plural).toMatchObject({
        kind: 'TrafficMetrics',
        metrics: [{}, {}, {}, { name: 'success_count', value: '50' }, { value: '0' }],
      });
      expect((await raw(`${home}/${name}/edges`)).items.length, plural).toBeGreaterThan(0);
    }
  }, 300_000);

  test('idle objects answer zeros, unknown ones 404 with a Status', async () => {
    expect(await raw(`${base}/namespaces/shop/deployments/idle`)).toMatchObject({
      metrics: [{ value: '0' }, {}, {}, { value: '0' }, {}],
    });
    const gone = await admin.get(`${base}/namespaces/shop/deployments/gone`);
    expect(gone).toMatchObject({ status: 404, body: { kind: 'Status', reason: 'NotFound' } });
    expect((await admin.get(`${base}/namespaces/shop/deployments?labelSelector=app%3Dstore`)).body.items).toHaveLength(
      1,
    );
  });

  test('a table is for those who ask for one', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { body } = await admin.get(`${base}/namespaces/shop/deployments/store`, { accept });
    expect(body).toMatchObject({
      kind: 'Table',
      rows: [{ cells: ['store', 'from', '*', 'server', '100.00%', '1.7', '20.0ms', '20.0ms', '20.0ms'] }],
    });
  });

  test('its schema is served for each version', async () => {
    expect((await admin.get('/openapi/v3/apis/metrics.smi-spec.io/v1alpha2')).body).toMatchObject({ openapi: '3.0.0' });
  });
});

describe('who may ask', () => {
  test('those whom roles let, and nobody else', async () => {
    const path = `${base}/namespaces/shop/pods/store/edges`;
    expect(await guest.get(path)).toMatchObject({ status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    const canI = async (...more: string[]) =>
      (
        await runKubectl(cluster.kubeconfig, [
          'auth',
          'can-i',
          'get',
          'pods.metrics.smi-spec.io',
          '--subresource=edges',
          '--namespace=shop',
          ...more,
        ])
      ).stdout.trim();
    expect(await canI('--as=guest')).toBe('no');
    expect(await canI()).toBe('yes');
    expect(await connection.get(path, { as: 'guest' })).toMatchObject({ ok: false, error: { status: 403 } });
    expect(await connection.get(path)).toMatchObject({ ok: true });
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop';
    await created(admin, `${rbac}/roles`, {
      metadata: { name: 'edges' },
      rules: [{ apiGroups: ['metrics.smi-spec.io'], resources: ['pods/edges'], verbs: ['get'] }],
    });
    await created(admin, `${rbac}/rolebindings`, {
      metadata: { name: 'edges' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'edges' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'guest' }],
    });
    await until(
      async () => (await guest.get(path)).status === 200,
      30_000,
      () => 'the role does not count',
    );
    expect(await canI('--as=guest')).toBe('yes');
    expect((await guest.get(`${base}/namespaces/shop/pods/store`)).status).toBe(403);
  });

  test('who reaches the server itself is told 401 without the certificate of the front proxy', async () => {
    const path = `${base}/namespaces/shop/pods`;
    expect(await direct(path)).toMatchObject({ status: 401 });
    const stranger = await issueCredential(['front-proxy-client']);
    expect(
      await direct(path, { cert: stranger.serving.certificateChain, key: stranger.serving.privateKey }),
    ).toMatchObject({ status: 401 });
    expect(await direct('/healthz')).toMatchObject({ status: 200 });
  });
});

async function issueCredential(hosts: readonly string[]) {
  const now = Date.now();
  const authority = await createWebhookAuthority(now, 3_600_000);
  return { serving: await issueServingCertificate(authority, hosts, now, 3_600_000), bundle: [authority.certificate] };
}

function direct(
  path: string,
  credential: { cert?: string; key?: string } = {},
): Promise<{ readonly status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, headers, rejectUnauthorized: false, ...credential },
      (response) => {
        response.resume();
        response.once('end', () => resolve({ status: response.statusCode }));
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}
