/**
 * Run in namespaces of its own for network, mounts and processes: a real apiserver, the controller as a process, pods in network
 * namespaces with real Envoys, programs that know nothing of it. Prints as JSON what clients without retries got during each fault.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureKubernetes } from '../../../scripts/kubernetes.mjs';
import { createAuthority } from '../../../src/identity/authority.ts';
import { controllerPorts, sidecarPorts, sidecarUser, systemNamespace } from '../../../src/kubernetes/names.ts';
import type { SpiffeId } from '../../../src/lib/spiffe.ts';
import { podPorts } from '../../support/pods-in-namespaces/mesh.ts';
import { createNetwork, node, output, run, sharedPath, start } from '../../support/pods-in-namespaces/network.ts';
import { redirect } from '../../support/pods-in-namespaces/rules.ts';
import { startEnvoy } from '../../support/pods-in-namespaces/sidecar-envoy.ts';
import { adminOf } from '../support/client.ts';
import { startCluster } from '../support/cluster.ts';
import { startConversionWebhook } from '../support/conversion-webhook.ts';
import { install, shippedCrds } from '../support/crds.ts';
import { make } from '../support/workloads.ts';
import { deleteChurn, makeChurn, makeMesh, pods, setWeights, storeAddress } from './mesh.ts';

const outageSeconds = Number(process.env.SMI_MESH_OUTAGE_SECONDS ?? 20);
const churned = 500;
const requestsPerSecond = 40;
const programUser = 1_000;
const patience = 120_000;
const controllerAddress = '169.254.1.1';

createNetwork(pods);
const folder = mkdtempSync('/run/smi-pods/faults-');
const state = join(folder, 'state');
mkdirSync(state, { mode: 0o700 });
run(`chmod 755 ${folder}
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=pod -days 2 -keyout ${folder}/key.pem -out ${folder}/tls.pem 2>/dev/null
  cat ${folder}/key.pem >> ${folder}/tls.pem
  chmod 644 ${folder}/tls.pem`);
const cluster = await startCluster(ensureKubernetes(() => undefined));
const client = adminOf(cluster);
await make(client, '/api/v1/namespaces', { metadata: { name: systemNamespace } });
const webhook = await startConversionWebhook();
for (const crd of shippedCrds()) await install(client, webhook.servedBy(crd));
await makeMesh(client);
const authority = await createAuthority({ trustDomain: 'cluster.local', stateDirectory: state });
let controller = startReplica();
const plane = {
  ads: { address: controllerAddress, port: controllerPorts.ads },
  issue: (identity: SpiffeId) => authority.issue(identity),
};
for (const pod of pods) {
  const program = sharedPath(
    fileURLToPath(new URL('../../support/pods-in-namespaces/programs/server.ts', import.meta.url)),
  );
  const child = start(pod, programUser, [node, program, pod.name, `${folder}/tls.pem`, ...podPorts.map(String)]);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  redirect(pod);
  await startEnvoy(pod, plane, folder);
}
const buyer = load('buyer');
const thief = load('thief');
await until(() => answered(buyer.counts, '200 store-a') > 0 && answered(thief.counts, '403') > 0, 'traffic flows');
const phases: Record<string, object> = {};

await during('apiserver down', 'b', async () => {
  await cluster.stopApiserver();
  await delay(outageSeconds * 1_000);
  await cluster.startApiserver();
});
await during('etcd restarted', 'a', () => cluster.restartEtcd());
await during('watches compacted', 'b', async () => {
  await cluster.stopApiserver();
  await compact();
  await cluster.startApiserver();
});
await during('controller killed while objects change', 'a', async () => {
  for (let index = 0; index < 20; index += 1) {
    await setWeights(client, index % 2, 1);
    if (index === 10) controller.kill('SIGKILL');
  }
  controller = startReplica();
});
await during('webhook down', 'b', async () => {
  await webhook.close();
  await make(client, '/api/v1/namespaces/kube-system/pods', {
    metadata: { name: 'dns' },
    spec: { containers: [{ name: 'main', image: 'x' }] },
  });
});
const endpoints: number[] = [];
await during(`${churned} pods churned`, 'a', async () => {
  await makeChurn(client, churned);
  await until(async () => (await churnEndpoints()) === churned, 'all pods are endpoints');
  endpoints.push(await churnEndpoints());
  await deleteChurn(client, churned);
  await until(async () => (await churnEndpoints()) === 0, 'no pod is an endpoint');
  endpoints.push(await churnEndpoints());
});
console.log(JSON.stringify({ phases, endpoints }));
await cluster.stop();
process.exit(0);

/** Lets something happen, then moves all requests to a backend; what clients got until the move has landed. */
async function during(name: string, backend: 'a' | 'b', fault: () => Promise<void>): Promise<void> {
  const before = [{ ...buyer.counts() }, { ...thief.counts() }];
  await fault();
  const mended = performance.now();
  await setWeights(client, backend === 'a' ? 1 : 0, backend === 'b' ? 1 : 0);
  await until(() => onlyLately(`200 store-${backend}`), `all requests go to store-${backend}`);
  const landedMillis = Math.round(performance.now() - mended);
  const [buyers, thieves] = [buyer.counts(), thief.counts()].map((now, index) => difference(now, before[index] ?? {}));
  phases[name] = { buyer: buyers, thief: thieves, landedMillis };
  console.error(name, JSON.stringify(phases[name]));
}

type Counts = Readonly<Record<string, number>>;

function load(pod: string): { readonly counts: () => Counts; readonly previous: () => Counts } {
  const program = sharedPath(
    fileURLToPath(new URL('../../support/pods-in-namespaces/programs/load.ts', import.meta.url)),
  );
  const child = start({ name: pod }, programUser, [
    node,
    program,
    `http://${storeAddress}/books`,
    `${requestsPerSecond}`,
  ]);
  let [previous, counts]: Counts[] = [{}, {}];
  createInterface(child.stdout!).on('line', (line) => {
    [previous, counts] = [counts!, JSON.parse(line) as Counts];
  });
  return { counts: () => counts!, previous: () => previous! };
}

function answered(counts: () => Counts, what: string): number {
  return counts()[what] ?? 0;
}

function difference(now: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(now).flatMap(([what, count]) =>
      count === before[what] ? [] : [[what, count - (before[what] ?? 0)]],
    ),
  );
}

/** Whether in the last second the buyer got this answer and no other. */
function onlyLately(what: string): boolean {
  const lately = difference(buyer.counts(), buyer.previous());
  return Object.keys(lately).length === 1 && lately[what] !== undefined;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > limit)
      throw new Error(`not in time: ${what}; ${JSON.stringify([buyer.counts(), thief.counts()])}`);
    await delay(100);
  }
}

function startReplica(): ChildProcess {
  const program = fileURLToPath(new URL('controller.ts', import.meta.url));
  return spawn(process.execPath, [program, cluster.kubeconfig, controllerAddress, state], {
    stdio: ['ignore', process.env.SMI_MESH_LOG === undefined ? 'ignore' : 2, 'inherit'],
  });
}

/** Nothing that was before can be read or watched any more. */
async function compact(): Promise<void> {
  const ask = async (path: string, body: object) => {
    const answer = await fetch(`${cluster.etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`);
    return (await answer.json()) as { readonly header: { readonly revision: string } };
  };
  const { header } = await ask('range', { key: Buffer.from('/none').toString('base64') });
  await ask('compaction', { revision: header.revision, physical: true });
}

/** How many endpoints the buyer's Envoy has for the Service `churn`. */
async function churnEndpoints(): Promise<number> {
  const { text } = await output({ name: 'buyer' }, sidecarUser, [
    'curl',
    '-s',
    `http://127.0.0.1:${sidecarPorts.admin}/clusters`,
  ]);
  return text.split('\n').filter((line) => /^default\/churn:80::[0-9.:]+::cx_active/.test(line)).length;
}
