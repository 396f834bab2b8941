import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import { controlPlaneIdentity } from '../../../src/control/plane.ts';
import type { Svid } from '../../../src/identity/authority.ts';
import { requestSvid } from '../../../src/identity/client.ts';
import { type ClusterAuthority, startClusterAuthority } from '../../../src/identity/cluster-authority.ts';
import { selfSigned } from '../../../src/identity/self-signed.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { loadDescriptor } from '../../../src/lib/descriptors.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { until } from '../../e2e/support/mesh.ts';
import { TestAdsClient } from '../../support/ads-client.ts';
import { accountToken } from '../support/accounts.ts';
import { adminOf } from '../support/client.ts';
import { ControllerProcess } from '../support/controller.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { make, makeAccount, makeService, runPod } from '../support/workloads.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-controller-'));
const patience = 60_000;
const splits = '/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits';
let mesh: ClusterAuthority;
let controllers: ControllerProcess[] = [];
let clients: TestAdsClient[] = [];

beforeAll(async () => {
  await make(client, '/api/v1/namespaces', { metadata: { name: 'smi-mesh-system' } });
  const connected = await connect({ kubeconfig: cluster.kubeconfig });
  if (!connected.ok) throw new Error(connected.error.diagnostic.message);
  mesh = await startClusterAuthority({
    connection: connected.value,
    namespace: 'smi-mesh-system',
    trustDomain: 'cluster.local',
    lifeSeconds: 86_400,
    make: selfSigned('cluster.local', 86_400),
    signal: AbortSignal.timeout(patience),
    log: () => {},
  });
});

afterEach(async () => {
  for (const each of clients) each.close();
  clients = [];
  await Promise.all(controllers.map((controller) => controller.stop('SIGKILL')));
  controllers = [];
});

afterAll(() => {
  mesh.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: readonly string[]): ControllerProcess {
  const controller = new ControllerProcess(cluster, args);
  controllers.push(controller);
  return controller;
}

/** A proxy of a workload in the namespace `default`. */
async function proxyOf(controller: ControllerProcess, pod: string, account = pod): Promise<TestAdsClient> {
  return await connected(controller, pod, await mesh.authority.issue(spiffeId('cluster.local', 'default', account)));
}

async function connected(controller: ControllerProcess, pod: string, identity: Svid): Promise<TestAdsClient> {
  const address = `127.0.0.1:${await controller.adsPort()}`;
  const proxy = new TestAdsClient(address, `default/${pod}`, proxyAdapter.typeOrder, { identity });
  clients.push(proxy);
  return proxy;
}

const root = loadDescriptor('proxy');

/** What the proxy was told of the Service `shop`: the weights of its backends, 1 without a split. */
function weights(proxy: TestAdsClient): string {
  const typeUrl = 'type.googleapis.com/smi.proxy.v1.OutboundService';
  const body = proxy.bodies.get(`${typeUrl} default/shop:80`);
  if (body === undefined || !proxy.held.get(typeUrl)?.has('default/shop:80')) return '';
  const type = root.lookupType('smi.proxy.v1.OutboundService');
  const text = JSON.stringify(type.toObject(type.decode(body), { longs: Number, arrays: true, defaults: true }));
  return [...text.matchAll(/"weight":(\d+)/g)].map(([, weight]) => weight).join(':');
}

test('a pod proves itself by its token, and its proxy has what it is to do by the certificate that this gives', async () => {
  await makeAccount(client, 'prover');
  await runPod(client, { name: 'prover-1', ip: '10.0.9.9', app: 'prover', injected: 'proxy' });
  const { body: made } = await client.get('/api/v1/namespaces/default/pods/prover-1');
  const uid = String(made.metadata?.uid);
  const token = await accountToken(client, {
    namespace: 'default',
    account: 'prover',
    pod: { name: 'prover-1', uid },
  });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const controller = start();
  const answer = await requestSvid({
    address: '127.0.0.1',
    port: Number((await controller.said({ message: 'certificates are given' })).port),
    serverName: 'smi-mesh-controller.smi-mesh-system.svc',
    serverIdentity: controlPlaneIdentity('cluster.local'),
    trustBundleFile: file('roots.pem', mesh.authority.trustBundle),
    tokenFile: file('token', token),
    pod: 'prover-1',
  });
  if (!answer.ok) throw new Error(answer.error.because);
  const proxy = await connected(controller, 'prover-1', answer.value);
  const workload = 'type.googleapis.com/smi.proxy.v1.Workload';
  await until(
    () => proxy.held.get(workload)?.has('default/prover-1') === true,
    patience,
    () => controller.tail(),
  );
  const metrics = await controller.get('health', '/metrics');
  expect(metrics.body).toContain('smi_identity_requests_total{outcome="issued"} 1');
});

test('objects reach proxies, changes reach them, and what is deleted is gone', async () => {
  for (const name of ['client', 'shop-v1', 'shop-v2']) await makeAccount(client, name);
  await makeService(client, 'shop', 'shop-v1');
  for (const name of ['shop-v1', 'shop-v2']) await makeService(client, name);
  await runPod(client, { name: 'client', ip: '10.1.0.1', injected: 'proxy' });
  await runPod(client, { name: 'shop-v1', ip: '10.1.0.2', injected: 'proxy' });
  await runPod(client, { name: 'shop-v2', ip: '10.1.0.3' });
  const controller = start();
  const proxy = await proxyOf(controller, 'client');
  await proxy.until(() => proxy.names.includes('OutboundService default/shop:80'));
  expect(weights(proxy)).toBe('1');
  await until(
    async () => (await controller.get('health', '/readyz')).status === 200,
    patience,
    () => controller.tail(),
  );

  // No definition was there when it began: the leader brings them, and the kinds are found.
  await until(
    async () => (await client.get(splits)).status === 200,
    patience,
    () => controller.tail(),
  );
  await make(client, splits, {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { name: 'shop' },
    spec: {
      service: 'shop',
      backends: [
        { service: 'shop-v1', weight: 90 },
        { service: 'shop-v2', weight: 10 },
      ],
    },
  });
  await until(
    () => weights(proxy) === '90:10',
    patience,
    () => `weights ${weights(proxy)}\n${controller.tail()}`,
  );
  const backends = (first: number, second: number) => ({
    spec: {
      backends: [
        { service: 'shop-v1', weight: first },
        { service: 'shop-v2', weight: second },
      ],
    },
  });
  await client.patch(`${splits}/shop`, backends(50, 50));
  await until(
    () => weights(proxy) === '50:50',
    patience,
    () => `weights ${weights(proxy)}`,
  );

  // A proxy is known by its pod: without a sidecar, there is none.
  const stranger = await proxyOf(controller, 'shop-v1', 'client');
  await until(
    () => stranger.error !== undefined,
    patience,
    () => 'another identity is turned away',
  );

  await client.delete(`${splits}/shop`);
  await until(
    () => weights(proxy) === '1',
    patience,
    () => `weights ${weights(proxy)}`,
  );
  await client.delete('/api/v1/namespaces/default/pods/client?gracePeriodSeconds=0');
  await until(
    () => proxy.error !== undefined,
    patience,
    () => 'the stream of a pod that is gone ends',
  );

  expect(await controller.stop()).toBe(0);
  expect(controller.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a label stands for the pods that have it now, by the addresses that they have now', async () => {
  const access = '/apis/access.smi-spec.io/v1alpha4/namespaces/default';
  for (const name of ['lender', 'reader']) await makeAccount(client, name);
  await makeService(client, 'lender');
  await runPod(client, { name: 'lender', ip: '10.2.0.1', injected: 'proxy' });
  const reader = { app: 'reader', injected: 'proxy' } as const;
  await runPod(client, { ...reader, name: 'reader-1', ip: '10.2.0.2', labels: { card: 'gold' } });
  await runPod(client, { ...reader, name: 'reader-2', ip: '10.2.0.3' });
  const controller = start();
  await until(
    async () => (await client.get(`${access}/identitybindings`)).status === 200,
    patience,
    () => controller.tail(),
  );
  await make(client, `${access}/identitybindings`, {
    apiVersion: 'access.smi-spec.io/v1alpha4',
    kind: 'IdentityBinding',
    metadata: { name: 'gold' },
    spec: { schemes: { podLabelSelector: { matchLabels: { card: 'gold' } } } },
  });
  await make(client, '/apis/specs.smi-spec.io/v1alpha4/namespaces/default/tcproutes', {
    apiVersion: 'specs.smi-spec.io/v1alpha4',
    kind: 'TCPRoute',
    metadata: { name: 'any' },
    spec: { matches: { ports: [8080] } },
  });
  await make(client, `${access}/traffictargets`, {
    apiVersion: 'access.smi-spec.io/v1alpha4',
    kind: 'TrafficTarget',
    metadata: { name: 'lend' },
    spec: {
      destination: { kind: 'ServiceAccount', name: 'lender' },
      sources: [{ kind: 'IdentityBinding', group: 'access.smi-spec.io', name: 'gold' }],
      rules: [{ kind: 'TCPRoute', name: 'any' }],
    },
  });
  const proxy = await proxyOf(controller, 'lender');
  const granted = (...addresses: readonly string[]) =>
    until(
      () => JSON.stringify(grantedTo(proxy)) === JSON.stringify(addresses),
      patience,
      () => `${JSON.stringify(grantedTo(proxy))} instead of ${addresses}\n${controller.tail()}`,
    );
  const pods = '/api/v1/namespaces/default/pods';
  const status = (name: string, fields: object) => client.patch(`${pods}/${name}/status`, { status: fields });
  await granted('10.2.0.2');
  await client.patch(`${pods}/reader-2`, { metadata: { labels: { card: 'gold' } } });
  await granted('10.2.0.2', '10.2.0.3');
  await status('reader-1', { podIP: 'fd00::2', podIPs: [{ ip: 'fd00::2' }, { ip: '10.2.0.4' }] });
  await granted('10.2.0.3', '10.2.0.4', 'fd00::2');
  // What has ended keeps its address in its status; the next pod may have it.
  await status('reader-1', { phase: 'Succeeded' });
  await granted('10.2.0.3');
  await runPod(client, { ...reader, name: 'reader-3', ip: '10.2.0.4' });
  await client.patch(`${pods}/reader-2`, { metadata: { labels: { card: null } } });
  await granted();
  await client.patch(`${pods}/reader-3`, { metadata: { labels: { card: 'gold' } } });
  await granted('10.2.0.4');
  await client.delete(`${pods}/reader-3?gracePeriodSeconds=0`);
  await granted();
});

/** The addresses of pods that the policies of a server's proxy name. */
function grantedTo(proxy: TestAdsClient): readonly string[] {
  const typeUrl = 'type.googleapis.com/smi.proxy.v1.InboundPolicy';
  const type = root.lookupType('smi.proxy.v1.InboundPolicy');
  return [...(proxy.held.get(typeUrl)?.keys() ?? [])].flatMap((name) => {
    const body = proxy.bodies.get(`${typeUrl} ${name}`);
    const text = body === undefined ? '' : JSON.stringify(type.toObject(type.decode(body)));
    return [...text.matchAll(/"addresses":\[([^\]]*)\]/g)].flatMap(([, list]) => JSON.parse(`[${list}]`) as string[]);
  });
}
