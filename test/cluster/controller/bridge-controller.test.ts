import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRecord } from '../../../src/lib/values.ts';
import { until } from '../../e2e/support/mesh.ts';
import { gatewayApiCrds, gatewayApiVersion } from '../../support/gateway-api/crds.ts';
import { type ApiObject, adminOf } from '../support/client.ts';
import { ControllerProcess } from '../support/controller.ts';
import { type Crd, install } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { make, makeService, runPod } from '../support/workloads.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const patience = 120_000;
const splits = '/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits';
const routes = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes';
const crds = gatewayApiCrds('standard');
const missing = process.env.CI !== 'true' && crds === undefined;
const controllers: ControllerProcess[] = [];

const flags = ['--adapter', 'gateway-api', '--option', 'access=elsewhere', '--apply'];

const said = () => controllers.map((controller) => controller.tail()).join('\n');

function start(...more: readonly string[]): ControllerProcess {
  const controller = new ControllerProcess(cluster, [...flags, ...more]);
  controllers.push(controller);
  return controller;
}

async function objects(): Promise<readonly ApiObject[]> {
  const { body } = await client.get(routes);
  return Array.isArray(body.items) ? (body.items as ApiObject[]) : [];
}

/** `BACKEND WEIGHT` of the rules of a route, by its name. */
async function written(): Promise<Readonly<Record<string, readonly string[]>>> {
  const entries = (await objects()).map(({ metadata, spec }): [string, string[]] => {
    const rules = isRecord(spec) && Array.isArray(spec.rules) ? spec.rules : [];
    const refs = rules.flatMap(({ backendRefs = [] }) => backendRefs as { name: string; weight: number }[]);
    return [String(metadata?.name), refs.map(({ name, weight }) => `${name} ${weight}`)];
  });
  return Object.fromEntries(entries.sort());
}

async function holds(expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
  let found = {};
  await until(
    async () => {
      found = await written();
      return JSON.stringify(found) === JSON.stringify(expected);
    },
    patience,
    () => `${JSON.stringify(found)} is ${JSON.stringify(expected)}\n${said()}`,
  );
}

async function programmed(name: string, wanted: string): Promise<void> {
  let last: unknown;
  await until(
    async () => {
      const { status } = (await client.get(`${splits}/${name}`)).body;
      const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
      last = conditions.find(({ type }) => type === 'Programmed');
      return isRecord(last) && `${last.status} ${last.reason}` === wanted;
    },
    patience,
    () => `${name} is ${wanted}: ${JSON.stringify(last)}\n${said()}`,
  );
}

function split(weight: number): object {
  const backends = [
    { service: 'shop-v1', weight: 100 - weight },
    { service: 'shop-v2', weight },
  ];
  return {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { name: 'shop' },
    spec: { service: 'shop', backends },
  };
}

describe.skipIf(missing)(`controllers that keep routes of Gateway API ${gatewayApiVersion}`, () => {
  beforeAll(async () => {
    const used = (crds ?? []).filter(({ spec }) => /Route$|^ReferenceGrant$/.test(spec.names.kind));
    await Promise.all(used.map((crd) => install(client, crd as unknown as Crd)));
    await make(client, '/api/v1/namespaces', { metadata: { name: 'smi-mesh-system' } });
    for (const name of ['shop', 'shop-v1', 'shop-v2']) await makeService(client, name);
    // As another mesh injects them: without a sidecar of ours.
    await runPod(client, { name: 'shop-v1', ip: '10.1.0.1' });
    await runPod(client, { name: 'shop-v2', ip: '10.1.0.2' });
  }, patience);

  afterAll(async () => {
    await Promise.all(controllers.map((controller) => controller.stop('SIGKILL')));
  });

  test('a split becomes a route, weights move, and another leader goes on in the middle', async () => {
    await client.post(routes, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'theirs' },
      spec: { parentRefs: [{ group: '', kind: 'Service', name: 'other', port: 80 }] },
    });
    const theirs = await client.get(`${routes}/theirs`);
    const first = start();
    await until(async () => (await client.get(splits)).status === 200, patience, said);
    await make(client, splits, split(10));
    const beside = (weights: readonly string[]) => ({ 'shop-80': weights, theirs: [] });
    await holds(beside(['shop-v1 90', 'shop-v2 10']));
    await programmed('shop', 'True Programmed');

    const second = start();
    await second.said({ message: 'proxies are served' });
    await client.patch(`${splits}/shop`, split(50));
    first.kill('SIGKILL');
    await holds(beside(['shop-v1 50', 'shop-v2 50']));
    await second.said({ message: 'this replica leads' });
    await client.patch(`${splits}/shop`, split(25));
    await holds(beside(['shop-v1 75', 'shop-v2 25']));
    await programmed('shop', 'True Programmed');

    // By hand.
    await client.delete(`${routes}/shop-80`);
    await holds(beside(['shop-v1 75', 'shop-v2 25']));

    await client.delete(`${splits}/shop`);
    await holds({ theirs: [] });
    expect((await client.get(`${routes}/theirs`)).body).toEqual(theirs.body);
  }, 300_000);

  test('a route of the same name that somebody else made is left alone, and the split says so', async () => {
    const spec = { parentRefs: [{ group: '', kind: 'Service', name: 'shop', port: 80 }] };
    const mine = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'shop-80' }, spec };
    await make(client, routes, mine);
    await make(client, splits, split(10));
    await programmed('shop', 'False NotApplied');
    expect(await written()).toEqual({ 'shop-80': [], theirs: [] });
    await client.delete(`${routes}/shop-80`);
    await holds({ 'shop-80': ['shop-v1 90', 'shop-v2 10'], theirs: [] });
    await programmed('shop', 'True Programmed');
  }, 300_000);
});
