import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import { certManager } from '../../../src/identity/cert-manager.ts';
import { startClusterAuthority } from '../../../src/identity/cluster-authority.ts';
import { rotationTask } from '../../../src/identity/rotation-task.ts';
import { at } from '../../../src/install/kinds.ts';
import { injectLabel, systemNamespace, trustBundle } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import type { Fields } from '../../../src/lib/values.ts';
import { until } from '../../e2e/support/mesh.ts';
import { TestAdsClient } from '../../support/ads-client.ts';
import { certificatesOf } from '../../support/intermediate.ts';
import { createAccount, created, createPod } from '../support/accounts.ts';
import { type ApiClient, adminOf } from '../support/client.ts';
import type { Cluster } from '../support/cluster.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import {
  certificatePath,
  issuer,
  issuerPath,
  makeIssuer,
  makeRoot,
  renew,
  requests,
  startCertManager,
} from './support/cert-manager.ts';
import {
  apply,
  certificateOf,
  type InstalledMesh,
  installMesh,
  untilReady,
  webhookConfigurations,
} from './support/mesh.ts';
import { toolTests } from './support/tool.ts';

const { title, skipped } = toolTests('cert-manager');
const patience = 120_000;
const day = 86_400_000;
const splits = (version: string) => `/apis/split.smi-spec.io/${version}/namespaces/default/trafficsplits`;

describe.skipIf(skipped)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-cert-manager-'));
  let cluster: Cluster;
  let client: ApiClient;
  let mesh: InstalledMesh;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster();
    client = adminOf(cluster);
    const program = await startCertManager(cluster, folder);
    ends.push(() => program.stop(5_000));
    mesh = await installMesh(cluster, folder, {
      certManager: { enabled: true },
      config: { ca: { kind: 'cert-manager', issuer: { kind: 'Issuer', name: 'mesh' } } },
    });
    ends.push(() => mesh.controller.stop());
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });

  const tail = () => mesh.controller.tail();
  const secret = async (name: string, key: string, namespace = systemNamespace) =>
    Buffer.from(
      String(at((await client.get(`/api/v1/namespaces/${namespace}/secrets/${name}`)).body, 'data', key) ?? ''),
      'base64',
    ).toString();
  /** What a pod gets now: its certificate, what signed it, and the roots. */
  async function chain() {
    const svid = await certificateOf(cluster, mesh, 'web', folder);
    const [leaf, above] = certificatesOf(svid.certificateChain);
    if (leaf === undefined || above === undefined) throw new Error('the chain has two certificates');
    expect(leaf.checkIssued(above) && leaf.verify(above.publicKey)).toBe(true);
    return { svid, leaf, above, roots: certificatesOf(svid.trustBundle) };
  }
  const askForRotation = () =>
    client.patch(`/api/v1/namespaces/${systemNamespace}/secrets/smi-mesh-ca`, {
      metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } },
    });
  const renewed = async (before: X509Certificate) => {
    await until(
      async () => (await chain()).above.fingerprint256 !== before.fingerprint256,
      patience,
      () => `another certificate signs\n${tail()}`,
    );
    return await chain();
  };
  const pending = () =>
    until(
      async () => JSON.stringify(await requests(client, systemNamespace)).includes('Ready: False Pending'),
      patience,
      () => `a request waits for its issuer\n${tail()}`,
    );

  test('an issuer that comes late approves and signs, and pods get certificates below it', async () => {
    await pending();
    expect(await requests(client, systemNamespace)).toEqual([
      expect.arrayContaining(['Approved: True cert-manager.io', 'Ready: False Pending']),
    ]);
    await makeRoot(client, systemNamespace, 'root');
    await makeIssuer(client, systemNamespace, 'mesh', 'root');
    await apply(cluster, mesh.certificates.map(forThisMachine));
    await untilReady(client, mesh);
    await client.patch('/api/v1/namespaces/default', { metadata: { labels: { [injectLabel]: 'enabled' } } });
    await createAccount(client, 'default', 'web');
    await createPod(client, 'default', 'web', 'web');
    const { svid, leaf, above, roots } = await chain();
    const root = new X509Certificate(await secret('root', 'tls.crt'));
    expect(leaf.subjectAltName).toBe('URI:spiffe://cluster.local/ns/default/sa/web');
    expect(roots.map(({ fingerprint256 }) => fingerprint256)).toEqual([root.fingerprint256]);
    expect(above.checkIssued(root) && above.verify(root.publicKey)).toBe(true);
    // Signed for as long as was asked: cert-manager looks at no end of the root.
    expect(Date.parse(above.validTo) - Date.parse(above.validFrom)).toBe(90 * day);
    // Both sides verify the whole chain: mutual TLS.
    const address = `127.0.0.1:${await mesh.controller.adsPort()}`;
    const proxy = new TestAdsClient(address, 'default/web', proxyAdapter.typeOrder, { identity: svid });
    ends.push(() => proxy.close());
    await proxy.until(() => proxy.names.includes('Workload default/web'));
  });

  test('another certificate of the issuer signs at once when it is asked for', async () => {
    const before = await chain();
    await askForRotation();
    const after = await renewed(before.above);
    expect(after.roots.map(({ fingerprint256 }) => fingerprint256)).toEqual(
      before.roots.map(({ fingerprint256 }) => fingerprint256),
    );
  });

  test('while the issuer is gone certificates are given; once it is back it signs what waited', async () => {
    const { above } = await chain();
    await client.delete(issuerPath(systemNamespace, 'mesh'));
    await askForRotation();
    await pending();
    expect((await chain()).above.fingerprint256).toBe(above.fingerprint256);
    await makeIssuer(client, systemNamespace, 'mesh', 'root');
    await renewed(above);
  });

  test('a new root of the issuer is trusted before it signs', async () => {
    const { above, roots } = await chain();
    await makeRoot(client, systemNamespace, 'other-root');
    await client.patch(issuerPath(systemNamespace, 'mesh'), issuer('mesh', 'other-root'));
    await until(
      async () => (await secret('other-root', 'tls.crt')) !== '',
      patience,
      () => 'the other root is made',
    );
    await askForRotation();
    const bundle = async () =>
      certificatesOf(
        String(
          at(
            (await client.get(`/api/v1/namespaces/default/configmaps/${trustBundle.configMap}`)).body,
            'data',
            trustBundle.key,
          ),
        ),
      );
    await until(
      async () => (await bundle()).length === 2,
      patience,
      () => `both roots are in the namespace\n${tail()}`,
    );
    const other = new X509Certificate(await secret('other-root', 'tls.crt'));
    const expected = [...roots, other].map(({ fingerprint256 }) => fingerprint256);
    expect(new Set((await bundle()).map(({ fingerprint256 }) => fingerprint256))).toEqual(new Set(expected));
    expect((await chain()).above.fingerprint256).toBe(above.fingerprint256);
  });

  test('the authority is renewed before its root ends, though what it was given lives longer', async () => {
    const namespace = 'short';
    await created(client, '/api/v1/namespaces', { metadata: { name: namespace } });
    await makeRoot(client, namespace, 'first', '720h');
    await makeRoot(client, namespace, 'second');
    await makeIssuer(client, namespace, 'mesh', 'first');
    const connected = await connect({ kubeconfig: cluster.kubeconfig });
    if (!connected.ok) throw new Error(connected.error.diagnostic.message);
    const connection = connected.value;
    const lines: string[] = [];
    const common = { trustDomain: 'cluster.local', namespace, log: (line: string) => lines.push(line) };
    const make = certManager({ ...common, issuer: { kind: 'Issuer', name: 'mesh', group: 'cert-manager.io' } });
    const times = { now: Date.now(), looks: 0 };
    const started = await startClusterAuthority({
      ...{ ...common, connection, make, lifeSeconds: 3_600 },
      signal: AbortSignal.timeout(patience),
    });
    ends.push(() => started.stop());
    expect(started.authority.notAfter - Date.now()).toBeLessThan(31 * day);
    const stopped = new AbortController();
    const clock = () => {
      times.looks += 1;
      return times.now;
    };
    const task = rotationTask({ cluster: started, make, lifeSeconds: 3_600, log: common.log, clock, lookMillis: 50 });
    const running = task.run(connection, stopped.signal);
    ends.push(async () => {
      stopped.abort();
      await running;
    });
    times.now += 19 * day;
    const enough = times.looks + 3;
    await until(
      () => times.looks >= enough,
      patience,
      () => 'the leader looks',
    );
    expect(started.state.phase).toBe('stable');
    await client.patch(issuerPath(namespace, 'mesh'), issuer('mesh', 'second'));
    await until(
      async () => (await secret('second', 'tls.crt', namespace)) !== '',
      patience,
      () => 'the second root is made',
    );
    times.now += 2 * day;
    await until(
      () => started.state.phase === 'introducing',
      patience,
      () => lines.join('\n'),
    );
    expect(certificatesOf(started.authority.trustBundle)).toHaveLength(2);
  });

  test('the certificate of the webhooks, its root too, is renewed without a call that fails', async () => {
    await until(
      async () => (await client.get(splits('v1alpha1'))).status === 200,
      patience,
      () => tail(),
    );
    await created(client, splits('v1alpha4'), split('shop'));
    const calls = new WebhookCalls(client);
    ends.push(() => calls.stop());
    const served = () => servedAt(mesh.webhookPort);
    const next = async (before: string) => {
      await until(
        async () => (await served()) !== before,
        patience,
        () => `another certificate is served\n${tail()}`,
      );
      return await served();
    };
    // Due 10 seconds after it was made, by itself.
    const first = await served();
    const spec = { duration: '1h', renewBefore: '59m50s' };
    await client.patch(certificatePath(systemNamespace, 'smi-mesh-webhook'), { spec });
    const second = await next(first);
    await next(second);
    await client.patch(certificatePath(systemNamespace, 'smi-mesh-webhook'), {
      spec: { duration: '2160h', renewBefore: '720h' },
    });

    const root = await secret('smi-mesh-webhook-root', 'tls.crt');
    await renew(client, systemNamespace, 'smi-mesh-webhook-root');
    await until(
      async () => (await secret('smi-mesh-webhook-root', 'tls.crt')) !== root,
      patience,
      () => 'the root is renewed',
    );
    const renewedRoot = await secret('smi-mesh-webhook-root', 'tls.crt');
    await until(
      async () => {
        if ((await secret('smi-mesh-webhook-tls', 'ca.crt')) === renewedRoot) return true;
        await renew(client, systemNamespace, 'smi-mesh-webhook');
        await delay(1_000);
        return false;
      },
      patience,
      () => 'the renewed root signs',
    );
    const current = async () => new X509Certificate(await secret('smi-mesh-webhook-tls', 'tls.crt'));
    await until(
      async () => (await served()) === (await current()).fingerprint256,
      patience,
      () => `what it signed is served\n${tail()}`,
    );
    // Whoever has not heard of the renewed root trusts what it signs.
    expect((await current()).verify(new X509Certificate(root).publicKey)).toBe(true);
    await until(
      async () =>
        JSON.stringify(await webhookConfigurations(client)).includes(Buffer.from(renewedRoot).toString('base64')),
      patience,
      () => `the new root is announced\n${tail()}`,
    );
    const { made, failed } = await calls.stop();
    console.log(`${made} calls of the webhooks while their certificates were renewed, ${failed.length} failed`);
    expect(failed).toEqual([]);
    expect(made).toBeGreaterThan(0);
  });
});

/** The certificate of the chart names the Service, which is not there. */
function forThisMachine(object: Fields): Fields {
  if (at(object, 'metadata', 'name') !== 'smi-mesh-webhook' || object.kind !== 'Certificate') return object;
  return { ...object, spec: { ...(object.spec as Fields), ipAddresses: ['127.0.0.1'] } };
}

/** The fingerprint of the certificate that is served at a port. */
async function servedAt(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    }).on('error', reject);
  });
}

const split = (name: string) => ({
  apiVersion: 'split.smi-spec.io/v1alpha4',
  kind: 'TrafficSplit',
  metadata: { name },
  spec: { service: 'shop', backends: [{ service: 'shop-v1', weight: 1 }] },
});

/** Asks the validation and the conversion again and again. */
class WebhookCalls {
  readonly #failed: string[] = [];
  readonly #running: Promise<void>;
  #made = 0;
  #stopped = false;

  constructor(client: ApiClient) {
    this.#running = (async () => {
      while (!this.#stopped) {
        const dryRun = `${splits('v1alpha4')}?dryRun=All`;
        const [taken, converted] = await Promise.all([
          client.post(dryRun, split('fine')),
          client.get(`${splits('v1alpha1')}/shop`),
        ]);
        this.#made += 2;
        if (taken.status !== 201) this.#failed.push(`validation: ${taken.body.message}`);
        if (converted.status !== 200) this.#failed.push(`conversion: ${converted.body.message}`);
        await delay(100);
      }
    })();
  }

  async stop(): Promise<{ readonly made: number; readonly failed: readonly string[] }> {
    this.#stopped = true;
    await this.#running;
    return { made: this.#made, failed: this.#failed };
  }
}
