import { afterEach, describe, expect, test, vi } from 'vitest';
import { Collector, type CollectorOptions } from '../../../../src/metrics/collector/collector.ts';
import type { TrafficReport } from '../../../../src/metrics/contract.ts';
import type { MeshDirectory } from '../../../../src/metrics/directory.ts';
import { summarize } from '../../../../src/metrics/summarize.ts';
import { type CountingProxies, Counts, serveCounts, trafficLabels } from '../../../support/telemetry/counting-proxy.ts';

const directory: MeshDirectory = {
  pod: (_, name) => ({ node: 'n1', owners: [{ kind: 'Deployment', name: name.replace(/-\d+$/, '') }], services: [] }),
  account: () => undefined,
  weights: () => undefined,
};

const toStore = trafficLabels({
  source_namespace: 'default',
  source_pod: 'buyer-0',
  destination: 'default/store:80',
  destination_namespace: 'default',
  destination_pod: 'store-0',
  backend: 'default/store',
});

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Setting {
  clock: number;
  readonly buyer: Counts;
  readonly proxies: CountingProxies;
  readonly collector: Collector;
  collect(): Promise<void>;
  report(windowMillis?: number): Promise<TrafficReport>;
}

async function setting(startedAt = 1_000_000, options: Partial<CollectorOptions> = {}): Promise<Setting> {
  const buyer = new Counts('default/buyer-0', startedAt);
  const made = { clock: 1_000_000, buyer };
  const proxies = await serveCounts([buyer], () => made.clock);
  const collector = new Collector({ targets: () => proxies.targets, directory, now: () => made.clock, ...options });
  cleanups.push(
    () => proxies.close(),
    () => collector.stop(),
  );
  return Object.assign(made, {
    proxies,
    collector,
    collect: () => collector.readAll(),
    report: async (windowMillis = 30_000) => {
      const report = await collector.report(windowMillis, made.clock);
      if (!report.ok) throw new Error(report.error);
      return report.value;
    },
  });
}

function total({ series }: TrafficReport): number {
  return series.reduce((sum, { success, failure }) => sum + success + failure, 0);
}

describe('a collector', () => {
  test('tells exactly what was counted in a window, and percentiles within 1 %', async () => {
    const all = await setting();
    for (let i = 0; i < 90; i++) all.buyer.request(toStore, 200, 'forwarded', 0.01);
    all.clock += 5_000;
    await all.collect();
    for (let i = 0; i < 10; i++) all.buyer.request(toStore, 503, 'failed', 1.5);
    all.buyer.retry(toStore);
    all.clock += 5_000;
    await all.collect();
    const report = await all.report();
    const [edge] = summarize(report, { by: 'deployments', weights: () => undefined }).edges;
    expect(edge).toMatchObject({ success: 90, failure: 10, retries: 1, codes: { 200: 90, 503: 10 } });
    expect(Math.abs(edge!.latency.p50Millis / 10 - 1)).toBeLessThan(0.01);
    expect(Math.abs(edge!.latency.p99Millis / 1500 - 1)).toBeLessThan(0.01);
    expect(report).toMatchObject({ windowSeconds: 30, observedSeconds: 10, proxies: { known: 1, read: 1 } });
    expect(total(await all.report(5_000))).toBe(10);
  });

  test('reads nobody until it is asked, and rests again once nobody asks', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    cleanups.push(() => void vi.useRealTimers());
    const all = await setting(999_000, { restsAfterMillis: 60_000 });
    const { collector } = all;
    collector.start();
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    vi.advanceTimersByTime(20_000);
    expect(collector.figures.readings).toBe(0);
    expect(await all.report()).toMatchObject({ observedSeconds: 0, series: [] });
    await vi.waitFor(() => expect(collector.figures.readings).toBe(1));
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    all.clock += 6_000;
    vi.advanceTimersByTime(6_000);
    await vi.waitFor(() => expect(collector.figures.readings).toBe(2));
    const report = await all.report();
    expect(report.observedSeconds).toBe(6);
    expect(total(report)).toBe(1);
    all.clock += 61_000;
    vi.advanceTimersByTime(5_000);
    expect(await all.report()).toMatchObject({ observedSeconds: 0, series: [] });
  });

  test('reads a proxy that does not answer less and less often', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    cleanups.push(() => void vi.useRealTimers());
    const all = await setting();
    await all.proxies.close();
    const { collector } = all;
    collector.start();
    for (const [turns, failures] of [1, 1, 2, 4, 8].map((turns, index) => [turns, index + 1] as const)) {
      for (let turn = 1; turn <= turns; turn++) {
        expect(collector.figures.failures).toBe(failures - 1);
        vi.advanceTimersByTime(5_000);
      }
      await vi.waitFor(() => expect(collector.figures.failures).toBe(failures));
    }
  });

  test('forgets what is older than its history', async () => {
    const all = await setting(1_000_000, { historyMillis: 60_000 });
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    all.clock += 61_000;
    await all.collect();
    expect(total(await all.report(600_000))).toBe(0);
    expect((await all.report(600_000)).observedSeconds).toBe(60);
  });

  test('counts a proxy that began anew from zero, and loses nothing of the run before', async () => {
    const all = await setting();
    for (let i = 0; i < 5; i++) all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    all.clock += 5_000;
    all.buyer.restart(all.clock);
    for (let i = 0; i < 7; i++) all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    expect(total(await all.report())).toBe(12);
  });

  test('does not take what was counted before it came for what was counted since', async () => {
    const all = await setting(1_000);
    for (let i = 0; i < 5; i++) all.buyer.request(toStore, 200, 'forwarded', 0.01);
    all.clock += 5_000;
    await all.collect();
    expect(total(await all.report())).toBe(0);
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    all.clock += 5_000;
    await all.collect();
    expect(total(await all.report())).toBe(1);
  });

  test('still tells of a proxy that is gone, until that is old', async () => {
    let gone = false;
    const all = await setting(1_000_000, { targets: () => (gone ? [] : all.proxies.targets), historyMillis: 60_000 });
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    gone = true;
    all.clock += 10_000;
    await all.collect();
    expect(await all.report()).toMatchObject({ proxies: { known: 0, read: 0 }, series: [{ success: 1 }] });
    all.clock += 60_000;
    await all.collect();
    expect((await all.report()).series).toEqual([]);
  });

  test('does not take what a proxy counted before it was forgotten for new when it is back', async () => {
    let gone = false;
    const all = await setting(1_000_000, { targets: () => (gone ? [] : all.proxies.targets), historyMillis: 60_000 });
    for (let i = 0; i < 5; i++) all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    gone = true;
    for (let turn = 0; turn < 2; turn++) {
      all.clock += 35_000;
      await all.collect();
    }
    gone = false;
    await all.collect();
    expect(total(await all.report(600_000))).toBe(0);
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    expect(total(await all.report())).toBe(1);
  });

  test('says how many proxies it could not read, and does not believe another pod at the same address', async () => {
    const other = { workload: 'default/other-0' };
    const all = await setting(1_000_000, {
      targets: () => all.proxies.targets.flatMap((target) => [target, { ...target, ...other }]),
    });
    all.buyer.request(toStore, 200, 'forwarded', 0.01);
    await all.collect();
    expect(await all.report()).toMatchObject({ proxies: { known: 2, read: 1 }, series: [{ success: 1 }] });
  });

  test('keeps requests and connections apart', async () => {
    const all = await setting();
    all.buyer.connection(toStore, 'forwarded');
    all.buyer.connection(toStore, 'failed');
    await all.collect();
    const [edge] = summarize(await all.report(), { by: 'pods', weights: () => undefined }).edges;
    expect(edge).toMatchObject({ success: 0, failure: 0, connections: { carried: 1, refused: 1 } });
  });
});
