import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { at } from '../../../src/install/kinds.ts';
import { until } from '../../e2e/support/mesh.ts';
import { freePorts } from '../../support/free-ports.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { type ApiClient, adminOf } from '../support/client.ts';
import type { Cluster } from '../support/cluster.ts';
import type { Program } from '../support/process.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { make } from '../support/workloads.ts';
import { bindRole } from './support/access.ts';
import { controllerUser, splitWrites } from './support/mesh.ts';
import { release, startRolloutMesh, workloadSpec } from './support/rollouts.ts';
import type { SplitWatch } from './support/splits.ts';
import { applyOf, startTool, toolTests } from './support/tool.ts';

const { title, skipped } = toolTests('argo-rollouts');
const patience = 120_000;
const namespace = 'argo-rollouts';
const user = `system:serviceaccount:${namespace}:argo-rollouts`;
const rollouts = '/apis/argoproj.io/v1alpha1/namespaces/default/rollouts';

describe.skipIf(skipped)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-argo-'));
  let cluster: Cluster;
  let client: ApiClient;
  let splits: SplitWatch;
  let argo: Program | undefined;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster({ audited: true });
    client = adminOf(cluster);
    await applyOf(cluster, 'argo-rollouts', 'crds');
    await applyOf(cluster, 'argo-rollouts', 'role');
    await bindRole(client, namespace, 'argo-rollouts');
    await writeAccountKubeconfig(cluster, { namespace, account: 'argo-rollouts' }, join(folder, 'kubeconfig'));
    splits = await startRolloutMesh(cluster, client, folder, ends);
  });
  afterEach(async () => {
    await argo?.stop(5_000);
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startArgo(version: string): Promise<void> {
    const [metrics, health] = await freePorts(2);
    const args = [
      ...[`--kubeconfig=${join(folder, 'kubeconfig')}`, '--leader-elect=false'],
      ...[`--traffic-split-api-version=${version}`, `--metricsPort=${metrics}`, `--healthzPort=${health}`],
    ];
    argo = startTool('argo-rollouts', args, folder);
  }

  const tail = () => argo?.output().slice(-4_000) ?? '';
  const phase = (name: string, wanted: string) =>
    until(
      async () => at((await client.get(`${rollouts}/${name}`)).body, 'status', 'phase') === wanted,
      patience,
      () => `the Rollout ${name} is ${wanted}\n${tail()}`,
    );
  /** `kubectl argo rollouts promote`, and `abort`. */
  const promote = (name: string) => client.patch(`${rollouts}/${name}/status`, { status: { pauseConditions: null } });
  const abort = (name: string) => client.patch(`${rollouts}/${name}/status`, { status: { abort: true } });

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3'])('moves weights with %s, and each step lands', async (version) => {
    const name = `shop-${version}`;
    for (const service of [name, `${name}-stable`, `${name}-canary`]) {
      const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
      await make(client, '/api/v1/namespaces/default/services', { metadata: { name: service }, spec });
    }
    await startArgo(version);
    await make(client, rollouts, rollout(name));
    const lands = (weights: string) => splits.lands(name, weights, name, tail);
    await phase(name, 'Healthy');
    await lands('0:100');
    const before = [splitWrites(cluster.auditLog, user), splitWrites(cluster.auditLog, controllerUser)];

    await release(client, `${rollouts}/${name}`, 'second');
    for (const weights of ['20:80', '50:50']) {
      await lands(weights);
      await phase(name, 'Paused');
      await promote(name);
    }
    await phase(name, 'Healthy');
    await lands('0:100');
    const stable = async () => at((await client.get(`${rollouts}/${name}`)).body, 'status', 'stableRS');
    const promoted = await stable();

    await release(client, `${rollouts}/${name}`, 'third');
    await lands('20:80');
    await phase(name, 'Paused');
    await promote(name);
    await lands('50:50');
    await abort(name);
    await lands('0:100');
    await phase(name, 'Degraded');
    expect(await stable()).toBe(promoted);

    const [tool, ours] = [user, controllerUser].map((who, index) => {
      const { written, conflicts } = splitWrites(cluster.auditLog, who);
      return { written: written - before[index]!.written, conflicts: conflicts - before[index]!.conflicts };
    });
    console.log(`${version}: Argo ${JSON.stringify(tool)}, the controller ${JSON.stringify(ours)}`);
    // Seven moves at most: 20, 50, 100, 0, and 20, 50, 0.
    expect(tool!.conflicts).toBe(0);
    expect(tool!.written).toBeLessThanOrEqual(7);
    expect(ours!.conflicts).toBeLessThanOrEqual(7);
    expect(ours!.written).toBeLessThanOrEqual(7 * 3);

    await client.delete(`${rollouts}/${name}`);
    await until(
      async () => (await splits.read(name)).status === 'Failure',
      patience,
      () => `the split is gone with its Rollout\n${tail()}`,
    );
  });
});

function rollout(name: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      ...workloadSpec(name, 8080),
      strategy: {
        canary: {
          canaryService: `${name}-canary`,
          stableService: `${name}-stable`,
          trafficRouting: { smi: { rootService: name } },
          steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: {} }],
        },
      },
    },
  };
}
