import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../e2e/support/mesh.ts';
import { runCli } from '../../support/run-cli.ts';
import { meshImages } from '../lab/images.ts';
import { startLab } from '../lab/lab.ts';
import { installMesh, type LoadReport, landed, reportOf, rolledOut } from '../nodes/support/mesh.ts';
import { planes, twoPlanes } from '../nodes/support/two-planes.ts';

/** A node whose clock is wrong, and which is then lost; the leading replica of the controller is on it. */
const lab = await startLab({ nodes: 2, clocks: true, images: [meshImages(console.log)] });
afterAll(() => lab.stop());

const system = '--namespace=smi-mesh-system';
const patience = 90_000;
/** The node that stays, and the other. */
let [near, far] = ['', ''];

beforeAll(async () => {
  // The names that programs need do not depend on one node.
  await lab.must(['--namespace=kube-system', 'scale', 'deployment/coredns', '--replicas=2']);
  await installMesh(lab);
  far = (await leadersNode()) ?? '';
  near = far === 'node-1' ? 'node-2' : 'node-1';
  await lab.must(['label', 'namespace', 'default', 'smi-mesh.io/inject=enabled']);
  await lab.must(['apply', '--filename=-'], twoPlanes([near, far]));
  await rolledOut(lab, 'default');
  await goOn([near, far]);
});

describe.each([-300, 300])('a clock that is %i s off', (seconds) => {
  test('new pods and a new controller start there, every request goes on, and the policy holds', async () => {
    lab.node(numberOf(far)).setClock(seconds);
    const clock = async () => (await reportOf(lab, `buyer-proxy-${far}`, true)).clock - Date.now();
    await until(
      async () => Math.abs((await clock()) - seconds * 1_000) < 60_000,
      patience,
      () => `a clock ${seconds} s off`,
    );
    await reports([near, far], true);
    const before = await podsOn(far, 'default');
    const replicas = before.filter((name) => name.startsWith('server-proxy')).length + 1;
    for (const plane of planes) {
      await lab.must(['scale', `deployment/server-${plane}-${far}`, `--replicas=${replicas}`]);
    }
    await replaceControllers(far);
    await rolledOut(lab, 'default');
    await lead(far);
    const fresh = (await podsOn(far, 'default')).filter((name) => !before.includes(name));
    expect(fresh).toHaveLength(planes.length);
    await until(
      async () => {
        const seen = await reports([near, far]);
        return fresh.every((pod) => [near, far].every((node) => (seen[buyer(pod, node)]?.hosts[pod] ?? 0) > 0));
      },
      patience,
      () => `answers of ${fresh.join()}`,
    );
    await changeLands(`clock ${seconds}`);
    const check = await runCli(['check'], { env: { KUBECONFIG: lab.kubeconfig } });
    expect(check.status, check.stdout).toBe(0);
    expect(check.stdout).toMatch(seconds < 0 ? /leads; its clock is \d+ s behind/ : /leads; its clock is \d+ s ahead/);
    const seen = await reports([near, far]);
    console.log(`clock ${seconds} s off: ${summary(seen)}`);
    for (const [client, report] of Object.entries(seen)) expectWhole(client, report);
  }, 300_000);
});

test('a node is lost: the other goes on, the policy holds, and nothing of the lost one is left', async () => {
  lab.node(numberOf(far)).setClock(0);
  await reports([near], true);
  const lost = Date.now();
  await lab.node(numberOf(far)).kill();
  await lab.must(['wait', '--for=condition=Ready=Unknown', `node/${far}`, '--timeout=60s']);
  const seenAfter = Date.now() - lost;
  let latest: Readonly<Record<string, LoadReport>> = {};
  await until(
    async () => {
      latest = await reports([near]);
      return Object.values(latest).every(({ open, errors }) => open < 5 && lastOf(errors) < Date.now() - 5_000);
    },
    patience,
    () => `no request fails any more: ${JSON.stringify(latest)}`,
  );
  console.log(`node lost; known after ${seenAfter} ms: ${summary(latest, lost)}`);
  for (const [client, { answers }] of Object.entries(latest)) {
    if (isThief(client)) expect(answers).not.toHaveProperty('200');
    else expect(answers).not.toHaveProperty('403');
  }

  await reports([near], true);
  await until(
    async () => (await leadersNode()) === near,
    patience,
    () => 'a replica on the other node leads',
  );
  const led = Date.now() - lost;
  await lab.must(['delete', 'node', far]);
  for (const namespace of ['default', 'kube-system', 'smi-mesh-system']) {
    const pods = ['delete', 'pods', '--field-selector', `spec.nodeName=${far}`, '--force', '--grace-period=0'];
    await lab.must(['--namespace', namespace, ...pods]);
  }
  await rolledOut(lab, 'smi-mesh-system');
  await changeLands('node lost');
  await until(
    async () => (await endpoints()).every((node) => node === near),
    patience,
    () => 'no endpoint is left',
  );
  const wanted = Object.keys(latest)
    .flatMap((name) => `default/${name}`)
    .concat(planes.map((plane) => `default/server-${plane}-${near}`))
    .toSorted();
  let known: readonly string[] = [];
  // Proxies of the controller that was lost come to the other one after a pause that grows.
  const come = async () => {
    const proxies = await runCli(['proxies', '--context', '--output', 'json'], { env: { KUBECONFIG: lab.kubeconfig } });
    const read = JSON.parse(proxies.stdout) as { readonly proxies: readonly { readonly node: string }[] };
    known = read.proxies.map(({ node }) => node.slice(0, node.lastIndexOf(near) + near.length)).toSorted();
    return isDeepStrictEqual(known, wanted);
  };
  await until(come, patience, () => `the proxies that are left: ${known.join(', ')}`);
  const after = await reports([near]);
  console.log(`a replica on the other node was found leading after ${led} ms; then: ${summary(after)}`);
  for (const [client, report] of Object.entries(after)) expectWhole(client, report);
}, 300_000);

const numberOf = (node: string): number => Number(node.replace('node-', ''));
const isThief = (client: string): boolean => client.startsWith('thief');
/** The client on a node that calls a pod's Service. */
const buyer = (pod: string, node: string): string => `buyer-${pod.split('-')[1]}-${node}`;

/** What those that call from some nodes got, by their names. */
async function reports(nodes: readonly string[], reset = false): Promise<Readonly<Record<string, LoadReport>>> {
  const buyers = nodes.flatMap((node) => planes.map((plane) => `buyer-${plane}-${node}`));
  const names = [...planes.map((plane) => `thief-${plane}-${near}`), ...buyers];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await reportOf(lab, name, reset)] as const)),
  );
}

function expectWhole(client: string, { errors, answers }: LoadReport): void {
  expect(errors, client).toEqual({});
  expect(Object.keys(answers), client).toEqual([isThief(client) ? '403' : '200']);
}

/** Waits until all get their answers, and no others. */
async function goOn(nodes: readonly string[]): Promise<void> {
  await until(
    async () =>
      Object.entries(await reports(nodes, true)).every(
        ([client, { answers }]) => Object.keys(answers).join() === (isThief(client) ? '403' : '200'),
      ),
    patience,
    () => 'traffic flows',
  );
}

/** Since 1970, of the last failure. */
function lastOf(errors: LoadReport['errors']): number {
  return Math.max(0, ...Object.keys(errors).map(timeOf));
}

function timeOf(failure: string): number {
  return Date.parse(`${new Date().toISOString().slice(0, 11)}${failure.slice(0, 8)}Z`);
}

/** Answers, and failures by what went wrong, with the seconds after an event. */
function summary(seen: Readonly<Record<string, LoadReport>>, since?: number): string {
  const lines = Object.entries(seen).map(([client, { answers, errors, versions, open }]) => {
    const failures = Object.entries(errors).map(([what, count]) => {
      const after = since === undefined ? '' : `after ${Math.floor((timeOf(what) - since) / 1_000) + 1} s: `;
      return `${after}${count} x ${what.slice(9).replace(/http:\S+ /, '')}`;
    });
    return `  ${client} ${JSON.stringify({ answers, versions, open, failures })}`;
  });
  return `\n${lines.join('\n')}`;
}

async function leadersNode(): Promise<string | undefined> {
  const lease = ['get', 'lease', 'smi-mesh-controller', '--output=jsonpath={.spec.holderIdentity}'];
  const [pod = ''] = (await lab.must([system, ...lease])).split('_');
  const { status, stdout } = await lab.kubectl([system, 'get', 'pod', pod, '--output=jsonpath={.spec.nodeName}']);
  return status === 0 ? stdout : undefined;
}

async function replaceControllers(node: string): Promise<void> {
  for (const pod of await podsOn(node, 'smi-mesh-system')) await lab.must([system, 'delete', 'pod', pod]);
  await rolledOut(lab, 'smi-mesh-system');
}

/** Makes the replica on a node the one that leads. */
async function lead(node: string): Promise<void> {
  await until(
    async () => {
      if ((await leadersNode()) === node) return true;
      await replaceControllers(node === far ? near : far);
      return false;
    },
    patience,
    () => `the replica on ${node} leads`,
  );
}

async function podsOn(node: string, namespace: string): Promise<readonly string[]> {
  const where = ['--namespace', namespace, '--field-selector', `spec.nodeName=${node}`, '--output=name'];
  const names = await lab.must(['get', 'pods', ...where]);
  return names
    .split('\n')
    .filter(Boolean)
    .map((name) => name.replace('pod/', ''));
}

/** The nodes that the endpoints of the servers are on. */
async function endpoints(): Promise<readonly string[]> {
  const template = '{range .items[*].endpoints[*]}{.nodeName}{"\\n"}{end}';
  return (await lab.must(['get', 'endpointslices', `--output=jsonpath=${template}`])).split('\n').filter(Boolean);
}

/** A change reaches the proxies of every replica. */
async function changeLands(value: string): Promise<void> {
  await lab.must(['annotate', '--overwrite', 'traffictarget', 'buyers', `changed=${value}`]);
  await landed(lab, 'TrafficTarget/default/buyers');
}
