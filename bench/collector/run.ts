import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { trafficTarget } from '../../src/cli/traffic/ask.ts';
import { renderTop } from '../../src/cli/traffic/render-top.ts';
import { askSocket } from '../../src/control/admin/socket.ts';
import type { ScrapeTarget } from '../../src/metrics/collector/read-proxy.ts';
import type { ResourcePlural, TrafficSummary } from '../../src/metrics/contract.ts';
import { BenchFailure } from '../failure.ts';
import { median } from '../median.ts';
import type { CollectorCost } from './collector-program.ts';
import type { CollectorBenchOptions } from './options.ts';

export interface CollectorReport {
  readonly name: 'collector';
  readonly proxies: number;
  readonly series: number;
  readonly seconds: number;
  /** Of one core. */
  readonly cpuShare: number;
  readonly rssBytes: number;
  readonly keptBytes: number;
  readonly receivedBytesPerSecond: number;
  readonly readings: number;
  readonly failures: number;
  /** From the question to the lines of `top`, in milliseconds. */
  readonly refreshes: readonly { readonly by: ResourcePlural; readonly median: number; readonly worst: number }[];
}

const kinds: readonly ResourcePlural[] = ['deployments', 'pods'];
const answerMillis = 30_000;
/** As `top` asks for when it is not told. */
const windowMillis = 30_000;

/** What it costs to read many sidecars, and how long a summary of what they counted takes. */
export async function runCollector(
  options: CollectorBenchOptions,
  progress: (line: string) => void,
): Promise<CollectorReport> {
  const folder = mkdtempSync(join(tmpdir(), 'smi-bench-'));
  chmodSync(folder, 0o700);
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly (string | number)[]) => {
    const child = fork(join(import.meta.dirname, program), args.map(String));
    children.push(child);
    return child;
  };
  try {
    const proxies = start('proxies-program.ts', [options.proxies, options.calls]);
    const targets = await answer<readonly ScrapeTarget[]>(proxies, 'the simulated sidecars');
    const file = join(folder, 'targets.json');
    writeFileSync(file, JSON.stringify(targets));
    const collector = start('collector-program.ts', [file, folder]);
    await answer(collector, 'the collector');
    progress(`${targets.length} sidecars are read`);
    return await measure(options, folder, () => {
      collector.send('cost');
      return answer<CollectorCost>(collector, 'the collector');
    });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  { proxies, calls, seconds, refreshes }: CollectorBenchOptions,
  folder: string,
  cost: () => Promise<CollectorCost>,
): Promise<CollectorReport> {
  // Every sidecar is read for the first time.
  await pause(6_000);
  const [before, beganAt] = [await cost(), performance.now()];
  await pause(seconds * 1_000);
  const [after, elapsed] = [await cost(), (performance.now() - beganAt) / 1_000];
  const times = [];
  for (const by of kinds) {
    const all = [];
    for (let i = 0; i < refreshes; i++) all.push(await refresh(folder, by));
    times.push({ by, median: median(all), worst: Math.max(...all) });
  }
  return {
    name: 'collector',
    proxies,
    series: proxies * calls * 2,
    seconds,
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / elapsed,
    rssBytes: after.rssBytes,
    keptBytes: after.kept,
    receivedBytesPerSecond: (after.received - before.received) / elapsed,
    readings: after.readings - before.readings,
    failures: after.failures - before.failures,
    refreshes: times,
  };
}

/** As `top` does it. */
async function refresh(folder: string, by: ResourcePlural): Promise<number> {
  const began = performance.now();
  const shown = { by, side: 'server', only: 'from' } as const;
  const got = await askSocket(folder, trafficTarget(shown, windowMillis), answerMillis);
  if (!got.ok) throw new BenchFailure(got.error);
  const summary = JSON.parse(got.value.body) as TrafficSummary;
  const lines = renderTop(summary, summary.totals, { ...shown, direction: 'from', wide: false });
  if (lines.length < 3) throw new BenchFailure(`top shows nothing: ${lines.join('; ')}`);
  return performance.now() - began;
}

function answer<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new BenchFailure(`${name} did not answer`)), answerMillis);
    const ended = () => reject(new BenchFailure(`${name} ended`));
    child.once('exit', ended);
    child.once('message', (message) => {
      clearTimeout(timer);
      child.off('exit', ended);
      resolve(message as T);
    });
  });
}
