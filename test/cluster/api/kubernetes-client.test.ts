import { expect, test } from 'vitest';
import { connect, type StreamingConnection } from '../../../src/kubernetes-client/connect.ts';
import { createEventRecorder } from '../../../src/kubernetes-client/event-recorder.ts';
import { type LeaderElection, startLeaderElection } from '../../../src/kubernetes-client/leader-election.ts';
import { type ReflectorOptions, startReflector } from '../../../src/kubernetes-client/reflector.ts';
import { serverSideApply } from '../../../src/kubernetes-client/write.ts';
import { until } from '../../e2e/support/mesh.ts';
import { adminOf } from '../support/client.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const connection = await connected();
const maps = '/api/v1/namespaces/default/configmaps';
const patience = 40_000;

async function connected(): Promise<StreamingConnection> {
  const made = await connect({ kubeconfig: cluster.kubeconfig });
  if (!made.ok) throw new Error(made.error.diagnostic.message);
  return made.value;
}

async function put(name: string, value: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const object = { metadata: { name, labels }, data: { value } };
  const { status } = await client.post(maps, object);
  if (status === 409) expect((await client.patch(`${maps}/${name}`, object)).status).toBe(200);
  else expect(status).toBe(201);
}

/** What a reflector has told, as the state that it amounts to. */
function mirror(options: Partial<ReflectorOptions> = {}, over: StreamingConnection = connection) {
  const state = new Map<string, string>();
  const told: string[] = [];
  const faults: (number | undefined)[] = [];
  let syncs = 0;
  const reflector = startReflector(over, {
    path: maps,
    labelSelector: 'of=test',
    limits: { backoff: { base: 50, max: 500 } },
    ...options,
    onChange: ({ set, removed }) => {
      for (const { metadata, data } of set as { metadata: { name: string }; data?: { value: string } }[]) {
        state.set(metadata.name, data?.value ?? '');
        told.push(metadata.name);
      }
      for (const { name } of removed) state.delete(name);
    },
    onSynced: () => {
      syncs += 1;
    },
    onFault: ({ status }) => faults.push(status),
  });
  const agrees = (expected: Readonly<Record<string, string>>) =>
    until(
      () => JSON.stringify([...state].sort()) === JSON.stringify(Object.entries(expected).sort()),
      patience,
      () => `${JSON.stringify(Object.fromEntries(state))} is ${JSON.stringify(expected)}`,
    );
  return { reflector, agrees, told, faults, state, syncs: () => syncs };
}

test('a reflector lists in pages, and follows what is set and removed', async () => {
  const labels = { of: 'pages' };
  for (let index = 0; index < 7; index += 1) await put(`page-${index}`, `${index}`, labels);
  const seen = mirror({ labelSelector: 'of=pages', limits: { pageSize: 3 } });
  const expected = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`page-${index}`, `${index}`]));
  await seen.agrees(expected);
  await put('page-0', 'changed', labels);
  await client.delete(`${maps}/page-1`);
  const { 'page-1': _, ...rest } = expected;
  await seen.agrees({ ...rest, 'page-0': 'changed' });
  expect(seen.syncs()).toBe(1);
  seen.reflector.stop();
  await put('page-2', 'after it was stopped', labels);
  expect(seen.state.get('page-2')).toBe('2');
});

test('a reflector of metadata gets no data', async () => {
  await put('metadata', 'large', { of: 'metadata' });
  const seen = mirror({ labelSelector: 'of=metadata', metadataOnly: true });
  await seen.agrees({ metadata: '' });
  await put('metadata-2', 'large', { of: 'metadata' });
  await seen.agrees({ metadata: '', 'metadata-2': '' });
  seen.reflector.stop();
});

test('a watch that the apiserver ends is taken up where it ended', async () => {
  let opened = 0;
  const counted: StreamingConnection = {
    ...connection,
    open: (path, options) => {
      opened += 1;
      return connection.open(path, options);
    },
  };
  const seen = mirror({ limits: { watchSeconds: 1, backoff: { base: 50, max: 200 } } }, counted);
  await put('ended', '0', { of: 'test' });
  await seen.agrees({ ended: '0' });
  for (let index = 1; index < 4; index += 1) {
    const before = opened;
    await until(
      () => opened > before,
      patience,
      () => 'the watch ended, and another was begun',
    );
    await put('ended', `${index}`, { of: 'test' });
    await seen.agrees({ ended: `${index}` });
  }
  expect(seen.syncs()).toBe(1);
  expect(seen.told).toEqual(['ended', 'ended', 'ended', 'ended']);
  seen.reflector.stop();
  await client.delete(`${maps}/ended`);
});

test('a watch on which nothing comes is begun anew', async () => {
  const seen = mirror({ limits: { idleTimeout: 300, backoff: { base: 50, max: 200 } } });
  await until(
    () => seen.faults.length > 1,
    patience,
    () => 'two watches were given up',
  );
  await put('idle', 'yes', { of: 'test' });
  await seen.agrees({ idle: 'yes' });
  expect(seen.syncs()).toBe(1);
  seen.reflector.stop();
  await client.delete(`${maps}/idle`);
});

test('an apiserver that is gone for a while, and what it has forgotten, cost a new list and no wrong answer', async () => {
  await put('kept', '1', { of: 'test' });
  await put('removed', '1', { of: 'test' });
  const seen = mirror();
  await seen.agrees({ kept: '1', removed: '1' });
  await cluster.stopApiserver();
  await until(
    () => seen.faults.length > 0,
    patience,
    () => 'the fault is reported',
  );
  await cluster.startApiserver();
  // Before the compaction is noticed by a watch, or after it: both must end in the same state.
  await client.delete(`${maps}/removed`);
  await put('kept', '2', { of: 'test' });
  await seen.agrees({ kept: '2' });

  await cluster.stopApiserver();
  await compact();
  await cluster.startApiserver();
  await put('kept', '3', { of: 'test' });
  await seen.agrees({ kept: '3' });
  seen.reflector.stop();
});

test('a version that the apiserver has forgotten (410) is answered by a new list', async () => {
  const gone: (number | undefined)[] = [];
  // What it watches from is replaced by a version of long ago; then everything is as with a real compaction.
  let spoiled = false;
  const old: StreamingConnection = {
    ...connection,
    open: (path, options) => {
      if (spoiled) return connection.open(path, options);
      spoiled = true;
      return connection.open(path.replace(/resourceVersion=\d+/, 'resourceVersion=1'), options);
    },
  };
  await compact();
  let syncs = 0;
  const names = new Set<string>();
  const reflector = startReflector(old, {
    path: maps,
    limits: { backoff: { base: 50, max: 200 } },
    onChange: ({ set }) => {
      for (const { metadata } of set as unknown as { metadata: { name: string } }[]) names.add(metadata.name);
    },
    onSynced: () => {
      syncs += 1;
    },
    onFault: ({ status }) => gone.push(status),
  });
  await until(
    () => syncs === 2,
    patience,
    () => `two lists; faults ${gone.join(' ')}`,
  );
  expect(gone).toEqual([410]);
  await put('after-410', '1');
  await until(
    () => names.has('after-410'),
    patience,
    () => 'what comes after it is seen',
  );
  reflector.stop();
});

test('server-side apply owns what it says, and takes away what it says no more', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace: 'default' } };
  const applied = await serverSideApply(connection, { ...object, data: { a: '1', b: '2' } }, { fieldManager: 'test' });
  expect(applied.ok).toBe(true);
  await serverSideApply(connection, { ...object, data: { a: '1' } }, { fieldManager: 'test' });
  expect((await client.get(`${maps}/applied`)).body.data).toEqual({ a: '1' });
  const other = await serverSideApply(connection, { ...object, data: { a: '3' } }, { fieldManager: 'other' });
  expect(other).toMatchObject({ ok: false, error: { status: 409 } });
  const forced = { fieldManager: 'other', force: true };
  expect((await serverSideApply(connection, { ...object, data: { a: '3' } }, forced)).ok).toBe(true);
});

test('an apply with the version of the empty store makes an object, and never changes one', async () => {
  const metadata = { namespace: 'default', name: 'once', resourceVersion: '1' };
  const once = (value: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } });
  const options = { fieldManager: 'test' };
  expect((await serverSideApply(connection, once('first'), options)).ok).toBe(true);
  for (const [value, force] of [
    ['first', false],
    ['second', false],
    ['second', true],
  ] as const) {
    const again = await serverSideApply(connection, once(value), { ...options, force });
    expect(again).toMatchObject({ ok: false, error: { status: 409 } });
  }
});

const times = { duration: 2_000, renewWithin: 1_200, retry: 200 };

function candidate(identity: string, over: StreamingConnection = connection) {
  const terms: { readonly signal: AbortSignal; readonly connection: StreamingConnection }[] = [];
  const election = startLeaderElection(over, {
    namespace: 'default',
    name: 'election',
    identity,
    times,
    onElected: async (signal, fenced) => {
      terms.push({ signal, connection: fenced });
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  return { election, terms };
}

const leads = ({ election }: { election: LeaderElection }, who: string) =>
  until(
    () => election.leads,
    patience,
    () => `${who} leads`,
  );

test('one of two leads; a leader that stops hands over at once, one that cannot renew steps down first', async () => {
  let cut = false;
  const unreliable: StreamingConnection = {
    ...connection,
    send: (method, path, ...rest) =>
      cut ? connection.send(method, '/nowhere') : connection.send(method, path, ...rest),
  };
  const one = candidate('one', unreliable);
  await leads(one, 'one');
  const two = candidate('two');
  const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/election';
  expect((await client.get(lease)).body.spec).toMatchObject({ holderIdentity: expect.stringMatching(/^one_/) });
  expect(two.election.leads).toBe(false);

  cut = true;
  await leads(two, 'two');
  const [term] = one.terms;
  expect(term?.signal.aborted).toBe(true);
  expect(one.election.leads).toBe(false);
  cut = false;
  const late = await term?.connection.send('POST', maps, { metadata: { name: 'late' } });
  expect(late).toMatchObject({ ok: false });
  expect((await client.get(`${maps}/late`)).status).toBe(404);

  await two.election.stop();
  expect((await client.get(lease)).body.spec).toMatchObject({ holderIdentity: '' });
  expect(two.terms[0]?.signal.aborted).toBe(true);
  await leads(one, 'one again');
  expect((await client.get(lease)).body.spec).toMatchObject({ leaseTransitions: 2 });
  await one.election.stop();
});

test('a process that was frozen sends nothing as leader any more, before any timer of it has run', async () => {
  const three = candidate('three');
  await leads(three, 'three');
  // The same to the process as SIGSTOP: no timer and no answer is handled meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, times.duration);
  const sent = await three.terms[0]?.connection.send('POST', maps, { metadata: { name: 'frozen' } });
  expect(sent).toMatchObject({ ok: false });
  expect(three.terms[0]?.signal.aborted).toBe(true);
  await three.election.stop();
});

test('an Event that repeats is counted in one object, and what is too much is left out', async () => {
  const events = '/apis/events.k8s.io/v1/namespaces/default/events';
  const recorder = createEventRecorder(connection, {
    controller: 'smi-mesh.io/test',
    instance: 'test-1',
    perMinute: 5,
    seriesInterval: 0,
  });
  const regarding = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'subject' };
  const event = {
    regarding,
    type: 'Warning',
    reason: 'Conflicted',
    action: 'Compile',
    note: 'x'.repeat(3_000),
  } as const;
  recorder.record(event);
  const listed = async () => {
    const { items } = (await client.get(events)).body as unknown as {
      items: { note: string; series?: { count: number } }[];
    };
    return items.filter(({ note }) => note.startsWith('xx'));
  };
  await until(
    async () => (await listed()).length === 1,
    patience,
    () => 'the Event is there',
  );
  recorder.record(event);
  await until(
    async () => (await listed())[0]?.series?.count === 2,
    patience,
    () => 'the repetition is counted',
  );
  expect(await listed()).toHaveLength(1);
  for (let index = 0; index < 700; index += 1) recorder.record({ ...event, note: `other ${index}` });
  expect(recorder.dropped).toBeGreaterThan(100);
  recorder.stop();
});

/** Makes etcd forget everything but the present. */
async function compact(): Promise<void> {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${cluster.etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
    const value = (await answer.json()) as { header?: { revision?: string } };
    if (!answer.ok) throw new Error(JSON.stringify(value));
    return value;
  };
  const { header } = await post('/v3/kv/range', { key: Buffer.from('x').toString('base64') });
  await post('/v3/kv/compaction', { revision: header?.revision, physical: true });
}
