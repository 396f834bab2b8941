import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startEnvoyTelemetry } from '../../src/access-log/index.ts';
import { localAdminPort } from '../../src/kubernetes/local-addressing.ts';
import { workloadId } from '../../src/model/ids.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { metrics } from '../../src/telemetry/catalogue.ts';
import { LatencySketch } from '../../src/telemetry/latency-sketch.ts';
import type { RequestRecord } from '../../src/telemetry/record.ts';
import type { TelemetrySnapshot, TrafficSeries } from '../../src/telemetry/snapshot.ts';
import type { TapLine } from '../../src/telemetry/tap-endpoint.ts';
import { envoyBinary } from '../support/envoy.ts';
import { listen } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { openSocket } from '../support/mesh/envoy-process.ts';
import { randomHeader } from '../support/mesh/exchange.ts';
import { RawClient } from '../support/mesh/http-client.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { knownMesh, sendBytes, sendKnownLoad, startKnownPrograms } from './support/known-load.ts';

const { path: binary = '', reason } = envoyBinary();
const names = ['buyer', 'store-v1', 'store-v2'] as const;
const last = { buyer: 1, thief: 2, 'store-v1': 3, 'store-v2': 4 } as const;
const patience = { timeout: 60_000, interval: 100 };
const envoyAdmin = 15_001;

type Stop = () => Promise<void> | void;
type PerPod<T> = Readonly<Record<(typeof names)[number], T>>;

let range: AddressRange;
let credentials: Credentials;
let folder: string;
let model: MeshModel;

/** What a data plane said of the known load. */
interface Seen {
  readonly codes: readonly number[];
  readonly bytes: string;
  readonly snapshots: PerPod<TelemetrySnapshot>;
  readonly records: PerPod<readonly RequestRecord[]>;
  readonly pages: PerPod<string>;
}

function count(id: WorkloadId): ReturnType<typeof startEnvoyTelemetry> {
  const address = model.workloads[id]!.addresses[0]!;
  return startEnvoyTelemetry({
    workload: id,
    socket: socketOf(id),
    admin: { address, port: localAdminPort },
    envoy: { address, port: envoyAdmin },
    log: (line) => {
      throw new Error(line);
    },
  });
}

const socketOf = (id: WorkloadId) => join(folder, `${id.replace('/', '.')}.sock`);
const idOf = (name: string) => workloadId('default', name);

/** Envoys, each with whoever counts beside it. */
async function startEnvoys(): Promise<Stop> {
  const stops: Stop[] = [];
  for (const id of names.map(idOf)) {
    stops.push(await count(id));
    const plane = envoyPlane(binary, { telemetry: { socket: socketOf(id) } });
    stops.push(await plane.start(model, [id], credentials));
  }
  return () => stopAll(stops);
}

async function stopAll(stops: readonly Stop[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop();
}

function page(name: keyof typeof last, path: string): Promise<string> {
  return fetch(`http://127.${range.base}.0.${last[name]}:${localAdminPort}${path}`).then((answer) => answer.text());
}

const snapshot = async (name: keyof typeof last) => JSON.parse(await page(name, '/telemetry')) as TelemetrySnapshot;

async function ofEach<T>(of: (name: (typeof names)[number]) => Promise<T>): Promise<PerPod<T>> {
  const entries = await Promise.all(names.map(async (name) => [name, await of(name)] as const));
  return Object.fromEntries(entries) as PerPod<T>;
}

/** Records of a proxy from now on; settles once it is looked at. */
async function tap(name: keyof typeof last): Promise<{ readonly records: readonly RequestRecord[]; close(): void }> {
  const records: RequestRecord[] = [];
  const url = `http://127.${range.base}.0.${last[name]}:${localAdminPort}/tap?headers=true&max-per-second=10000`;
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let text = '';
      response.on('error', () => undefined);
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = (text + chunk).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines.map((each) => JSON.parse(each) as TapLine))
          if ('record' in line) records.push(line.record);
        resolve({ records, close: () => request.destroy() });
      });
    });
    request.on('error', reject);
  });
}

/** `known`: what is waited for; if it never comes, the tests say what is missing. */
async function carry(start: () => Promise<Stop>, known?: Seen): Promise<Seen> {
  const stops: Stop[] = [];
  try {
    stops.push(await startKnownPrograms(model));
    stops.push(await start());
    const taps = await ofEach(tap);
    for (const each of Object.values(taps)) stops.push(() => each.close());
    const codes = await sendKnownLoad(range.base);
    const bytes = await sendBytes(range.base, 'hello');
    const all = async () => {
      const counted = await ofEach(snapshot);
      const pages = await ofEach((name) => page(name, '/metrics'));
      return names.every(
        (name) =>
          taps[name].records.filter(isRequest).length >= ended(counted[name], 'http') &&
          (known === undefined || isDeepStrictEqual(samples(pages[name]), samples(known.pages[name]))),
      );
    };
    await vi.waitUntil(all, patience).catch(() => undefined);
    const snapshots = await ofEach(snapshot);
    const pages = await ofEach((name) => page(name, '/metrics'));
    const records = await ofEach(async (name) => taps[name].records);
    return { codes, bytes, snapshots, records, pages };
  } finally {
    await stopAll(stops);
  }
}

const isRequest = ({ protocol }: RequestRecord) => protocol !== 'tcp';

/** Requests and connections that are over. */
function ended({ traffic }: TelemetrySnapshot, only?: TrafficSeries['kind']): number {
  const series = traffic.filter(({ kind }) => only === undefined || kind === only);
  return series.flatMap((each) => each.ended).reduce((sum, each) => sum + each.count, 0);
}

/** Series without what depends on the clock, in one order. */
function counts({ traffic }: TelemetrySnapshot): readonly string[] {
  return traffic.map(countsOf).sort();
}

function countsOf({ labels, kind, ended: all, retries, mirrored, faults }: TrafficSeries): string {
  const sorted = all.toSorted((a, b) => a.code - b.code || a.verdict.localeCompare(b.verdict));
  return JSON.stringify({ kind, ...labels, ended: sorted, retries, mirrored, faults });
}

/** Samples of counters that do not depend on the clock, without the reasons for another try, which Envoy does not tell. */
function samples(text: string): readonly string[] {
  const { requests, retries, faults, rateLimited, deadlineExceeded, tcpConnections, tcpBytes } = metrics;
  const same = [requests, retries, faults, rateLimited, deadlineExceeded, tcpConnections, tcpBytes];
  return text
    .split('\n')
    .filter((line) => same.some(({ name }) => line.startsWith(`${name}{`)))
    .map((line) => line.replace(/reason="[^"]*"/, ''))
    .sort();
}

/**
 * What records of both data planes have in common, in one order: several requests may begin within a millisecond. Our own proxy makes
 * none of connections.
 */
function common(records: readonly RequestRecord[]) {
  return records
    .filter(isRequest)
    .map(({ direction, protocol, source, destination, method, authority, path, ...record }) => ({
      ...{ direction, protocol, source, destination, method, authority, path },
      ...{ code: record.code, verdict: record.verdict, rule: record.rule, origin: record.origin },
      ...{ split: record.split, backend: record.backend, retries: record.retries, traceId: record.traceId },
      // What a sidecar answers itself has no body of a program.
      ...{ reporter: record.reporter, body: record.reason === '' && record.code === 200 ? record.responseBytes : 0 },
    }))
    .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

describe.skipIf(binary === '')(`what Envoys carry${reason === undefined ? '' : `: ${reason}`}`, () => {
  let proxies: Seen;
  let envoys: Seen;

  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
    folder = mkdtempSync(join(tmpdir(), 'smi-telemetry-'));
    model = knownMesh(range.base);
    const ids = names.map(idOf);
    proxies = await carry(() => proxyPlane.start(model, ids, credentials));
    envoys = await carry(startEnvoys, proxies);
  });
  afterAll(() => {
    range?.release();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is answered as our own proxies answer it', () => {
    expect([envoys.codes, envoys.bytes]).toEqual([proxies.codes, proxies.bytes]);
    expect(new Set(proxies.codes)).toEqual(new Set([200, 400, 403, 404, 418, 429, 503, 504]));
  });

  it('is counted in the same series, with the same counts', () => {
    for (const name of names) {
      expect(counts(envoys.snapshots[name])).toEqual(counts(proxies.snapshots[name]));
      expect(samples(envoys.pages[name])).toEqual(samples(proxies.pages[name]));
    }
    expect(counts(envoys.snapshots.buyer).length).toBeGreaterThanOrEqual(7);
  });

  it('has percentiles within one percent of how long the requests took', () => {
    for (const name of names) {
      const { traffic } = envoys.snapshots[name];
      const all = new LatencySketch();
      for (const { latency } of traffic) if (latency !== undefined) all.add(latency);
      const millis = envoys.records[name]
        .filter(isRequest)
        .map((record) => record.millis)
        .sort((a, b) => a - b);
      expect(all.count).toBe(millis.length);
      for (const q of [0.5, 0.9, 0.99]) {
        const exact = millis[Math.max(1, Math.ceil(q * millis.length)) - 1]! / 1_000;
        expect(Math.abs(all.quantile(q)! / exact - 1)).toBeLessThanOrEqual(0.01);
      }
    }
    // As long as the servers take at least, and those that are given up no less than that.
    const slow = (code: number) => envoys.records.buyer.filter((record) => record.code === code);
    expect(slow(504).every(({ millis }) => millis >= 290)).toBe(true);
    expect(slow(200).filter(({ millis }) => millis >= 19).length).toBeGreaterThanOrEqual(10);
  });

  it('is shown by tap as our own proxies show it', () => {
    for (const name of names) {
      expect(common(envoys.records[name]), name).toEqual(common(proxies.records[name]));
      expect(envoys.records[name].every(({ dataPlane }) => dataPlane === 'envoy')).toBe(true);
    }
    expect(envoys.records['store-v2']).toContainEqual(
      expect.objectContaining({ verdict: 'denied', rule: 'default/buyer', path: '/other' }),
    );
  });
});

describe.skipIf(binary === '')('one Envoy', () => {
  beforeAll(async () => {
    range = await takeAddressRange();
    credentials = await createCredentials();
    folder = mkdtempSync(join(tmpdir(), 'smi-telemetry-'));
    model = knownMesh(range.base);
  });
  afterAll(() => {
    range?.release();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that refuses what no server would let in names whom it was for', async () => {
    const thief = idOf('thief');
    const stops: Stop[] = [await count(thief)];
    const port = (service: keyof typeof listen) => ({ host: `127.${range.base}.0.2`, port: listen[service] });
    const client = new RawClient(() => openSocket(port('store')));
    try {
      stops.push(
        await envoyPlane(binary, { telemetry: { socket: socketOf(thief) } }).start(model, [thief], credentials),
      );
      for (const backend of ['0', '1', '1']) {
        const headers = [...([['Host', 'store']] as const), [randomHeader, backend] as const];
        expect(await client.send({ method: 'GET', path: '/books', headers })).toMatchObject({ status: 403 });
      }
      const socket = await openSocket(port('database'));
      await new Promise((resolve) => socket.once('close', resolve).resume());
      await expect.poll(async () => ended(await snapshot('thief')), patience).toBe(4);
      const { traffic } = await snapshot('thief');
      const denied = traffic.map(({ kind, labels, ended: all }) => [kind, labels.split, labels.backend, all]);
      expect(denied.toSorted()).toEqual([
        ['http', 'default/store', 'default/store-v1', [{ code: 403, verdict: 'denied', count: 1 }]],
        ['http', 'default/store', 'default/store-v2', [{ code: 403, verdict: 'denied', count: 2 }]],
        ['tcp', '', 'default/database', [{ code: 0, verdict: 'denied', count: 1 }]],
      ]);
    } finally {
      client.close();
      await stopAll(stops);
    }
  });

  it('whose reader is away carries every request, before, meanwhile and after', async () => {
    const buyer = idOf('buyer');
    const stops: Stop[] = [await startKnownPrograms(model)];
    let stopCounting: Stop = await count(buyer);
    const client = new RawClient(() => openSocket({ host: `127.${range.base}.0.1`, port: listen.legacy }));
    const send = async (times: number) => {
      const codes = new Set<number>();
      for (let i = 0; i < times; i++) {
        const headers = [['Host', 'legacy']] as const;
        const response = await client.send({ method: 'GET', path: '/books/200/0', headers });
        codes.add(response.kind === 'response' ? response.status : 0);
      }
      return [...codes];
    };
    const counted = async () => ended(await snapshot('buyer'));
    try {
      const plane = envoyPlane(binary, { telemetry: { socket: socketOf(buyer) } });
      stops.push(await plane.start(model, [buyer], credentials));
      expect(await send(100)).toEqual([200]);
      await expect.poll(counted, patience).toBe(100);
      for (let round = 0; round < 3; round++) {
        await stopCounting();
        // More than Envoy keeps for a reader that does not come.
        expect(await send(600)).toEqual([200]);
        stopCounting = await count(buyer);
        const before = await counted();
        expect(await send(100)).toEqual([200]);
        await expect.poll(counted, patience).toBeGreaterThan(before);
      }
      // Pages that nobody but Envoy has are its own.
      expect(await page('buyer', '/stats?filter=grpc_access_log.logs_written')).toMatch(/logs_written: [1-9]/);
    } finally {
      client.close();
      await stopCounting();
      await stopAll(stops);
    }
  });
});
