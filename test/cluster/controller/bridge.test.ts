import { afterEach, expect, test } from 'vitest';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { Bridge } from '../../../src/control/cluster/bridge/bridge.ts';
import { BridgeState } from '../../../src/control/cluster/bridge/bridge-state.ts';
import type { BridgeTarget } from '../../../src/control/cluster/bridge/contract.ts';
import { createLog } from '../../../src/control/cluster/log.ts';
import type { DiagnosticCode } from '../../../src/diagnostics/catalogue.ts';
import { diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { type ObjectKey, objectKey } from '../../../src/diagnostics/origin.ts';
import { connect, type StreamingConnection } from '../../../src/kubernetes-client/connect.ts';
import { isRecord } from '../../../src/lib/values.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type ApiObject, adminOf } from '../support/client.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const patience = 60_000;
const maps = '/api/v1/namespaces/default/configmaps';
const split = (name: string): ObjectKey => objectKey('split.smi-spec.io', 'TrafficSplit', 'default', name);
const bridges: RunningBridge[] = [];

afterEach(async () => {
  await Promise.all(bridges.splice(0).map((bridge) => bridge.stop()));
  for (const name of await names()) await client.delete(`${maps}/${name}`);
});

async function connected(): Promise<StreamingConnection> {
  const made = await connect({ kubeconfig: cluster.kubeconfig });
  if (!made.ok) throw new Error(made.error.diagnostic.message);
  return made.value;
}

/** What a mesh means, as the values of ConfigMaps by name. */
type Meaning = Readonly<Record<string, string>>;

interface Choice {
  readonly kinds?: BridgeTarget['kinds'];
  readonly artifact?: (name: string, value: string) => Artifact['body'];
  readonly adopt?: boolean;
  readonly dryRun?: boolean;
  readonly connection?: StreamingConnection;
}

/** A bridge whose model is `meaning`. */
class RunningBridge {
  readonly state = new BridgeState();
  readonly lines: string[] = [];
  refused = '';
  #code: DiagnosticCode = 'SMI1010';
  #model = {} as MeshModel;
  #meaning: Meaning;
  readonly #stopping = new AbortController();
  readonly #bridge: Bridge;
  readonly #ran: Promise<void>;

  constructor(connection: StreamingConnection, meaning: Meaning, choice: Choice = {}) {
    this.#meaning = meaning;
    const body = choice.artifact ?? configMap;
    const target: BridgeTarget = {
      id: 'maps',
      kinds: choice.kinds ?? [{ apiVersion: 'v1', kind: 'ConfigMap' }],
      adopt: choice.adopt ?? false,
      dryRun: choice.dryRun ?? false,
      translate: async () => ({
        artifacts: Object.entries(this.#meaning).map(([name, value]) => ({
          name,
          format: 'kubernetes',
          body: body(name, value),
          origins: [{ object: split(name), path: 'spec' }],
        })),
        findings: [],
        refusals: this.refused === '' ? [] : [diagnostic(this.#code, { message: this.refused })],
      }),
    };
    this.#bridge = new Bridge(
      choice.connection ?? connection,
      target,
      createLog('info', (line) => this.lines.push(line)),
      this.state,
    );
    this.#ran = this.#bridge.run(() => this.#model, this.#stopping.signal);
    bridges.push(this);
  }

  mean(meaning: Meaning, refused = '', code: DiagnosticCode = 'SMI1010'): void {
    this.#meaning = meaning;
    this.refused = refused;
    this.#code = code;
    this.#model = {} as MeshModel;
    this.#bridge.changed();
  }

  get landed(): boolean {
    const { pending, failures } = this.state.progress;
    return pending !== 'all' && pending.size === 0 && failures.size === 0;
  }

  /** How often it said so. */
  said(message: string): number {
    return this.lines.filter((line) => (JSON.parse(line) as { message: string }).message === message).length;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ran;
    this.#bridge.stop();
  }
}

function configMap(name: string, value: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name }, data: { value } };
}

async function list(): Promise<readonly ApiObject[]> {
  const { body } = await client.get(maps);
  const items = Array.isArray(body.items) ? (body.items as ApiObject[]) : [];
  return items.filter(({ metadata }) => metadata?.name !== 'kube-root-ca.crt');
}

async function names(): Promise<readonly string[]> {
  return (await list()).map(({ metadata }) => String(metadata?.name));
}

/** Values by name. */
async function held(): Promise<Meaning> {
  const entries = (await list()).map(({ metadata, data }): [string, string] => [
    String(metadata?.name),
    String(isRecord(data) ? data.value : undefined),
  ]);
  return Object.fromEntries(entries.sort());
}

/** The logs of the bridges of a test, for a failure. */
const said = () => bridges.flatMap(({ lines }) => lines).join('');

const settled = (bridge: RunningBridge) => until(() => bridge.landed, patience, said);

async function holds(expected: Meaning): Promise<void> {
  let found: Meaning = {};
  await until(
    async () => {
      found = await held();
      return JSON.stringify(found) === JSON.stringify(expected);
    },
    patience,
    () => `${JSON.stringify(found)} is ${JSON.stringify(expected)}\n${said()}`,
  );
}

test('objects come, change and go with the model, and nothing else is touched', async () => {
  await client.post(maps, { metadata: { name: 'theirs', labels: { app: 'other' } }, data: { value: 'theirs' } });
  const bridge = new RunningBridge(await connected(), { a: '1', b: '2' });
  await holds({ a: '1', b: '2', theirs: 'theirs' });
  await settled(bridge);
  bridge.mean({ a: '3', c: '4' });
  await holds({ a: '3', c: '4', theirs: 'theirs' });
  await settled(bridge);
  bridge.mean({});
  await holds({ theirs: 'theirs' });
  const { metadata } = (await client.get(`${maps}/theirs`)).body;
  expect(metadata?.labels).toEqual({ app: 'other' });
  expect(bridge.said('an object was changed by somebody else and is repaired')).toBe(0);
});

test('what is edited or removed by hand is repaired, fields of others stay', async () => {
  const bridge = new RunningBridge(await connected(), { a: '1', b: '2' });
  await holds({ a: '1', b: '2' });
  await settled(bridge);
  await client.patch(`${maps}/a`, { data: { value: 'mine' }, metadata: { annotations: { note: 'kept' } } });
  await client.delete(`${maps}/b`);
  await holds({ a: '1', b: '2' });
  // Without its label it is still known as its own.
  await client.patch(`${maps}/b`, { metadata: { labels: null }, data: { value: 'taken' } });
  await holds({ a: '1', b: '2' });
  const { metadata } = (await client.get(`${maps}/a`)).body;
  expect(metadata?.annotations).toEqual({ note: 'kept' });
  await settled(bridge);
});

test('an object that somebody else made stays as it is, which is told, until it is gone or may be adopted', async () => {
  await client.post(maps, { metadata: { name: 'a' }, data: { value: 'theirs' } });
  const bridge = new RunningBridge(await connected(), { a: '1', b: '2' });
  await holds({ a: 'theirs', b: '2' });
  await until(() => bridge.state.progress.failures.size === 1, patience, said);
  expect(bridge.state.progress.failures.get(split('a'))).toMatch(/smi-mesh has not made/);
  await client.delete(`${maps}/a`);
  await holds({ a: '1', b: '2' });
  await settled(bridge);
  await bridge.stop();

  await client.post(maps, { metadata: { name: 'c' }, data: { value: 'theirs' } });
  new RunningBridge(await connected(), { a: '1', b: '2', c: '3' }, { adopt: true });
  await holds({ a: '1', b: '2', c: '3' });
});

test('an object that somebody makes between the look for it and the write stays as it is', async () => {
  const connection = await connected();
  let made = false;
  const racing: StreamingConnection = {
    ...connection,
    send: async (method, path, body, options) => {
      if (!made && method === 'PATCH') {
        made = true;
        await client.post(maps, { metadata: { name: 'a' }, data: { other: 'theirs' } });
      }
      return await connection.send(method, path, body, options);
    },
  };
  const bridge = new RunningBridge(racing, { a: '1' });
  await until(() => /smi-mesh has not made/.test(bridge.state.progress.failures.get(split('a')) ?? ''), patience, said);
  const { metadata, data } = (await client.get(`${maps}/a`)).body;
  expect(data).toEqual({ other: 'theirs' });
  expect(metadata?.labels).toBeUndefined();
  await client.delete(`${maps}/a`);
  await holds({ a: '1' });
});

test('an adapter that could not be asked is asked again', async () => {
  const bridge = new RunningBridge(await connected(), {});
  bridge.mean({ a: '1' }, 'it is away', 'SMI5006');
  await until(() => bridge.state.progress.findings.length === 1, patience, said);
  bridge.refused = '';
  await holds({ a: '1' });
});

test('one that ends in the middle leaves nothing orphaned or double, nor do two at once', async () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${String(i).padStart(2, '0')}`, 'old']));
  const first = new RunningBridge(await connected(), many);
  await until(async () => (await names()).length > 3, patience, said);
  await first.stop();
  const fewer = Object.fromEntries(Object.keys(many).flatMap((name, i) => (i % 2 === 0 ? [[name, 'new']] : [])));
  const second = new RunningBridge(await connected(), fewer);
  const third = new RunningBridge(await connected(), fewer);
  await holds(fewer);
  await settled(second);
  await settled(third);
  second.mean({ n00: 'last' });
  third.mean({ n00: 'last' });
  await holds({ n00: 'last' });
});

test('a model that is refused changes nothing', async () => {
  const bridge = new RunningBridge(await connected(), { a: '1' });
  await holds({ a: '1' });
  bridge.mean({}, 'grants cannot be said');
  await until(() => bridge.state.progress.findings.length === 1, patience, said);
  expect(bridge.state.progress.findings[0]?.message).toBe('grants cannot be said');
  expect(await held()).toEqual({ a: '1' });
  bridge.mean({ a: '2' });
  await holds({ a: '2' });
});

test('a dry run says what would be done and does nothing', async () => {
  const bridge = new RunningBridge(await connected(), { a: '1', b: '2' }, { dryRun: true });
  await until(() => bridge.said('an object would be written') === 2, patience, said);
  expect(await held()).toEqual({});
  expect(bridge.landed).toBe(false);
});

test('a kind that the cluster does not serve yet is told, and written once it is there', async () => {
  const route = { apiVersion: 'bridge.test/v1', kind: 'Route' };
  const bridge = new RunningBridge(
    await connected(),
    { a: '1' },
    {
      kinds: [route],
      artifact: (name, value) => ({ ...route, metadata: { namespace: 'default', name }, spec: { value } }),
    },
  );
  await until(() => bridge.state.progress.failures.size === 1, patience, said);
  expect(bridge.state.progress.failures.get(split('a'))).toMatch(/does not serve Route/);
  const defined = await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'routes.bridge.test' },
    spec: {
      group: 'bridge.test',
      scope: 'Namespaced',
      names: { kind: 'Route', plural: 'routes' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: routeSchema } }],
    },
  });
  expect(defined.status).toBe(201);
  await until(
    async () => (await client.get('/apis/bridge.test/v1/namespaces/default/routes/a')).status === 200,
    patience,
    said,
  );
  await settled(bridge);
  const { metadata } = (await client.get('/apis/bridge.test/v1/namespaces/default/routes/a')).body;
  // Fields that the apiserver fills in are no difference to be repaired.
  bridge.mean({ a: '1' });
  await settled(bridge);
  expect((await client.get('/apis/bridge.test/v1/namespaces/default/routes/a')).body.metadata).toEqual(metadata);
});

const routeSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { value: { type: 'string' }, weight: { type: 'integer', default: 1 } },
    },
  },
};
