import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at } from '../../../src/install/kinds.ts';
import { until } from '../../e2e/support/mesh.ts';
import { freePorts } from '../../support/free-ports.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { type ApiClient, adminOf } from '../support/client.ts';
import type { Cluster } from '../support/cluster.ts';
import type { Program } from '../support/process.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { make } from '../support/workloads.ts';
import { controllerUser, splitWrites } from './support/mesh.ts';
import { release, startRolloutMesh, workloadSpec } from './support/rollouts.ts';
import type { SplitWatch } from './support/splits.ts';
import { applyOf, startTool, toolTests } from './support/tool.ts';

const { title, skipped } = toolTests('flagger');
/** Flagger looks every ten seconds at most. */
const patience = 240_000;
const user = 'system:serviceaccount:default:flagger';
const canaries = '/apis/flagger.app/v1beta1/namespaces/default/canaries';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

/** Flagger's webhooks: whether a Canary may go on, and whether what it has is good. */
interface Gate {
  readonly open: Set<string>;
  readonly bad: Set<string>;
  readonly url: string;
}

describe.skipIf(skipped)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-flagger-'));
  let cluster: Cluster;
  let client: ApiClient;
  let splits: SplitWatch;
  let flagger: Program;
  let gate: Gate;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster({ audited: true });
    client = adminOf(cluster);
    await applyOf(cluster, 'flagger', 'crd.yaml');
    await applyOf(cluster, 'flagger', 'account.yaml');
    await writeAccountKubeconfig(cluster, { namespace: 'default', account: 'flagger' }, join(folder, 'kubeconfig'));
    splits = await startRolloutMesh(cluster, client, folder, ends);
    const server = await startGate();
    gate = server.gate;
    ends.push(() => server.server.close());
    const [port] = await freePorts(1);
    const args = [
      ...[`-kubeconfig=${join(folder, 'kubeconfig')}`, '-mesh-provider=smi:v1alpha2:smi-mesh', `-port=${port}`],
      ...['-control-loop-interval=1s', '-metrics-server=http://127.0.0.1:9'],
    ];
    flagger = startTool('flagger', args, folder);
    ends.push(() => flagger.stop(5_000));
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });

  const tail = () => flagger.output().slice(-4_000);
  const phase = (name: string, wanted: string) =>
    until(
      async () => at((await client.get(`${canaries}/${name}`)).body, 'status', 'phase') === wanted,
      patience,
      () => `the Canary ${name} is ${wanted}\n${tail()}`,
    );

  async function moves(version: string): Promise<void> {
    const name = `podinfo-${version}`;
    await make(client, deployments, deployment(name));
    await make(client, canaries, canary(name, version, gate.url));
    const lands = (weights: string) => splits.lands(name, weights, name, tail);
    /** Lets Flagger go on until the weights are these. */
    const step = async (weights: string): Promise<void> => {
      gate.open.add(name);
      await until(
        async () => (await splits.weights(name)) === weights,
        patience,
        () => `${name} is moved to ${weights}\n${tail()}`,
      );
      gate.open.delete(name);
      await lands(weights);
    };
    await phase(name, 'Initialized');
    await lands('0:100');

    await release(client, `${deployments}/${name}`, 'second');
    for (const weights of ['20:80', '50:50', '100:0']) await step(weights);
    gate.open.add(name);
    await phase(name, 'Succeeded');
    await lands('0:100');

    gate.open.delete(name);
    await release(client, `${deployments}/${name}`, 'third');
    await step('20:80');
    gate.bad.add(name);
    await phase(name, 'Failed');
    await lands('0:100');
    await client.delete(`${canaries}/${name}`);
    await until(
      async () => (await splits.read(name)).status === 'Failure',
      patience,
      () => `the split is gone with its Canary\n${tail()}`,
    );
  }

  test('moves weights in each version of SMI, and each step lands', async () => {
    const versions = ['v1alpha1', 'v1alpha2', 'v1alpha3'];
    await Promise.all(versions.map(moves));
    const [tool, ours] = [user, controllerUser].map((who) => splitWrites(cluster.auditLog, who));
    console.log(`Flagger ${JSON.stringify(tool)}, the controller ${JSON.stringify(ours)}`);
    // Made, and moved to 20, 50, 100, 0, 20 and 0; a conflict is tried again at the next interval.
    const moved = versions.length * 7;
    expect(tool!.written).toBeGreaterThanOrEqual(moved);
    expect(tool!.written).toBeLessThanOrEqual(moved + 3);
    expect(tool!.conflicts).toBeLessThanOrEqual(3);
    expect(ours!.conflicts).toBeLessThanOrEqual(moved);
    expect(ours!.written).toBeLessThanOrEqual(moved * 3);
  });
});

async function startGate(): Promise<{ readonly gate: Gate; readonly server: Server }> {
  const open = new Set<string>();
  const bad = new Set<string>();
  const server = createServer(async (request, response) => {
    const name = String(at(await json(request), 'name'));
    const fine = request.url === '/open' ? open.has(name) : !bad.has(name);
    response.writeHead(fine ? 200 : 403).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { gate: { open, bad, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, server };
}

function deployment(name: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: workloadSpec(name, 9898),
  };
}

function canary(name: string, version: string, url: string): object {
  return {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata: { name },
    spec: {
      provider: `smi:${version}:smi-mesh`,
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      service: { port: 9898 },
      analysis: {
        interval: '10s',
        threshold: 1,
        stepWeights: [20, 50, 100],
        webhooks: [
          { name: 'open', type: 'confirm-traffic-increase', url: `${url}/open` },
          { name: 'good', type: 'rollout', url: `${url}/good` },
        ],
      },
    },
  };
}
