import { expect, test } from 'vitest';
import type { TrafficSummary } from '../../../../src/metrics/contract.ts';
import type { RequestRecord } from '../../../../src/telemetry/record.ts';
import { until } from '../../../e2e/support/mesh.ts';
import type { Lab } from '../../lab/lab.ts';
import { cliOn, firstLines, jsonOn, type RunningDashboard, startDashboard } from './cluster-cli.ts';
import { reportOf } from './mesh.ts';

/** What is said of the bookstore with its load, in either data plane. */
export function syncCommands(lab: Lab): void {
  test('describe and check say that every proxy has what carries the split', async () => {
    const split = ['describe', 'trafficsplit/bookstore'];
    let last: unknown;
    const everywhere = async () => {
      const { proxies } = await jsonOn<{ readonly proxies: Readonly<Record<string, unknown>> }>(lab, split);
      last = proxies;
      // Five programs of the example, and the load.
      return Number(proxies.concerned) >= 6 && proxies.taken === proxies.concerned;
    };
    await until(everywhere, 60_000, () => JSON.stringify(last));
    expect(last).toMatchObject({ waiting: [], refused: [], absent: [] });
    expect(await cliOn(lab, ['check'])).toMatch(/ok +(\d+) of \1 proxies have taken all of their configuration/);
  });
}

/** What proxies tell of the requests that they carry. */
export function trafficCommands(lab: Lab): void {
  test('top and edges tell the rates of the load, by what people deploy', { timeout: 240_000 }, async () => {
    const asked = ['--context', '--window', '10s'];
    let told = '';
    const agrees = async () => {
      const before = await reportOf(lab, 'load');
      const passed = async () => (await reportOf(lab, 'load')).clock - before.clock > 10_000;
      await until(passed, 60_000, () => 'the window passes');
      const { edges, observedSeconds } = await jsonOn<TrafficSummary>(lab, ['edges', 'deployments', 'load', ...asked]);
      const after = await reportOf(lab, 'load');
      const sent = (after.sent - before.sent) / ((after.clock - before.clock) / 1_000);
      const [one = 0, other = 0] = ['bookstore-v1', 'bookstore-v2'].map((backend) => {
        const own = edges.filter(({ side, destination }) => side === 'client' && destination?.name === backend);
        return own.reduce((sum, { success, failure }) => sum + success + failure, 0) / observedSeconds;
      });
      told = `${Math.round(sent)} requests a second were sent; ${Math.round(one)} and ${Math.round(other)} were told of`;
      return Math.abs(one + other - sent) < 0.4 * sent && one > other;
    };
    await until(agrees, 150_000, () => told);
    console.log(told);
    expect(await cliOn(lab, ['top', 'deployments', ...asked])).toMatch(/^bookstore-v1 +\d+\.\d% +\d+/m);
    expect(await cliOn(lab, ['topology', ...asked])).toMatch(/^load\n├─ bookstore-v1 /m);
  });

  test('tap shows requests as they are made, those that are asked for alone', async () => {
    const taps = async (...argv: readonly string[]) => {
      const ending = ['--max', '3', '--for', '60s', '--output', 'json'];
      const lines = await cliOn(lab, ['tap', ...argv, '--context', ...ending]);
      const all = lines.split('\n').filter(Boolean);
      return all.map((line) => JSON.parse(line) as RequestRecord);
    };
    const refused = await taps('deployment/bookthief', '--status', '403');
    expect(refused).toHaveLength(3);
    for (const record of refused) {
      expect(record).toMatchObject({ code: 403, direction: 'outbound' });
      expect(record.reporter).toMatch(/^default\/bookthief-/);
    }
    const bought = await taps('svc/bookstore', '--method', 'POST', '--direction', 'inbound');
    expect(bought).toHaveLength(3);
    for (const record of bought) {
      expect(record).toMatchObject({ method: 'POST', path: '/buy-a-book', rule: 'default/buyer-to-bookstore' });
    }
  });
}

/** What is asked of the cluster, and of a dashboard of it. */
export function readingCommands(lab: Lab): void {
  test('validate, diff, explain and wait read the cluster', async () => {
    expect(await cliOn(lab, ['validate', '--context'])).toMatch(/^valid: /);
    expect(await cliOn(lab, ['diff', 'examples/bookstore', '--context'])).toMatch(/^no change: /);
    const question = ['explain', '--context', '--to', 'bookstore:14001', '--path', '/books'];
    expect(await cliOn(lab, [...question, '--from', 'bookbuyer'])).toMatch(/^allowed: /);
    expect(await cliOn(lab, [...question, '--from', 'bookthief'], 1)).toMatch(/^denied: /);
    expect(await cliOn(lab, ['wait', 'TrafficSplit/default/bookstore', '--context'])).toMatch(/^landed: /);
  });

  test("dashboard answers with the cluster's data, of all replicas, and moves a split", async () => {
    const dashboard = await startDashboard(lab);
    try {
      await pagesOf(dashboard);
      const records = await firstLines(`${dashboard.url}/tap?of=deploy/bookthief&status=403`, 2);
      for (const record of records) expect(record).toMatchObject({ code: 403 });
      await weightsOf(lab, dashboard);
    } finally {
      await dashboard.stop();
    }
  });
}

async function pagesOf(dashboard: RunningDashboard): Promise<void> {
  const proxies = await dashboard.get<{ readonly proxies: readonly { readonly node: string }[] }>('/proxies');
  const nodes = proxies.proxies.map(({ node }) => node.replace(/-[^-]+-[^-]+$/, ''));
  for (const name of ['bookbuyer', 'bookthief', 'bookstore-v1', 'bookstore-v2', 'bookwarehouse', 'load']) {
    expect(nodes).toContain(`default/${name}`);
  }
  type Page = Readonly<Record<string, readonly unknown[]>>;
  const topology = await dashboard.get<Page>('/api/topology');
  expect(topology.nodes).toContainEqual(
    expect.objectContaining({ id: 'workload:default/Deployment/load', owner: 'Deployment' }),
  );
  const services = await dashboard.get<Page>('/api/catalogue');
  expect(services.services).toContainEqual(
    expect.objectContaining({ service: 'default/bookstore', callers: expect.arrayContaining(['load']) }),
  );
  const access = await dashboard.get<Page>('/api/access?namespace=default');
  expect(access.clients).toContainEqual(expect.objectContaining({ account: 'default/bookthief' }));
  for (const page of ['overview', 'audit', 'diagnostics', 'splits', 'services/default/bookstore']) {
    await dashboard.get(`/api/${page}`);
  }
  const query = new URLSearchParams({ from: 'bookthief', to: 'bookstore:14001', path: '/books' });
  expect(await dashboard.get(`/api/explain?${query}`)).toMatchObject({ verdict: 'denied' });
}

/** Weights go to the apiserver, as long as they are what the page showed. */
async function weightsOf(lab: Lab, dashboard: RunningDashboard): Promise<void> {
  const template = '{range .spec.backends[*]}{.service}={.weight} {end}';
  const backends = () => lab.must(['get', 'trafficsplit', 'bookstore', `--output=jsonpath=${template}`]);
  const weights = (one: number, other: number) => ({ 'default/bookstore-v1': one, 'default/bookstore-v2': other });
  const path = '/api/splits/default/bookstore';
  const before = await backends();
  expect(before).toBe('bookstore-v1=90 bookstore-v2=10 ');
  expect(await dashboard.post(path, { expected: weights(50, 50), weights: weights(60, 40) })).toBe(409);
  expect(await dashboard.post(path, { expected: weights(90, 10), weights: weights(60, 40) })).toBe(200);
  expect(await backends()).toBe('bookstore-v1=60 bookstore-v2=40 ');
  await until(
    async () => {
      const { changes } = await dashboard.get<{ readonly changes: readonly unknown[] }>('/api/audit');
      return JSON.stringify(changes[0]).includes('smi-cli-dashboard');
    },
    60_000,
    () => 'the audit says who moved the split',
  );
  expect(await dashboard.post(path, { expected: weights(60, 40), weights: weights(90, 10) })).toBe(200);
}
