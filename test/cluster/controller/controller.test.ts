import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import { controlPlaneIdentity } from '../../../src/control/plane.ts';
import type { Svid } from '../../../src/identity/authority.ts';
import { requestSvid } from '../../../src/identity/client.ts';
import { type ClusterAuthority, startClusterAuthority } from '../../../src/identity/cluster-authority.ts';
import { selfSigned } from '../../../src/identity/self-signed.ts';
import { controllerLabels, controllerPorts } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { loadDescriptor } from '../../../src/lib/descriptors.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { until } from '../../e2e/support/mesh.ts';
import { TestAdsClient } from '../../support/ads-client.ts';
import { runCli } from '../../support/run-cli.ts';
import { randomFrom } from '../../unit/proxy/support/random.ts';
import { accountToken } from '../support/accounts.ts';
import { adminOf } from '../support/client.ts';
import { ControllerProcess } from '../support/controller.ts';
import { startForwardingNode } from '../support/kubelet.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { make, makeAccount, makeService, runPod } from '../support/workloads.ts';

// Whole processes start in each of these.
vi.setConfig({ testTimeout: 240_000 });

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

/** What the proxy was told of the Service `shop`, as JSON; empty when nothing. */
function shopOf(proxy: TestAdsClient): string {
  const typeUrl = 'type.googleapis.com/smi.proxy.v1.OutboundService';
  const body = proxy.bodies.get(`${typeUrl} default/shop:80`);
  if (body === undefined || !proxy.held.get(typeUrl)?.has('default/shop:80')) return '';
  const type = root.lookupType('smi.proxy.v1.OutboundService');
  return JSON.stringify(type.toObject(type.decode(body), { longs: Number, arrays: true, defaults: true }));
}

/** The weights of its backends, 1 without a split. */
function weights(proxy: TestAdsClient): string {
  return [...shopOf(proxy).matchAll(/"weight":(\d+)/g)].map(([, weight]) => weight).join(':');
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

async function makeShop(): Promise<void> {
  for (const name of ['client', 'shop-v1', 'shop-v2']) await makeAccount(client, name);
  await makeService(client, 'shop', 'shop-v1');
  for (const name of ['shop-v1', 'shop-v2']) await makeService(client, name);
  await runPod(client, { name: 'client', ip: '10.1.0.1', injected: 'proxy' });
  await runPod(client, { name: 'shop-v1', ip: '10.1.0.2', injected: 'proxy' });
  await runPod(client, { name: 'shop-v2', ip: '10.1.0.3' });
}

const backends = (first: number, second: number) => ({
  spec: {
    service: 'shop',
    backends: [
      { service: 'shop-v1', weight: first },
      { service: 'shop-v2', weight: second },
    ],
  },
});

const split = (first: number, second: number) => ({
  apiVersion: 'split.smi-spec.io/v1alpha4',
  kind: 'TrafficSplit',
  metadata: { name: 'shop' },
  ...backends(first, second),
});

const has = (proxy: TestAdsClient, wanted: string, controller?: ControllerProcess) =>
  until(
    () => weights(proxy) === wanted,
    patience,
    () => `weights ${weights(proxy)} are ${wanted}\n${controller?.tail()}`,
  );

const isReady = (controller: ControllerProcess) =>
  until(
    async () => (await controller.get('health', '/readyz')).status === 200,
    patience,
    () => controller.tail(),
  );

test('objects reach proxies, changes reach them, and what is deleted is gone', async () => {
  await makeShop();
  const controller = start();
  const proxy = await proxyOf(controller, 'client');
  await proxy.until(() => proxy.names.includes('OutboundService default/shop:80'));
  expect(weights(proxy)).toBe('1');
  await isReady(controller);

  // No definition was there when it began: the leader brings them, and the kinds are found.
  await until(
    async () => (await client.get(splits)).status === 200,
    patience,
    () => controller.tail(),
  );
  await make(client, splits, split(90, 10));
  await has(proxy, '90:10', controller);
  await client.patch(`${splits}/shop`, backends(50, 50));
  await has(proxy, '50:50');

  // A proxy is known by its pod: without a sidecar, there is none.
  const stranger = await proxyOf(controller, 'shop-v1', 'client');
  await until(
    () => stranger.error !== undefined,
    patience,
    () => 'another identity is turned away',
  );

  await client.delete(`${splits}/shop`);
  await has(proxy, '1');
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
  const routes = '/apis/specs.smi-spec.io/v1alpha4/namespaces/default/tcproutes';
  for (const kind of [`${access}/identitybindings`, `${access}/traffictargets`, routes]) {
    await until(
      async () => (await client.get(kind)).status === 200,
      patience,
      () => controller.tail(),
    );
  }
  await make(client, `${access}/identitybindings`, {
    apiVersion: 'access.smi-spec.io/v1alpha4',
    kind: 'IdentityBinding',
    metadata: { name: 'gold' },
    spec: { schemes: { podLabelSelector: { matchLabels: { card: 'gold' } } } },
  });
  await make(client, routes, {
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

test('two replicas: both serve, one leads, and they are asked as one; a frozen leader is followed by the other', async () => {
  await runPod(client, { name: 'client', ip: '10.1.0.1', injected: 'proxy' });
  await make(client, splits, split(1, 9));
  const [first, second] = [start('--instance', 'first'), start('--instance', 'second')];
  await Promise.all([isReady(first), isReady(second)]);
  const node = await startForwardingNode(client, 'node-1');
  for (const [name, controller] of Object.entries({ first, second })) {
    const ports = { [controllerPorts.admin]: await controller.port('admin') };
    await node.run({ namespace: 'smi-mesh-system', name, labels: controllerLabels, ports });
  }
  const atFirst = await proxyOf(first, 'client');
  const atSecond = await proxyOf(second, 'shop-v1');
  await Promise.all([has(atFirst, '1:9'), has(atSecond, '1:9')]);

  const env = { KUBECONFIG: cluster.kubeconfig };
  const listed = await runCli(['proxies', '--context', '-o', 'json'], { env });
  const { proxies, absent } = JSON.parse(listed.stdout || listed.stderr);
  expect(proxies.map(({ node: id }: { node: string }) => id).sort()).toEqual(['default/client', 'default/shop-v1']);
  expect(absent).toContain('default/prover-1');
  expect(absent).not.toContain('default/client');
  expect((await runCli(['proxies', 'client', '--context'], { env })).stdout).toContain('OutboundService');

  await client.patch(`${splits}/shop`, backends(2, 8));
  const waited = await runCli(['wait', 'TrafficSplit/default/shop', '--context'], { env });
  expect([waited.status, waited.stdout]).toEqual([0, expect.stringMatching(/^landed: all 2 proxies have /)]);
  expect([weights(atFirst), weights(atSecond)]).toEqual(['2:8', '2:8']);
  const unknown = await runCli(['wait', 'TrafficSplit/default/other', '--context'], { env });
  expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining('in the cluster')]);
  await node.close();

  const leader = await until(
    () => [first, second].some((each) => each.leads),
    patience,
    () => first.tail(),
  ).then(() => (first.leads ? first : second));
  const other = leader === first ? second : first;
  leader.kill('SIGSTOP');
  await until(
    () => other.leads,
    patience,
    () => other.tail(),
  );
  // The one that is left serves as before.
  const servedBy = other === first ? atFirst : atSecond;
  await client.patch(`${splits}/shop`, backends(3, 7));
  await has(servedBy, '3:7');
  leader.kill('SIGCONT');
  await leader.said({ message: 'this replica does not lead any more' });
  expect([leader.leads, other.leads]).toEqual([false, true]);
  await has(leader === first ? atFirst : atSecond, '3:7');
  const lease = await client.get('/apis/coordination.k8s.io/v1/namespaces/smi-mesh-system/leases/smi-mesh-controller');
  const holder = other === first ? /^first_/ : /^second_/;
  expect(lease.body.spec).toMatchObject({ holderIdentity: expect.stringMatching(holder) });
});

test('proxies keep what they have while controller and apiserver are gone, and follow once both are back', async () => {
  await client.patch(`${splits}/shop`, backends(4, 6));
  const controller = start();
  const proxy = await proxyOf(controller, 'client');
  await has(proxy, '4:6');
  await cluster.stopApiserver();
  await until(
    () => controller.lines.some(({ level }) => level === 'warn'),
    patience,
    () => controller.tail(),
  );
  // It serves on: who comes now has the same.
  const late = await proxyOf(controller, 'shop-v1');
  await has(late, '4:6');
  await cluster.startApiserver();
  await client.patch(`${splits}/shop`, backends(5, 5));
  await Promise.all([has(proxy, '5:5', controller), has(late, '5:5')]);

  await controller.stop('SIGKILL');
  expect(weights(proxy)).toBe('5:5');
  await client.patch(`${splits}/shop`, backends(6, 4));
  const again = start();
  await has(await proxyOf(again, 'client'), '6:4', again);
});

const groups = '/apis/specs.smi-spec.io/v1alpha4/namespaces/default/httproutegroups';

test('an object with an error keeps its last good version', async () => {
  const controller = start();
  const proxy = await proxyOf(controller, 'client');
  const spec = (pathRegex: string) => ({ spec: { matches: [{ name: 'first', pathRegex, methods: ['GET'] }] } });
  const named = { apiVersion: 'specs.smi-spec.io/v1alpha4', kind: 'HTTPRouteGroup', metadata: { name: 'routes' } };
  await make(client, groups, { ...named, ...spec('/first') });
  await client.patch(`${splits}/shop`, { spec: { matches: [{ kind: 'HTTPRouteGroup', name: 'routes' }] } });
  const tells = (path: string) =>
    until(
      () => shopOf(proxy).includes(path),
      patience,
      () => `${shopOf(proxy)}\n${controller.tail()}`,
    );
  await tells('/first');
  // No webhook refuses it: they are called by configurations that an installation makes.
  await client.patch(`${groups}/routes`, spec('/second('));
  const finding = await controller.said({ code: 'SMI6001' });
  expect(finding.object).toBe('specs.smi-spec.io/HTTPRouteGroup/default/routes');
  expect(shopOf(proxy)).toContain('/first');
  await client.patch(`${groups}/routes`, spec('/third'));
  await tells('/third');
});

test('after many edits a replica has told its proxies what one that has just started tells them', async () => {
  const followed = start();
  const before = await proxyOf(followed, 'client');
  await until(
    () => shopOf(before) !== '',
    patience,
    () => followed.tail(),
  );
  const random = randomFrom(7);
  const pods = '/api/v1/namespaces/default/pods';
  const edits: readonly (() => Promise<unknown>)[] = [
    () => client.patch(`${splits}/shop`, backends(Math.floor(random() * 9) + 1, Math.floor(random() * 9) + 1)),
    () => client.delete(`${splits}/shop`),
    () => client.post(splits, split(Math.floor(random() * 9) + 1, 1)),
    () => client.delete('/api/v1/namespaces/default/services/shop-v2'),
    () => makeService(client, 'shop-v2').catch(() => undefined),
    () => client.delete(`${pods}/shop-v1?gracePeriodSeconds=0`),
    () => runPod(client, { name: 'shop-v1', ip: '10.1.0.2', injected: 'proxy' }).catch(() => undefined),
    () =>
      client.patch(`${pods}/shop-v2/status`, {
        status: { conditions: [{ type: 'Ready', status: random() < 0.5 ? 'True' : 'False' }] },
      }),
    () => client.delete(`${groups}/routes`),
  ];
  for (let index = 0; index < 60; index += 1) await edits[Math.floor(random() * edits.length)]?.();
  const fresh = start();
  const after = await proxyOf(fresh, 'client');
  await until(
    () => versions(before) !== '' && versions(before) === versions(after),
    patience,
    () => `${versions(before)}\nis\n${versions(after)}`,
  );
});

/** What a proxy has, by content; certificates are its own. */
function versions(proxy: TestAdsClient): string {
  return [...proxy.held]
    .flatMap(([type, names]) => [...names].map(([name, version]) => `${type} ${name} ${version}`))
    .filter((line) => !line.includes('.Secret '))
    .sort()
    .join('\n');
}
