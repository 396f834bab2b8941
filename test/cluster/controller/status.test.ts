import { afterEach, beforeAll, expect, test } from 'vitest';
import { isRecord } from '../../../src/lib/values.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type ApiObject, adminOf } from '../support/client.ts';
import { ControllerProcess } from '../support/controller.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { make, makeService } from '../support/workloads.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const patience = 120_000;
const splits = '/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits';
let controllers: ControllerProcess[] = [];

beforeAll(async () => {
  await make(client, '/api/v1/namespaces', { metadata: { name: 'smi-mesh-system' } });
  for (const name of ['shop', 'shop-v1', 'shop-v2']) await makeService(client, name);
});

afterEach(async () => {
  await Promise.all(controllers.map((controller) => controller.stop('SIGKILL')));
  controllers = [];
});

async function start(): Promise<ControllerProcess> {
  const controller = new ControllerProcess(cluster, []);
  controllers.push(controller);
  await until(
    async () => (await client.get(splits)).status === 200,
    patience,
    () => controller.tail(),
  );
  return controller;
}

function backends(...names: readonly string[]): readonly object[] {
  return names.map((service) => ({ service, weight: 50 }));
}

function split(name: string, service: string, ...names: readonly string[]): object {
  return {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { name },
    spec: { service, backends: backends(...names) },
  };
}

type Conditions = Readonly<Record<string, string>>;

/** `TYPE: STATUS REASON`, and the generation that was judged. */
function conditionsOf({ status }: ApiObject): Conditions {
  const list = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  return Object.fromEntries(
    list.map(({ type, status: is, reason, observedGeneration }) => [type, `${is} ${reason} ${observedGeneration}`]),
  );
}

async function read(name: string): Promise<ApiObject> {
  return (await client.get(`${splits}/${name}`)).body;
}

/** Waits until an object has these conditions; gives it. */
async function told(name: string, wanted: Conditions): Promise<ApiObject> {
  let object = await read(name);
  const has = () => Object.entries(wanted).every(([type, text]) => conditionsOf(object)[type] === text);
  await until(
    async () => {
      object = await read(name);
      return has();
    },
    patience,
    () => `${JSON.stringify(conditionsOf(object))}\n${controllers.map((controller) => controller.tail()).join('\n')}`,
  );
  return object;
}

const fine = (generation: number): Conditions => ({
  Accepted: `True Accepted ${generation}`,
  ResolvedRefs: `True ResolvedRefs ${generation}`,
  Programmed: `True Programmed ${generation}`,
  Conflicted: `False NoConflicts ${generation}`,
});

async function events(name: string): Promise<readonly ApiObject[]> {
  const { body } = await client.get('/apis/events.k8s.io/v1/namespaces/default/events');
  const items = Array.isArray(body.items) ? (body.items as ApiObject[]) : [];
  return items.filter(({ regarding }) => isRecord(regarding) && regarding.name === name);
}

test('a status says what is wrong with code and field, and is not written again while nothing changes', async () => {
  await start();
  await make(client, splits, split('shop', 'shop', 'shop-v1', 'shop-v3'));
  const lacking = await told('shop', { Accepted: 'True Accepted 1', ResolvedRefs: 'False RefNotFound 1' });
  expect(JSON.stringify(lacking.status)).toContain('SMI3002 spec.backends[1].service: ');
  await until(
    async () => (await events('shop')).length > 0,
    patience,
    () => 'an Event of shop',
  );
  expect(await events('shop')).toEqual([
    expect.objectContaining({ type: 'Warning', reason: 'RefNotFound', note: expect.stringContaining('SMI3002') }),
  ]);

  await client.patch(`${splits}/shop`, { spec: { backends: backends('shop-v1', 'shop-v2') } });
  const mended = await told('shop', fine(2));

  // Another object gets its status, and this one keeps its version meanwhile.
  await make(client, splits, split('other', 'shop', 'shop-v1', 'shop-v2'));
  await told('other', { Conflicted: 'True Conflict 1' });
  await client.delete(`${splits}/other`);
  await make(client, splits, split('third', 'shop-v1', 'shop-v2'));
  await told('third', fine(1));
  const { metadata } = await read('shop');
  // Both sides of a conflict tell of it.
  expect(conditionsOf(await told('shop', fine(2)))).toEqual(conditionsOf(mended));
  expect(metadata?.generation).toBe(2);
  await client.delete(`${splits}/third`);
}, 240_000);

test('a controller that is killed while it writes leaves nothing twice, and the next one goes on', async () => {
  const first = await start();
  const names = Array.from({ length: 30 }, (_, i) => `many-${i}`);
  // All but the first of them are in conflict with it.
  await make(client, splits, split('many', 'shop-v2', 'shop-v1'));
  await Promise.all(names.map((name) => make(client, splits, split(name, 'shop-v2', 'shop-v1'))));
  await until(
    async () => conditionsOf(await read('many-3')).Conflicted !== undefined,
    patience,
    () => first.tail(),
  );
  await first.stop('SIGKILL');
  await start();
  for (const name of names) await told(name, { Conflicted: 'True Conflict 1' });
  const versions = () => Promise.all(names.map(async (name) => (await read(name)).metadata?.resourceVersion));
  const before = await versions();
  await make(client, splits, split('last', 'shop', 'shop-v1'));
  await told('last', { Conflicted: 'True Conflict 1' });
  expect(await versions()).toEqual(before);
  for (const name of names) {
    const conflicts = (await events(name)).filter(({ reason }) => reason === 'Conflict');
    expect(conflicts.length, name).toBeLessThanOrEqual(1);
  }
}, 240_000);
