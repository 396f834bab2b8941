import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { certManager } from '../../../src/identity/cert-manager.ts';
import {
  type ClusterAuthority,
  type CredentialMaker,
  startClusterAuthority,
} from '../../../src/identity/cluster-authority.ts';
import { phaseMarginSeconds } from '../../../src/identity/rotation.ts';
import { rotationTask } from '../../../src/identity/rotation-task.ts';
import { selfSigned } from '../../../src/identity/self-signed.ts';
import { trustBundleTask } from '../../../src/identity/trust-bundles.ts';
import { connect, type StreamingConnection } from '../../../src/kubernetes-client/connect.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { readSources } from '../../../src/source/read.ts';
import { until } from '../../e2e/support/mesh.ts';
import { certificatesOf, testRoot } from '../../support/intermediate.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { createAccount, created, createPod } from '../support/accounts.ts';
import { startIssuer } from '../support/cert-manager.ts';
import { adminOf } from '../support/client.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster();
const admin = adminOf(cluster);
const trustDomain = 'cluster.local';
const web = spiffeId(trustDomain, 'shop', 'web');
const lifeSeconds = 3_600;
const hour = 3_600_000;
const patience = 30_000;

let connection: StreamingConnection;
const ends: (() => unknown)[] = [];
const lines: string[] = [];
let systems = 0;

beforeAll(async () => {
  const connected = await connect({ kubeconfig: cluster.kubeconfig });
  if (!connected.ok) throw new Error(connected.error.diagnostic.message);
  connection = connected.value;
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  lines.length = 0;
});

/** A control plane's namespace of its own, so that each test has its own Secret. */
async function system(): Promise<string> {
  systems += 1;
  const namespace = `system-${systems}`;
  await created(admin, '/api/v1/namespaces', { metadata: { name: namespace } });
  return namespace;
}

interface Times {
  now: number;
  /** How often a leader has looked what is due. */
  looks?: number;
}

async function replica(namespace: string, times: Times, maker?: CredentialMaker): Promise<ClusterAuthority> {
  const clock = () => times.now;
  const started = await startClusterAuthority({
    connection,
    namespace,
    trustDomain,
    lifeSeconds,
    make: maker ?? selfSigned(trustDomain, lifeSeconds, clock),
    signal: AbortSignal.timeout(patience),
    log: (line) => lines.push(line),
    clock,
  });
  ends.push(() => started.stop());
  return started;
}

/** Begins to lead; what it gives ends that. */
function lead(leader: ClusterAuthority, times: Times, maker?: CredentialMaker): () => Promise<void> {
  const clock = () => {
    times.looks = (times.looks ?? 0) + 1;
    return times.now;
  };
  const stopped = new AbortController();
  const make = maker ?? selfSigned(trustDomain, lifeSeconds, clock);
  const options = { cluster: leader, make, lifeSeconds, clock };
  const task = rotationTask({ ...options, log: (line) => lines.push(line), lookMillis: 50 });
  const running = task.run(connection, stopped.signal);
  const end = async () => {
    stopped.abort();
    await running;
  };
  ends.push(end);
  return end;
}

const secretPath = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets/smi-mesh-ca`;
const rootsOf = (replicas: readonly ClusterAuthority[]) => replicas.map(({ authority }) => authority.trustBundle);
const rootCount = ({ authority }: ClusterAuthority) => certificatesOf(authority.trustBundle).length;

async function inPhase(replicas: readonly ClusterAuthority[], phase: string): Promise<void> {
  await until(
    () => replicas.every(({ state }) => state.phase === phase),
    patience,
    () => `all are ${phase}: ${replicas.map(({ state }) => state.phase)}\n${lines.join('\n')}`,
  );
}

async function signedBy(replica: ClusterAuthority): Promise<string> {
  const leaf = new X509Certificate(
    (await replica.authority.issue(web, { lifetimeSeconds: lifeSeconds })).certificateChain,
  );
  const root = certificatesOf(replica.authority.trustBundle).find((each) => leaf.verify(each.publicKey));
  return root?.fingerprint256 ?? 'nobody';
}

describe('the authority of several replicas', () => {
  test('is one, however many make it at once', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const replicas = await Promise.all(Array.from({ length: 6 }, () => replica(namespace, times)));
    expect(new Set(rootsOf(replicas)).size).toBe(1);
    expect(lines.filter((line) => line === 'made a new authority')).toHaveLength(1);
  });

  test('that cannot be read is an error and is never replaced', async () => {
    const namespace = await system();
    const data = { 'tls.crt': Buffer.from('nonsense').toString('base64') };
    await created(admin, `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: 'smi-mesh-ca' }, data });
    await expect(replica(namespace, { now: Date.now() })).rejects.toThrow('damaged');
    expect((await admin.get(secretPath(namespace))).body.data).toEqual(data);
  });

  test('that is damaged while they run stays in use, and one that is removed is made again from it', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const one = await replica(namespace, times);
    const root = one.authority.trustBundle;
    await admin.patch(secretPath(namespace), { data: { 'rotation.json': null } });
    await until(
      () => lines.some((line) => line.includes('damaged')),
      patience,
      () => 'the damage is noticed',
    );
    expect(one.authority.trustBundle).toBe(root);
    await admin.delete(secretPath(namespace));
    lead(one, times);
    await until(
      async () => (await admin.get(secretPath(namespace))).status === 200,
      patience,
      () => lines.join('\n'),
    );
    expect((await replica(namespace, times)).authority.trustBundle).toBe(root);
  });
});

describe('a rotation', () => {
  test('goes through its phases, each as long as certificates live, and any leader goes on with it', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const phase = (lifeSeconds + phaseMarginSeconds) * 1000;
    const replicas = await Promise.all([replica(namespace, times), replica(namespace, times)]);
    const [one, other] = replicas as [ClusterAuthority, ClusterAuthority];
    const old = await signedBy(one);
    const endFirst = lead(one, times);
    await admin.patch(secretPath(namespace), { metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } } });
    await inPhase(replicas, 'introducing');
    expect((await admin.get(secretPath(namespace))).body.metadata?.annotations ?? {}).toEqual({});
    expect(replicas.map(rootCount)).toEqual([2, 2]);
    expect(await Promise.all(replicas.map(signedBy))).toEqual([old, old]);
    // The leader is gone; the next one goes on, when the time has come and not before.
    await endFirst();
    const endSecond = lead(other, times);
    times.now += phase - 60_000;
    await stays(namespace, times);
    times.now += 60_000;
    await inPhase(replicas, 'retiring');
    const signers = new Set(await Promise.all(replicas.map(signedBy)));
    expect(signers.size).toBe(1);
    expect(signers).not.toContain(old);
    expect(replicas.map(rootCount)).toEqual([2, 2]);
    await endSecond();
    lead(one, times);
    times.now += phase - 60_000;
    await stays(namespace, times);
    times.now += 60_000;
    await inPhase(replicas, 'stable');
    expect(replicas.map(rootCount)).toEqual([1, 1]);
    expect(certificatesOf(one.authority.trustBundle)[0]?.fingerprint256).toBe([...signers][0]);
  });

  test('by two that think they lead makes one new authority', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const replicas = await Promise.all([replica(namespace, times), replica(namespace, times)]);
    for (const each of replicas) lead(each, times);
    await admin.patch(secretPath(namespace), { metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } } });
    await inPhase(replicas, 'introducing');
    await stays(namespace, times);
    expect(new Set(rootsOf(replicas)).size).toBe(1);
    expect(replicas.map(rootCount)).toEqual([2, 2]);
    expect(lines.filter((line) => line.startsWith('authority is introducing'))).toHaveLength(1);
  });

  test('begins by itself when two thirds of the life are over, and at once when all of it is', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const one = await replica(namespace, times);
    const [root] = certificatesOf(one.authority.trustBundle);
    const [begin, end] = [root!.validFromDate.getTime(), root!.validToDate.getTime()];
    lead(one, times);
    times.now = begin + (end - begin) * (2 / 3) - hour;
    await stays(namespace, times);
    expect(one.state.phase).toBe('stable');
    times.now += 2 * hour;
    await inPhase([one], 'introducing');
    // Nobody was there to finish it.
    times.now = end + hour;
    await inPhase([one], 'retiring');
    expect(await signedBy(one)).not.toBe(root!.fingerprint256);
  });
});

/** The leader looks several times and finds nothing to do. */
async function stays(namespace: string, times: Times): Promise<void> {
  const version = async () => (await admin.get(secretPath(namespace))).body.metadata?.resourceVersion;
  const before = await version();
  const enough = (times.looks ?? 0) + 3;
  await until(
    () => (times.looks ?? 0) >= enough,
    patience,
    () => 'the leader looks',
  );
  expect(await version()).toBe(before);
}

test('the rights that the controller is installed with are enough for all of that', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-rights-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const namespace = 'smi-mesh-system';
  await created(admin, '/api/v1/namespaces', { metadata: { name: namespace } });
  await createAccount(admin, namespace, 'smi-mesh-controller');
  const manifests = readSources([fileURLToPath(new URL('../../../deploy/manifests/smi-mesh.yaml', import.meta.url))]);
  const rbac = manifests.documents.filter(({ apiVersion }) => apiVersion === 'rbac.authorization.k8s.io/v1');
  for (const { kind, object } of rbac) {
    const within = kind.startsWith('Cluster') ? '' : `namespaces/${namespace}/`;
    await created(admin, `/apis/rbac.authorization.k8s.io/v1/${within}${kind.toLowerCase()}s`, object);
  }
  const kubeconfig = join(folder, 'kubeconfig');
  await writeAccountKubeconfig(cluster, { namespace, account: 'smi-mesh-controller' }, kubeconfig);
  const limited = await connect({ kubeconfig });
  if (!limited.ok) throw new Error(limited.error.diagnostic.message);
  const full = connection;
  connection = limited.value;
  ends.push(() => {
    connection = full;
  });
  const times = { now: Date.now() };
  const one = await replica(namespace, times);
  lead(one, times);
  const stopped = new AbortController();
  const log = (line: string) => lines.push(line);
  const task = trustBundleTask({ authority: one.authority, systemNamespace: namespace, log, lookMillis: 100 });
  const running = task.run(connection, stopped.signal);
  ends.push(async () => {
    stopped.abort();
    await running;
  });
  await created(admin, '/api/v1/namespaces', {
    metadata: { name: 'rights', labels: { 'smi-mesh.io/inject': 'enabled' } },
  });
  const status = async () => (await admin.get('/api/v1/namespaces/rights/configmaps/smi-mesh-trust-bundle')).status;
  await until(
    async () => (await status()) === 200,
    patience,
    () => lines.join('\n'),
  );
  await admin.patch(secretPath(namespace), { metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } } });
  await inPhase([one], 'introducing');
  await admin.patch('/api/v1/namespaces/rights', { metadata: { labels: { 'smi-mesh.io/inject': 'disabled' } } });
  await until(
    async () => (await status()) === 404,
    patience,
    () => lines.join('\n'),
  );
});

describe('below an issuer of cert-manager', () => {
  test('chains lead to its root; another certificate of it signs at once, one below a new root after everybody trusts that', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const root = await testRoot('first');
    const issuer = await startIssuer(admin, namespace, root);
    ends.push(() => issuer.stop());
    const reference = { name: 'corporate', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const make = certManager({ trustDomain, namespace, issuer: reference, lookMillis: 50 });
    const replicas = await Promise.all([replica(namespace, times, make), replica(namespace, times, make)]);
    const [one] = replicas as [ClusterAuthority, ClusterAuthority];
    expect(rootsOf(replicas)).toEqual([root.pem, root.pem]);
    const chain = async () => {
      const svid = await one.authority.issue(web);
      return certificatesOf(svid.certificateChain);
    };
    const [leaf, above] = await chain();
    expect(leaf?.checkIssued(above!) && above?.checkIssued(root.certificate)).toBe(true);
    expect(issuer.seen[0]?.spec).toMatchObject({ isCA: true, issuerRef: reference });
    lead(one, times, make);
    const rotate = () =>
      admin.patch(secretPath(namespace), { metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } } });
    await rotate();
    const changed = async () => (await chain())[1]?.fingerprint256 !== above?.fingerprint256;
    await until(changed, patience, () => lines.join('\n'));
    await inPhase(replicas, 'stable');
    expect(rootsOf(replicas)).toEqual([root.pem, root.pem]);
    issuer.answer = await testRoot('second');
    await rotate();
    await inPhase(replicas, 'introducing');
    expect(replicas.map(rootCount)).toEqual([2, 2]);
    expect((await chain())[1]?.checkIssued(root.certificate)).toBe(true);
    times.now += (lifeSeconds + phaseMarginSeconds) * 1000;
    await inPhase(replicas, 'retiring');
    expect((await chain())[1]?.checkIssued(issuer.answer.certificate)).toBe(true);
    const left = await admin.get(`/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests`);
    expect(left.body.items).toEqual([]);
    issuer.answer = 'the vault is sealed';
    const refused = await make(connection, AbortSignal.timeout(patience));
    expect(refused).toEqual({ ok: false, error: 'the CertificateRequest is Failed: the vault is sealed' });
  });
});

describe('the roots', () => {
  const mapPath = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps/smi-mesh-trust-bundle`;
  const standing = async (namespace: string) => {
    const { status, body } = await admin.get(mapPath(namespace));
    return status === 200 ? (body.data as Readonly<Record<string, string>>)['trust-bundle.pem'] : undefined;
  };
  const stands = (namespace: string, roots: string | undefined) =>
    until(
      async () => (await standing(namespace)) === roots,
      patience,
      () => `${namespace}\n${lines.join('\n')}`,
    );

  test('stand in the namespaces whose pods have sidecars, are kept current, and go with the last pod', async () => {
    const namespace = await system();
    const times = { now: Date.now() };
    const one = await replica(namespace, times);
    const stopped = new AbortController();
    const log = (line: string) => lines.push(line);
    const task = trustBundleTask({ authority: one.authority, systemNamespace: namespace, log, lookMillis: 100 });
    const running = task.run(connection, stopped.signal);
    ends.push(async () => {
      stopped.abort();
      await running;
    });
    const label = (value: string | null) => ({ metadata: { labels: { 'smi-mesh.io/inject': value } } });
    for (const name of ['labelled', 'picky', 'other', 'kube-node-lease']) {
      await admin.post('/api/v1/namespaces', { metadata: { name } });
    }
    await admin.patch('/api/v1/namespaces/labelled', label('enabled'));
    await admin.patch('/api/v1/namespaces/kube-node-lease', label('enabled'));
    await admin.patch(`/api/v1/namespaces/${namespace}`, label('enabled'));
    await createAccount(admin, 'picky', 'web');
    await createPod(admin, 'picky', 'web', 'web', { labels: { 'smi-mesh.io/inject': 'enabled' } });
    const roots = one.authority.trustBundle;
    await stands('labelled', roots);
    await stands('picky', roots);
    await admin.patch(mapPath('labelled'), { data: { 'trust-bundle.pem': 'somebody else' } });
    await stands('labelled', roots);
    await admin.delete(mapPath('picky'));
    await stands('picky', roots);
    lead(one, times);
    await admin.patch(secretPath(namespace), { metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } } });
    await inPhase([one], 'introducing');
    expect(one.authority.trustBundle).not.toBe(roots);
    await stands('labelled', one.authority.trustBundle);
    // Opted out, and a pod with a sidecar is left: it needs the roots until it ends.
    await createAccount(admin, 'labelled', 'web');
    await createPod(admin, 'labelled', 'web', 'web', { annotations: { 'smi-mesh.io/injected': 'proxy' } });
    await admin.patch('/api/v1/namespaces/labelled', label('disabled'));
    await admin.delete('/api/v1/namespaces/picky/pods/web?gracePeriodSeconds=0');
    await stands('picky', undefined);
    expect(await standing('labelled')).toBe(one.authority.trustBundle);
    await admin.delete('/api/v1/namespaces/labelled/pods/web?gracePeriodSeconds=0');
    await stands('labelled', undefined);
    expect(await Promise.all(['other', 'kube-node-lease', namespace].map(standing))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
