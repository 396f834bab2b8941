import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../src/telemetry/record.ts';
import { Bookstore, RunningMesh } from '../e2e/support/mesh.ts';
import { type Collector, startCollector } from '../support/collector.ts';

const cli = resolve('src/cli/main.ts');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('smi-cli tap of the bookstore', () => {
  let store: Bookstore;
  let mesh: RunningMesh;
  let collector: Collector;

  beforeAll(async () => {
    store = new Bookstore();
    collector = await startCollector('127.0.0.1', 'http');
    const tracing = ['--tracing', `http://127.0.0.1:${collector.port}`, '--tracing-protocol', 'http'];
    mesh = new RunningMesh(store.folder, store.state, ...tracing);
    await mesh.next('ready', 0, undefined, 60_000);
  }, 90_000);
  afterAll(async () => {
    await mesh?.stop();
    collector?.stop();
    store?.remove();
  });

  /** It ends by itself: with so many requests, or at the latest after a minute. */
  function tap(...args: readonly string[]): Promise<Outcome> {
    const command = [cli, 'tap', ...args, '--state', store.state, '--for', '60s'];
    return new Promise((settle) => {
      execFile(process.execPath, command, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        settle({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  }

  test('shows what passes the filters, as JSON', async () => {
    const { code, stdout, stderr } = await tap('bookbuyer', '--status', '2xx', '--max', '20', '-o', 'json');
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^20 shown, \d+ left out by share and rate, 0 dropped\n$/),
    ]);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RequestRecord);
    expect(records).toHaveLength(20);
    for (const record of records) {
      expect(record).toMatchObject({ reporter: 'default/bookbuyer-0', direction: 'outbound', code: 200 });
      expect(record.traceId).toMatch(/^[0-9a-f]{32}$/);
    }
  }, 90_000);

  test('names the rule, file and line of a denied request', async () => {
    const { code, stdout } = await tap('svc/bookstore', '--verdict', 'denied', '--max', '2');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(
        / in default\/bookthief .* 403 .* denied nearest rule default\/buyer-to-bookstore \(.*access\.yaml:\d+\)/,
      );
    }
  }, 90_000);

  test('writes a HAR file when it ends', async () => {
    const { code, stdout } = await tap('deploy/bookbuyer', '--max', '3', '-o', 'har');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ log: { version: '1.2', entries: [{ request: {} }, {}, {}] } });
  }, 90_000);

  test('says what it does not know, and what it cannot read', async () => {
    expect(await tap('deploy/nobody')).toMatchObject({ code: 3, stderr: expect.stringContaining('deploy/nobody') });
    expect(await tap('--status', 'bad')).toMatchObject({ code: 2, stderr: expect.stringContaining('status=bad') });
  }, 90_000);

  test('and the same mesh reports its traces to the collector that up was told of', async () => {
    await expect
      .poll(() => new Set(collector.spans.map(({ service }) => service)), { timeout: 60_000 })
      .toEqual(
        new Set([
          'default/bookbuyer',
          'default/bookthief',
          'default/bookstore-v1',
          'default/bookstore-v2',
          'default/bookwarehouse',
        ]),
      );
  }, 90_000);
});
