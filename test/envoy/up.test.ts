import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../src/telemetry/record.ts';
import { Bookstore, type EventOf, RunningMesh, until } from '../e2e/support/mesh.ts';
import { tallyOf } from '../e2e/support/traffic.ts';
import { envoyBinary } from '../support/envoy.ts';

const { path: binary = '', reason = '' } = envoyBinary();
const enough = 1_500;

describe.skipIf(binary === '')(`smi-cli up --data-plane envoy ${reason}`, () => {
  let store: Bookstore;
  let mesh: RunningMesh;

  beforeAll(async () => {
    store = new Bookstore();
    store.setRate('bookbuyer', 200);
    // One pod chooses for itself.
    store.edit('bookstore.yaml', (text) =>
      text.replace('labels: { app: bookstore, version: v2 }\n    spec:', (found) =>
        found.replace('\n', '\n      annotations: { smi-mesh.io/data-plane: proxy }\n'),
      ),
    );
    mesh = new RunningMesh(store.folder, store.state, '--data-plane', 'envoy', '--envoy', binary);
    await mesh.next('ready', 0, undefined, 60_000);
  });
  afterAll(async () => {
    await mesh?.stop();
    store?.remove();
  });

  /** What came of the buyer's requests; on a busy machine it may not send as many as it should. */
  const outcomes = () => Object.keys(tallyOf(mesh, 'bookbuyer-0')).filter((outcome) => outcome !== 'held back');
  const program = (pod: string) => readFileSync(`/proc/${mesh.pidOf('sidecar', pod)}/cmdline`, 'utf8').split('\0')[0];

  async function rowsOf(source: string, requests: number): Promise<EventOf<'table'>['rows']> {
    const own = () =>
      mesh
        .all('table')
        .at(-1)
        ?.rows.filter((row) => row.source === `default/${source}`) ?? [];
    await mesh.next('table', mesh.events.length, () => true);
    const total = () => own().reduce((sum, row) => sum + row.requests, 0);
    await until(
      () => total() >= requests,
      60_000,
      () => `${requests} requests of ${source}; ${mesh.tail()}`,
    );
    return own();
  }

  test('runs Envoy beside each pod that does not say otherwise', () => {
    expect(program('bookbuyer-0')).toBe(binary);
    expect(program('bookstore-v1-0')).toBe(binary);
    expect(program('bookstore-v2-0')).not.toBe(binary);
  });

  test('lets the buyer in, shares its requests as written, and keeps the thief out', async () => {
    await until(
      () => (tallyOf(mesh, 'bookbuyer-0')['200'] ?? 0) >= enough,
      60_000,
      () => mesh.tail(),
    );
    expect(outcomes()).toEqual(['200']);
    expect(Object.keys(tallyOf(mesh, 'bookthief-0'))).toEqual(['403']);
    const buyer = await rowsOf('bookbuyer', 500);
    expect(
      buyer.map(({ destination, backend, successPercent, wantedPercent }) => ({
        destination,
        backend,
        successPercent,
        wantedPercent,
      })),
    ).toEqual([
      {
        destination: 'default/bookstore:14001',
        backend: 'default/bookstore-v1',
        successPercent: 100,
        wantedPercent: 90,
      },
      {
        destination: 'default/bookstore:14001',
        backend: 'default/bookstore-v2',
        successPercent: 100,
        wantedPercent: 10,
      },
    ]);
    expect(Math.abs((buyer[0]?.seenPercent ?? 0) - 90)).toBeLessThan(6);
    const thief = await rowsOf('bookthief', 10);
    expect(thief.every(({ successPercent, denied, requests }) => successPercent === 0 && denied === requests)).toBe(
      true,
    );
  });

  /** What a command says of the mesh; it fails when the command does. */
  function ask(...args: readonly string[]): Promise<string> {
    const command = [resolve('src/cli/main.ts'), ...args, '--state', store.state];
    return promisify(execFile)(process.execPath, command, { maxBuffer: 1 << 26 }).then(({ stdout }) => stdout);
  }

  test('shows what its Envoys carry to tap and top', async () => {
    const lines = await ask('tap', 'bookbuyer', '--max', '5', '--for', '60s', '-o', 'json');
    const records = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RequestRecord);
    expect(records).toHaveLength(5);
    for (const record of records) {
      expect(record).toMatchObject({
        dataPlane: 'envoy',
        reporter: 'default/bookbuyer-0',
        direction: 'outbound',
        code: 200,
      });
      expect(record.destination.service).toBe('default/bookstore:14001');
    }
    const denied = await ask('tap', 'bookthief', '--verdict', 'denied', '--max', '1', '--for', '60s', '-o', 'json');
    expect(JSON.parse(denied)).toMatchObject({ dataPlane: 'envoy', code: 403 });
    await until(
      async () => /bookbuyer.*bookstore/s.test(await ask('edges', 'deploy', '-o', 'json')),
      60_000,
      () => mesh.tail(),
    );
  });

  test('takes a changed split while requests are under way', async () => {
    store.setWeights(10, 90);
    await until(
      async () => Math.abs(((await rowsOf('bookbuyer', 200))[0]?.seenPercent ?? 0) - 10) < 8,
      60_000,
      () => mesh.tail(),
    );
    expect(outcomes()).toEqual(['200']);
  });

  test('starts an Envoy that died again, which serves as before', async () => {
    const before = mesh.pidOf('sidecar', 'bookstore-v1-0');
    const mark = mesh.events.length;
    process.kill(before, 'SIGKILL');
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookstore-v1-0' && state === 'ready');
    expect(mesh.pidOf('sidecar', 'bookstore-v1-0')).not.toBe(before);
    store.setWeights(100, 0);
    await until(
      async () => ((await rowsOf('bookbuyer', 200))[0]?.seenPercent ?? 0) === 100,
      60_000,
      () => mesh.tail(),
    );
  });

  test('ends with all its Envoys', async () => {
    expect(await mesh.stop()).toBe(0);
    expect(mesh.stderr).toEqual([]);
  });
});
