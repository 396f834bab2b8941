import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../e2e/support/mesh.ts';
import { meshImages } from '../lab/images.ts';
import { startLab } from '../lab/lab.ts';
import { KeptLogs } from '../nodes/support/kept-logs.ts';
import {
  installMesh,
  type LoadReport,
  landed,
  reportOf,
  retriesOf,
  rolledOut,
  waitFor,
} from '../nodes/support/mesh.ts';
import { list, loadClient } from '../nodes/support/workloads.ts';

/**
 * Every pod of the example and of the control plane is replaced while the weights of its split move. Only the client that
 * counts stays: one that ends could not tell what became of its last requests. It never repeats a request itself.
 */
const lab = await startLab({ nodes: 2, images: [meshImages(console.log)] });
const logs = new KeptLogs(lab);
afterAll(() => {
  logs.stop();
  return lab.stop();
});

const example = readdirSync('examples/bookstore').filter((name) => name.endsWith('.yaml'));
const split = 'TrafficSplit/default/bookstore';
const movesAtLeast = 30;

beforeAll(async () => {
  await installMesh(lab);
  await lab.must(['label', 'namespace', 'default', 'smi-mesh.io/inject=enabled']);
  await lab.must(['apply', ...example.map((name) => `--filename=examples/bookstore/${name}`)]);
  const urls = ['http://bookstore:14001/books', 'POST http://bookstore:14001/buy-a-book'];
  await lab.must(['apply', '--filename=-'], list(loadClient('load', 'bookbuyer', urls, 220)));
  const config = { apiVersion: 'config.smi-mesh.io/v1alpha1', kind: 'MeshConfig', metadata: { name: 'default' } };
  await lab.must(['apply', '--filename=-'], JSON.stringify({ ...config, spec: { accessLog: 'all' } }));
  await rolledOut(lab, 'default');
});

describe.each(['proxy', 'envoy'])('with the data plane %s', (plane) => {
  beforeAll(async () => {
    const annotations = { 'smi-mesh.io/data-plane': plane };
    for (const name of await deployments('default'))
      await lab.must(['patch', name, '--patch', await calm(name, annotations)]);
    await rolledOut(lab, 'default');
    await landed(lab, split);
  });

  test('no request fails while every pod is replaced and weights move', { timeout: 1_200_000 }, async () => {
    const before = await namesOfPods();
    await reportOf(lab, 'load', true);
    const retriesBefore = await retriesOf(lab, 'load', plane);
    const since = new Date().toISOString();
    const started = performance.now();
    let restarting = true;
    const restarted = restartEverything().finally(() => {
      restarting = false;
    });
    const moves: Move[] = [];
    let meanwhile = 0;
    while (restarting || moves.length < movesAtLeast) {
      moves.push(await moveWeight((moves.length * 37) % 101));
      if (restarting) meanwhile = moves.length;
    }
    await restarted;
    const { sent } = await reportOf(lab, 'load');
    const seconds = (performance.now() - started) / 1_000;
    const report = await answered(sent);
    const retries = (await retriesOf(lab, 'load', plane)) - retriesBefore;
    console.log(
      [
        `${plane}: ${sent} requests in ${Math.round(seconds)} s, and all answered: ${JSON.stringify(report.answers)}`,
        `retries of the mesh: ${retries}`,
        `${moves.length} moves of weights, ${meanwhile} of them during the restart`,
        `landed, as \`smi-cli wait\` says: ${quantiles(moves.map(({ landed: time }) => time))}`,
        `seen by who patched and waited: ${quantiles(moves.map(({ seen }) => seen))}`,
      ].join('; '),
    );
    if (Object.keys(report.errors).length > 0) console.log(await whyFailed(since));
    expect(report.errors).toEqual({});
    expect(Object.keys(report.answers)).toEqual(['200']);
    expect(sent).toBeGreaterThan(150 * seconds);
    const after = await namesOfPods();
    expect(after.filter((name) => before.includes(name))).toEqual([expect.stringMatching(/^pod\/load-/)]);
  });
});

/**
 * A pod that misses its probes on a busy machine is not to be called, and then its share of the requests rightly fails: probes
 * are given time here.
 */
async function calm(name: string, annotations: Readonly<Record<string, string>>): Promise<string> {
  const path = '--output=jsonpath={.spec.template.spec.containers[?(@.readinessProbe)].name}';
  const names = (await lab.must(['get', name, path])).split(' ').filter(Boolean);
  const containers = names.map((one) => ({ name: one, readinessProbe: { timeoutSeconds: 20 } }));
  return JSON.stringify({ spec: { template: { metadata: { annotations }, spec: { containers } } } });
}

/** What sidecars and the cluster have said since, of requests only those that failed. */
async function whyFailed(since: string): Promise<string> {
  const event = '{.lastTimestamp} {.reason} {.involvedObject.name} {.message}{"\\n"}';
  const events = await lab.must(['get', 'events', `--output=jsonpath={range .items[*]}${event}{end}`]);
  const failed = logs.lines(/"status":"?(?:0|5\d\d)|"flags":"[^"-]/);
  const lines = [...failed, ...logs.lines(/^(?!.*(?:"verdict"| denied ))/), ...events.split('\n')];
  return lines
    .filter((line) => line > since)
    .sort()
    .join('\n');
}

/** What became of so many requests, once all of them have ended. */
async function answered(sent: number): Promise<LoadReport> {
  let report = await reportOf(lab, 'load');
  const ended = async () => {
    report = await reportOf(lab, 'load');
    return report.sent - report.open >= sent;
  };
  await until(ended, 180_000, () => `${sent} requests have ended: ${JSON.stringify(report)}`);
  return report;
}

interface Move {
  /** Milliseconds from the patch to the end of the wait. */
  readonly seen: number;
  /** From when the controller had it until every proxy had it, as the wait says. */
  readonly landed: number;
}

/** Patches the split and waits until every proxy of every replica has it. */
async function moveWeight(share: number): Promise<Move> {
  const backends = [
    { service: 'bookstore-v1', weight: 100 - share },
    { service: 'bookstore-v2', weight: share },
  ];
  const started = performance.now();
  const patch = JSON.stringify({ spec: { backends } });
  await lab.must(['patch', 'trafficsplit', 'bookstore', '--type=merge', '--patch', patch]);
  const told = await waitFor(lab, split);
  const seen = performance.now() - started;
  return { seen, landed: told ?? seen };
}

async function restartEverything(): Promise<void> {
  const programs = (await deployments('default')).filter((name) => !name.endsWith('/load'));
  await lab.must(['rollout', 'restart', ...programs]);
  await lab.must(['--namespace=smi-mesh-system', 'rollout', 'restart', 'deployment']);
  await rolledOut(lab, 'default');
  await rolledOut(lab, 'smi-mesh-system');
}

async function deployments(namespace: string): Promise<readonly string[]> {
  return lines(await lab.must(['--namespace', namespace, 'get', 'deployments', '--output=name']));
}

async function namesOfPods(): Promise<readonly string[]> {
  const all = ['default', 'smi-mesh-system'].map((namespace) =>
    lab.must(['--namespace', namespace, 'get', 'pods', '--output=name', '--field-selector=status.phase=Running']),
  );
  return (await Promise.all(all)).flatMap(lines);
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter(Boolean);
}

function quantiles(times: readonly number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) =>
    `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
}
