import { expect } from 'vitest';
import { until } from '../../../e2e/support/mesh.ts';
import { runCli } from '../../../support/run-cli.ts';
import type { Lab } from '../../lab/lab.ts';

/** What a load client has counted since it was last reset. */
export interface LoadReport {
  readonly sent: number;
  /** By status. */
  readonly answers: Readonly<Record<string, number>>;
  /** By time, address and what went wrong: everything but an answer below 500. */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers by the version that gave them. */
  readonly versions: Readonly<Record<string, number>>;
  /** Answers of `echo.mjs` by the pod that gave them. */
  readonly hosts: Readonly<Record<string, number>>;
  readonly open: number;
  /** What time it is there, in milliseconds since 1970. */
  readonly clock: number;
}

/** Installs the mesh as its users do. */
export async function installMesh(lab: Lab, options: readonly string[] = []): Promise<string> {
  const { status, stdout, stderr } = await runCli(['install', '--timeout', '150s', ...options], {
    env: environmentOf(lab),
    timeout: 200_000,
  });
  if (status !== 0) throw new Error(`smi-cli install ends with ${status}: ${stdout}${stderr}\n${await describe(lab)}`);
  return stdout;
}

const environmentOf = (lab: Lab) => ({ KUBECONFIG: lab.kubeconfig });

const system = '--namespace=smi-mesh-system';
const controllers = '--selector=app.kubernetes.io/component=controller';

/** Waits until every replica of the controller says that its proxies have the latest change of an object. */
export async function landed(lab: Lab, object: string): Promise<void> {
  const ask = `fetch('http://127.0.0.1:15019/wait?timeout=10000&object=${object}').then((r) => r.json()).then((r) => console.log(r.outcome))`;
  let last = '';
  const everywhere = async (): Promise<boolean> => {
    const pods = (await lab.must([system, 'get', 'pods', controllers, '--output=name'])).split('\n').filter(Boolean);
    const runs = await Promise.all(pods.map((pod) => lab.kubectl([system, 'exec', pod, '--', 'node', '--eval', ask])));
    last = runs.map(({ stdout, stderr }) => stdout.trim() || stderr.trim()).join('; ');
    return pods.length > 0 && runs.every(({ stdout }) => stdout.trim() === 'landed');
  };
  await until(everywhere, 90_000, () => `${object} landed: ${last}`);
}

/** Waits by `smi-cli wait`; how many milliseconds it says that the latest change took to land, where anything had to be sent. */
export async function waitFor(lab: Lab, object: string): Promise<number | undefined> {
  const argv = ['wait', object, '--context', '--timeout', '150s', '--output', 'json'];
  const { status, stdout, stderr } = await runCli(argv, { env: environmentOf(lab), timeout: 170_000 });
  if (status !== 0) throw new Error(`smi-cli wait ends with ${status}: ${stdout}${stderr}`);
  const { rollout } = JSON.parse(stdout) as { readonly rollout?: { readonly durations: { readonly total: number } } };
  return rollout?.durations.total;
}

/** How often the sidecar of a pod has tried a request again. */
export async function retriesOf(lab: Lab, deployment: string, plane: string): Promise<number> {
  const [path, pattern] =
    plane === 'envoy'
      ? ['/stats?usedonly', /^cluster\.[^\n]*\.upstream_rq_retry: (\d+)$/gm]
      : ['/metrics', /^smi_retries_total\{[^\n]*\} (\d+)$/gm];
  const { status, stdout, stderr } = await inPod(lab, deployment, [
    'curl',
    '-sS',
    '--fail',
    `http://127.0.0.1:15000${path}`,
  ]);
  if (status !== 0) throw new Error(`the metrics of ${deployment}: ${stderr}`);
  return [...stdout.matchAll(pattern as RegExp)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Every pod of a namespace is of the newest generation, ready, and nothing of an older one is left. */
export async function rolledOut(lab: Lab, namespace: string): Promise<void> {
  const names = await lab.must(['--namespace', namespace, 'get', 'deployments', '--output=name']);
  for (const name of names.split('\n').filter(Boolean)) {
    const { status, stdout, stderr } = await lab.kubectl([
      ...['--namespace', namespace, 'rollout', 'status', name, '--timeout=110s'],
    ]);
    if (status !== 0) throw new Error(`${name} does not become ready: ${stderr}${stdout}\n${await describe(lab)}`);
  }
}

/** What went wrong, for a failure that says nothing by itself. */
async function describe(lab: Lab): Promise<string> {
  const { stdout: pods } = await lab.kubectl(['get', 'pods', '--all-namespaces', '--output=wide']);
  const events = await lab.kubectl([
    ...['get', 'events', '--all-namespaces', '--field-selector=type=Warning', '--sort-by=.lastTimestamp'],
  ]);
  const logs = await lab.kubectl([...[system, 'logs', controllers, '--tail=40']]);
  const notReady = pods
    .split('\n')
    .filter((line) => !/\s(\d+)\/\1\s/.test(line))
    .slice(1, 4);
  const others = await Promise.all(
    notReady.filter(Boolean).map(async (line) => {
      const [namespace = '', name = ''] = line.split(/\s+/);
      const all = ['logs', name, '--all-containers', '--prefix', '--tail=15', '--namespace', namespace];
      return (await lab.kubectl(all)).stdout;
    }),
  );
  return [pods, events.stdout.split('\n').slice(-25).join('\n'), logs.stdout, ...others].join('\n');
}

/** Runs a command in a pod of a Deployment, in its first container, and gives its output. */
export function inPod(lab: Lab, deployment: string, command: readonly string[], namespace = 'default') {
  return lab.kubectl([
    '--namespace',
    namespace,
    'exec',
    `deployment/${deployment}`,
    '--container',
    deployment,
    '--',
    ...command,
  ]);
}

/** Status and body of what a program in a pod gets. */
export async function get(lab: Lab, from: string, url: string, namespace = 'default') {
  const command = ['curl', '--silent', '--show-error', '--max-time', '10', '--write-out', '\n%{http_code}', url];
  const { stdout, stderr } = await inPod(lab, from, command, namespace);
  const lines = stdout.split('\n');
  return { status: Number(lines.at(-1)), body: lines.slice(0, -1).join('\n'), error: stderr };
}

/** What a load client has counted; with `reset` it starts anew. */
export async function reportOf(lab: Lab, client: string, reset = false): Promise<LoadReport> {
  const url = `http://127.0.0.1:8090/${reset ? 'reset' : ''}`;
  const { status, stdout, stderr } = await inPod(lab, client, ['curl', '--silent', '--show-error', url]);
  if (status !== 0) throw new Error(`the report of ${client}: ${stderr}`);
  return JSON.parse(stdout) as LoadReport;
}

/** Holds that versions were met as often as their weights say: a chance of one in a million to fail for nothing. */
export function expectShares(report: LoadReport, weights: Readonly<Record<string, number>>): void {
  const total = Object.values(report.versions).reduce((sum, count) => sum + count, 0);
  const whole = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  expect(total).toBeGreaterThan(500);
  for (const [version, weight] of Object.entries(weights)) {
    const share = weight / whole;
    const deviation = Math.sqrt(total * share * (1 - share));
    const count = report.versions[version] ?? 0;
    expect(Math.abs(count - total * share), `${version}: ${count} of ${total}`).toBeLessThanOrEqual(5 * deviation);
  }
}
