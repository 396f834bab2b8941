import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import type { AccessMode } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { allowed, matching, sampleModel, weighted } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import type { CaseRequest } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { Exchange } from '../support/mesh/exchange.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';

const { path: binary = '', reason } = envoyBinary();
const id = (name: string) => workloadId('default', name);
const identity = (name: string) => `spiffe://cluster.local/ns/default/sa/${name}`;

type Line = Readonly<Record<string, unknown>>;

let range: AddressRange;
let credentials: Credentials;
let folder: string;

describe.skipIf(binary === '')(`access logs of the real Envoy${reason === undefined ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
    folder = mkdtempSync(join(tmpdir(), 'smi-access-log-'));
  });
  afterAll(() => {
    range.release();
    rmSync(folder, { recursive: true, force: true });
  });

  it('have a line for each request, with who asked whom and which rule let it in or came nearest', async () => {
    const lines = await linesOf('deny', 'all', 4);
    const base = {
      direction: 'inbound',
      destination: 'default/store-v1',
      port: 15_001,
      method: 'GET',
      authority: 'peer',
    };
    expect(lines).toMatchObject([
      {
        ...base,
        path: '/books',
        status: 200,
        verdict: 'allowed',
        peer: identity('buyer'),
        rule: 'default/buyer',
        flags: '-',
      },
      {
        ...base,
        path: '/other',
        status: 403,
        verdict: 'denied',
        peer: identity('buyer'),
        rule: null,
        nearest: 'default/buyer',
      },
      { ...base, path: '/books', status: 403, verdict: 'denied', peer: identity('thief'), nearest: 'default/buyer' },
      { ...base, path: '/a%00', status: 400, verdict: 'rejected', rule: null },
    ]);
    for (const line of lines) expect(line).toMatchObject({ time: expect.any(String), millis: expect.any(Number) });
  });

  it('name under audit what deny would refuse, and with it the nearest rule', async () => {
    const lines = await linesOf('audit', 'denied', 2);
    expect(lines).toMatchObject([
      { path: '/other', status: 200, verdict: 'audited', peer: identity('buyer'), nearest: 'default/buyer' },
      { path: '/books', status: 200, verdict: 'audited', peer: identity('thief'), nearest: 'default/buyer' },
    ]);
  });

  it('say of connections too who was let in, who was not, and who would not have been', async () => {
    const denied = await linesOf('deny', 'denied', 1, 'tcp');
    expect(denied).toMatchObject([
      { destination: 'default/store-v1', port: 15_002, tls: expect.stringMatching(/verify/i) },
    ]);
    const audited = await linesOf('audit', 'denied', 1, 'tcp');
    expect(audited).toMatchObject([{ port: 15_002, peer: identity('thief'), nearest: 'default/buyer' }]);
  });
});

/** What is logged while the buyer and the thief ask; settles with so many lines. */
async function linesOf(
  mode: AccessMode,
  requests: 'all' | 'denied',
  count: number,
  kind: 'http' | 'tcp' = 'http',
): Promise<readonly Line[]> {
  const path = join(folder, `${mode}-${requests}-${kind}.log`);
  const books = matching({ path: { kind: 'prefix', value: '/books' } });
  const grants = [allowed('buyer', [{ ports: [15_001], http: books }, { ports: [15_002] }])];
  const model = sampleModel({ base: range.base, mode, grants, rules: [weighted(1, 0)] });
  const plane = envoyPlane(binary, { accessLog: { path, requests } }, ['--file-flush-interval-msec', '20']);
  const stops = [await startPrograms(model), await plane.start(model, [id('store-v1')], credentials)];
  const exchange = new Exchange(model, credentials, plane);
  const ask = (peer: string, target: string) => {
    const traffic = kind === 'tcp' ? { kind } : { kind, method: 'GET', path: target, headers: { host: 'peer' } };
    const to = { workload: id('store-v1'), port: kind === 'tcp' ? 15_002 : 15_001 };
    const request = { direction: 'inbound', peer: `default/${peer}`, credential: 'issued', ...to, traffic };
    return exchange.send(request as unknown as CaseRequest, undefined);
  };
  try {
    await ask('buyer', '/books');
    if (kind === 'http') await ask('buyer', '/other');
    await ask('thief', '/books');
    if (kind === 'http') await ask('thief', '/a%00');
    const read = () => readFileSync(path, 'utf8').trim().split('\n');
    await expect
      .poll(() => read().filter((line) => line !== '').length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(count);
    return read().map((line) => JSON.parse(line) as Line);
  } finally {
    exchange.close();
    for (const stop of stops.reverse()) await stop();
  }
}
