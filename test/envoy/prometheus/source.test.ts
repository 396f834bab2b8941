import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Collector } from '../../../src/metrics/collector/collector.ts';
import type { MetricsSource, TrafficReport } from '../../../src/metrics/contract.ts';
import type { MeshDirectory } from '../../../src/metrics/directory.ts';
import { PrometheusClient } from '../../../src/metrics/prometheus/client.ts';
import { PrometheusSource } from '../../../src/metrics/prometheus/source.ts';
import { summarize } from '../../../src/metrics/summarize.ts';
import { outboundLabels } from '../../../src/telemetry/labels.ts';
import { telemetryPage } from '../../../src/telemetry/pages.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { RequestSeries } from '../../../src/telemetry/requests.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type AddressRange, takeAddressRange } from '../../support/mesh/address-range.ts';
import { prometheusMissing } from '../../support/prometheus/programs.ts';
import { proxiesJob, type RunningPrometheus, startPrometheus } from '../../support/prometheus/server.ts';

const missing = prometheusMissing('prometheus');
const directory: MeshDirectory = {
  pod: (_, name) => ({ owners: [{ kind: 'Deployment', name: name.replace(/-\d+$/, '') }], services: [] }),
  account: () => undefined,
  weights: () => undefined,
};
const patience = 60_000;
const port = 15_020;
const pods = ['default/buyer-0', 'default/buyer-1'] as const;

let range: AddressRange;

/** What counts as a sidecar does, and is told what it carried. */
class CountingSidecar {
  readonly workload: string;
  readonly address: string;
  scrapes = 0;
  readonly #server: Server;
  #registry = new MetricsRegistry();
  #requests: RequestSeries;
  /** Long before anybody looks: the collector compares in milliseconds, as far as it knows the clocks. */
  #startedAt = Date.now() - 60_000;

  constructor(workload: string, address: string) {
    this.workload = workload;
    this.address = address;
    this.#requests = this.#series();
    this.#server = createServer((request, response) => {
      const counted = { registry: this.#registry, workload, startedAt: this.#startedAt };
      const page = telemetryPage(request.url ?? '', request.headers.accept, counted);
      if (request.url === '/metrics') this.scrapes += 1;
      if (page === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': page.type }).end(page.body);
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, this.address, resolve));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  carry(count: number, code: number, seconds: number): void {
    const pod = { workload: 'default/store-0', owner: 'Deployment/store', identity: '' };
    for (let i = 0; i < count; i++) this.#requests.of(pod).record(code, code < 500 ? 'forwarded' : 'failed', seconds);
  }

  retry(count: number): void {
    this.#requests.retried('5xx', count);
  }

  connect(count: number): void {
    for (let i = 0; i < count; i++) this.#requests.connection('forwarded');
  }

  /** Counts from nothing, as a process that began anew. */
  restart(): void {
    this.#registry = new MetricsRegistry();
    this.#startedAt = Date.now();
    this.#requests = this.#series();
  }

  #series(): RequestSeries {
    const labels = outboundLabels({ workload: this.workload, owner: 'Deployment/buyer', identity: '' });
    return new RequestSeries(this.#registry, { ...labels, destination: 'default/store:80', backend: 'default/store' });
  }
}

beforeAll(async () => {
  range = await takeAddressRange();
});
afterAll(() => range.release());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Setting {
  readonly sidecars: readonly [CountingSidecar, CountingSidecar];
  readonly collector: Collector;
  readonly prometheus: MetricsSource;
  /** Resolves when Prometheus has what every sidecar counts now. */
  scraped(): Promise<void>;
}

async function setting(native: boolean, before: (first: CountingSidecar) => void = () => undefined): Promise<Setting> {
  const made = pods.map((pod, index) => new CountingSidecar(pod, `127.${range.base}.1.${index + 1}`));
  const [first, second] = made;
  if (first === undefined || second === undefined) throw new Error('no sidecars');
  before(first);
  for (const sidecar of made) {
    await sidecar.listen();
    ends.push(() => sidecar.close());
  }
  const targets = made.map(({ address, workload }) => ({ address, workload, port }));
  const collector = new Collector({ targets: () => targets, directory });
  ends.push(() => collector.stop());
  await collector.readAll();
  const running: RunningPrometheus = await startPrometheus({
    address: `127.${range.base}.1.200`,
    jobs: [proxiesJob(targets.map(({ address }) => `${address}:${port}`))],
    native,
  });
  ends.push(() => running.stop());
  const client = new PrometheusClient({ url: running.url });
  ends.push(() => client.close());
  const scraped = async () => {
    await collector.readAll();
    const marks = made.map(({ scrapes }) => scrapes);
    // Of two that begin from now on the first has been taken in.
    await until(
      () => made.every(({ scrapes }, index) => scrapes >= (marks[index] ?? 0) + 2),
      patience,
      () => 'two scrapes of every sidecar',
    );
  };
  await scraped();
  const prometheus = new PrometheusSource({ prometheus: client, directory, workloads: () => pods });
  return { sidecars: [first, second], collector, prometheus, scraped };
}

async function reportOf(source: MetricsSource, windowMillis = 120_000): Promise<TrafficReport> {
  const report = await source.report(windowMillis, Date.now());
  if (!report.ok) throw new Error(report.error);
  return report.value;
}

const summaryOf = (report: TrafficReport) => summarize(report, { by: 'deployments', weights: () => undefined });
/** All that the buyer sent. */
const sentOf = (report: TrafficReport) => summaryOf(report).totals.find(({ direction }) => direction === 'to');

/** Both sources say the same; what it is. */
async function agreed({ collector, prometheus }: Setting) {
  const reports = await Promise.all([reportOf(collector), reportOf(prometheus)]);
  const [mine, theirs] = reports.map((report) => {
    const { edges, totals } = summaryOf(report);
    return [...edges, ...totals].map(({ latency: _, ...counts }) => counts);
  });
  expect(theirs).toEqual(mine);
  return { collector: sentOf(reports[0]), prometheus: sentOf(reports[1]), report: reports[1] };
}

describe.skipIf(missing !== undefined)(`a real Prometheus${missing === undefined ? '' : `: ${missing}`}`, () => {
  describe.each([
    ['native', true],
    ['classic', false],
  ])('with %s histograms', (_, native) => {
    test('gives what the collector gives, over label sets that appear and a sidecar that begins anew', async () => {
      // What was counted before anybody looked is nobody's.
      const all = await setting(native, (sidecar) => {
        sidecar.carry(1_000, 200, 5);
        sidecar.retry(7);
      });
      const [one, other] = all.sidecars;
      one.carry(90, 200, 0.01);
      other.carry(9, 200, 0.02);
      await all.scraped();
      one.carry(1, 503, 1.5);
      one.retry(3);
      one.connect(4);
      await all.scraped();
      const before = await agreed(all);
      expect(before.prometheus).toMatchObject({
        ...{ success: 99, failure: 1, retries: 3, codes: { 200: 99, 503: 1 } },
        connections: { carried: 4, refused: 0 },
      });
      one.restart();
      one.carry(40, 200, 0.01);
      await all.scraped();
      one.carry(10, 200, 0.01);
      await all.scraped();
      const after = await agreed(all);
      expect(after.prometheus).toMatchObject({ success: 149, failure: 1, retries: 3 });
      expect(after.report).toMatchObject({ measuredBy: 'prometheus', proxies: { known: 2, read: 2 } });
      const { latencyError = 0.01 } = after.report;
      if (native) {
        expect(after.report.latencyError).toBeUndefined();
        expect(after.prometheus?.latency).toEqual(after.collector?.latency);
      } else expect(latencyError).toBeGreaterThan(0.1);
      const exact = { p50Millis: 10, p90Millis: 10, p99Millis: 20 };
      for (const [name, millis] of Object.entries(exact)) {
        const said = after.prometheus?.latency[name as keyof typeof exact] ?? 0;
        expect([name, Math.abs(said / millis - 1) <= latencyError, said]).toEqual([name, true, said]);
      }
    });
  });

  test('tells of a pod that is gone what it counted, and nothing of the time before a window', async () => {
    const all = await setting(true);
    const [one, other] = all.sidecars;
    one.carry(5, 200, 0.01);
    other.carry(6, 200, 0.01);
    await all.scraped();
    const between = Date.now();
    one.carry(20, 200, 0.5);
    other.carry(1, 200, 0.5);
    await all.scraped();
    await one.close();
    const served = async () => sentOf(await reportOf(all.prometheus, Date.now() - between));
    await until(
      async () => (await reportOf(all.prometheus, 5_000)).series.length === 0,
      patience,
      () => 'an idle window',
    );
    expect(await served()).toMatchObject({ success: 21, failure: 0 });
    expect((await served())?.latency.p50Millis).toBeGreaterThan(490);
    expect(sentOf(await reportOf(all.prometheus))).toMatchObject({ success: 32, failure: 0 });
  });

  test('says when it has read nobody', async () => {
    const all = await setting(true);
    const error = async (windowMillis: number, at: number) => {
      const report = await all.prometheus.report(windowMillis, at);
      return report.ok ? '' : report.error;
    };
    expect(await error(1_000, Date.now() - 3_600_000)).toContain('has read no proxy of the mesh lately');
    expect(await error(1_000, Date.now() + 60_000)).toContain('has read no proxy in the last 1 s');
  });
});
