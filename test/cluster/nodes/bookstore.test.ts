import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../e2e/support/mesh.ts';
import { runCli } from '../../support/run-cli.ts';
import { outsideAddress, outsideName } from '../lab/addresses.ts';
import { meshImages } from '../lab/images.ts';
import { startLab } from '../lab/lab.ts';
import { readingCommands, syncCommands, trafficCommands } from './support/commands.ts';
import { expectShares, get, inPod, installMesh, landed, reportOf, rolledOut } from './support/mesh.ts';
import { deployment, list, loadClient, service } from './support/workloads.ts';

/**
 * The example as it is, installed as its users do: interception, identities, policy and splits, in both data planes.
 */
const lab = await startLab({ nodes: 2, images: [meshImages(console.log)] });
afterAll(() => lab.stop());

const example = readdirSync('examples/bookstore').filter((name) => name.endsWith('.yaml'));
const outside = createServer((_, response) => response.end('outside\n'));

beforeAll(async () => {
  await new Promise<void>((resolve) => outside.listen(8000, outsideAddress, resolve));
  console.log(await installMesh(lab));
  await lab.must(['label', 'namespace', 'default', 'smi-mesh.io/inject=enabled']);
  await lab.must(['apply', ...example.map((name) => `--filename=examples/bookstore/${name}`)]);
  await lab.must(['create', 'namespace', 'plain']);
  const plain = { port: 8080, namespace: 'plain' };
  const echo = ['node', 'echo.mjs'];
  await lab.must(
    ['apply', '--filename=-'],
    list(
      deployment({ name: 'echo', command: echo, ...plain }),
      service('echo', 'plain', 8080),
      service('headless', 'plain', 8080, { clusterIP: 'None', selector: { app: 'echo' } }),
      deployment({ name: 'visitor', command: ['sleep', '100000'], namespace: 'plain' }),
      { ...service('away', 'default', 8000), spec: { type: 'ExternalName', externalName: outsideName } },
      // A second buyer, whose answers are counted.
      loadClient('load', 'bookbuyer', ['http://bookstore:14001/books', 'POST http://bookstore:14001/buy-a-book']),
    ),
  );
  await rolledOut(lab, 'default');
  await rolledOut(lab, 'plain');
});

afterAll(() => void outside.close());

describe.each(['proxy', 'envoy'])('pods with the data plane %s', (plane) => {
  beforeAll(async () => {
    const metadata = { annotations: { 'smi-mesh.io/data-plane': plane } };
    const names = await lab.must(['get', 'deployments', '--output=name']);
    const patch = JSON.stringify({ spec: { template: { metadata } } });
    for (const name of names.split('\n').filter(Boolean)) await lab.must(['patch', name, '--patch', patch]);
    await rolledOut(lab, 'default');
    await landed(lab, 'TrafficSplit/default/bookstore');
  });

  test('all have the sidecar', async () => {
    const template = '{range .items[*]}{.metadata.annotations.smi-mesh\\.io/injected}{"\\n"}{end}';
    await until(
      async () => {
        const kinds = await lab.must(['get', 'pods', `--output=jsonpath=${template}`]);
        return kinds
          .split('\n')
          .filter(Boolean)
          .every((kind) => kind === plane);
      },
      60_000,
      () => `only sidecars of ${plane}`,
    );
  });

  test('the buyer is served, the thief is not, and the split is as written', async () => {
    await reportOf(lab, 'load', true);
    const report = await collected(2_000);
    expect(report.errors).toEqual({});
    expect(Object.keys(report.answers)).toEqual(['200']);
    expectShares(report, { v1: 90, v2: 10 });
    expect(await lastLine('bookbuyer')).toMatch(/last 5 s 200: \d+(, held back: \d+)?;/);
    expect(await lastLine('bookthief')).toMatch(/last 5 s 403: \d+(, held back: \d+)?;/);
  });

  syncCommands(lab);
  trafficCommands(lab);
  if (plane === 'proxy') readingCommands(lab);

  test('pods without a sidecar are reached, and do not get in where an identity is wanted', async () => {
    expect(await get(lab, 'load', 'http://echo.plain:8080/')).toMatchObject({ status: 200 });
    expect(await get(lab, 'load', 'http://headless.plain:8080/')).toMatchObject({ status: 200 });
    const strict = await checked();
    expect(strict.find((message) => message.startsWith('Service default/bookstore:'))).toMatch(
      /strict mutual TLS refuses 2 pods without a sidecar, (plain\/(echo|visitor)-\S+, ){1}plain\/(echo|visitor)-\S+$/,
    );
    const refused = await get(lab, 'visitor', 'http://bookstore.default:14001/books', 'plain');
    expect(refused.status).not.toBe(200);
    const policy = {
      apiVersion: 'policy.smi-mesh.io/v1alpha1',
      kind: 'TrafficPolicy',
      metadata: { name: 'visitors', namespace: 'default' },
      spec: {
        targetRefs: [
          { kind: 'Service', name: 'bookstore' },
          { kind: 'Service', name: 'bookstore-v1' },
          { kind: 'Service', name: 'bookstore-v2' },
        ],
        tls: { mode: 'permissive' },
      },
    };
    await lab.must(['apply', '--filename=-'], JSON.stringify(policy));
    await until(
      async () => (await get(lab, 'visitor', 'http://bookstore.default:14001/books', 'plain')).status === 200,
      30_000,
      () => 'the visitor is let in where no identity is wanted',
    );
    expect(await checked()).toContainEqual(
      expect.stringMatching(
        /^Service default\/bookstore: strict mutual TLS would refuse 2 pods .*; TrafficPolicy default\/visitors lets/,
      ),
    );
    await lab.must(['delete', 'trafficpolicy', 'visitors']);
    await until(
      async () => (await get(lab, 'visitor', 'http://bookstore.default:14001/books', 'plain')).status !== 200,
      30_000,
      () => 'the visitor is refused again',
    );
  });

  test('what is outside of the mesh stays in reach: other machines, DNS, ExternalName, the apiserver', async () => {
    expect(await get(lab, 'load', `http://${outsideName}:8000/`)).toMatchObject({ status: 200, body: 'outside\n' });
    expect(await get(lab, 'load', `http://${outsideAddress}:8000/`)).toMatchObject({ status: 200 });
    expect(await get(lab, 'load', 'http://away:8000/')).toMatchObject({ status: 200, body: 'outside\n' });
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    const ask = `curl -sS --max-time 10 --cacert ${account}/ca.crt -H "Authorization: Bearer $(cat ${account}/token)"`;
    const { stdout, stderr } = await inPod(lab, 'load', ['sh', '-c', `${ask} https://kubernetes.default/version`]);
    expect(`${stdout}${stderr}`).toContain('"gitVersion"');
  });
});

test('a split says what its backends are seen to get while new weights settle, and is left alone afterwards', async () => {
  const template = '{.metadata.generation} {.status.backends}{"\\n"}';
  const watching = [
    'get',
    'trafficsplit',
    'bookstore',
    '--watch',
    '--request-timeout=40s',
    `--output=jsonpath=${template}`,
  ];
  const watch = lab.kubectl(watching);
  const weights = [
    { service: 'bookstore-v1', weight: 10 },
    { service: 'bookstore-v2', weight: 30 },
  ];
  const patch = ['--type=merge', '--patch', JSON.stringify({ spec: { backends: weights } })];
  await lab.must(['patch', 'trafficsplit', 'bookstore', ...patch]);
  const generation = await lab.must(['get', 'trafficsplit', 'bookstore', '--output=jsonpath={.metadata.generation}']);
  const { stdout } = await watch;
  const versions = stdout.split('\n').filter((line) => line.startsWith(`${generation} `));
  const told = [...new Set(versions.map((line) => line.slice(generation.length + 1)).filter(Boolean))];
  console.log(`${versions.length} versions of the split in 40 s; observed: ${told.join(' ')}`);
  // Once, every ten seconds, once at the end; and what stood there before.
  expect(told.length).toBeLessThanOrEqual(7);
  const last = JSON.parse(told.at(-1) ?? '[]') as readonly {
    readonly service: string;
    readonly observedPercent: number;
  }[];
  expect(last.map(({ service: name }) => name)).toEqual(['bookstore-v1', 'bookstore-v2']);
  const [first = 0, second = 0] = last.map(({ observedPercent }) => observedPercent);
  expect(Number.isInteger(first) && Number.isInteger(second)).toBe(true);
  expect(first + second).toBe(100);
  // Fifty requests may be told as settled: four deviations of them.
  expect(Math.abs(first - 25)).toBeLessThanOrEqual(25);
});

/** What `smi-cli check` finds about traffic. */
async function checked(): Promise<readonly string[]> {
  const { stdout } = await runCli(['check', '--output', 'json'], { env: { KUBECONFIG: lab.kubeconfig } });
  const { results } = JSON.parse(stdout) as { readonly results: readonly Record<string, string>[] };
  return results.filter(({ group }) => group === 'traffic').map(({ message }) => message ?? '');
}

async function collected(requests: number) {
  await until(
    async () => (await reportOf(lab, 'load')).sent >= requests,
    60_000,
    () => `${requests} requests`,
  );
  return reportOf(lab, 'load');
}

/** The last complete line of a program of the example. */
async function lastLine(name: string): Promise<string> {
  const logs = await lab.must(['logs', `deployment/${name}`, '--container', name, '--tail=1']);
  return logs.trim();
}
