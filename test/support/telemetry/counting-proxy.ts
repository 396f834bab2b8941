import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ScrapeTarget } from '../../../src/metrics/collector/read-proxy.ts';
import { trafficLabels as labelDefinitions, type TrafficLabels } from '../../../src/telemetry/labels.ts';
import { LatencySketch } from '../../../src/telemetry/latency-sketch.ts';
import type { Ended, TelemetrySnapshot, TrafficKind } from '../../../src/telemetry/snapshot.ts';

const none = Object.fromEntries(labelDefinitions.map(({ name }) => [name, ''])) as unknown as TrafficLabels;

/** Labels of which all that are not given are empty. */
export function trafficLabels(labels: Partial<TrafficLabels>): TrafficLabels {
  return { ...none, direction: 'outbound', ...labels };
}

interface Counting {
  readonly labels: TrafficLabels;
  readonly kind: TrafficKind;
  readonly ended: { -readonly [K in keyof Ended]: Ended[K] }[];
  retries: number;
  readonly latency: LatencySketch;
}

/** What a sidecar counts, for as long as it is told to. */
export class Counts {
  readonly workload: string;
  startedAt: number;
  #series = new Map<string, Counting>();

  constructor(workload: string, startedAt = Date.now()) {
    this.workload = workload;
    this.startedAt = startedAt;
  }

  request(labels: TrafficLabels, code: number, verdict: Ended['verdict'], seconds: number): void {
    const series = this.#of(labels, 'http');
    count(series.ended, code, verdict);
    series.latency.observe(seconds);
  }

  connection(labels: TrafficLabels, verdict: Ended['verdict']): void {
    count(this.#of(labels, 'tcp').ended, 0, verdict);
  }

  retry(labels: TrafficLabels): void {
    this.#of(labels, 'http').retries += 1;
  }

  restart(startedAt: number): void {
    this.startedAt = startedAt;
    this.#series = new Map();
  }

  snapshot(at: number): TelemetrySnapshot {
    return {
      ...{ version: 1, workload: this.workload, startedAt: this.startedAt, at, overflow: 0 },
      traffic: [...this.#series.values()].map(({ labels, kind, ended, retries, latency }) => ({
        ...{ labels, kind, ended, retries, mirrored: 0, faults: 0 },
        ...(kind === 'http' ? { latency: latency.toJSON() } : {}),
      })),
    };
  }

  #of(labels: TrafficLabels, kind: TrafficKind): Counting {
    const key = JSON.stringify([labels, kind]);
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const made: Counting = { labels, kind, ended: [], retries: 0, latency: new LatencySketch() };
    this.#series.set(key, made);
    return made;
  }
}

function count(ended: Counting['ended'], code: number, verdict: Ended['verdict']): void {
  const found = ended.find((each) => each.code === code && each.verdict === verdict);
  if (found === undefined) ended.push({ code, verdict, count: 1 });
  else found.count += 1;
}

export interface CountingProxies {
  readonly targets: readonly ScrapeTarget[];
  close(): Promise<void>;
}

/** Answers `/telemetry` for sidecars on one port, each with a loopback address of its own. */
export async function serveCounts(
  all: readonly Pick<Counts, 'workload' | 'snapshot'>[],
  now: () => number,
): Promise<CountingProxies> {
  const byAddress = new Map(
    all.map((counts, index) => [`127.9.${Math.floor(index / 250)}.${(index % 250) + 1}`, counts]),
  );
  const server = createServer((request, response) => {
    const counts = byAddress.get(request.socket.localAddress ?? '');
    if (counts === undefined || request.url !== '/telemetry') response.writeHead(404).end();
    else response.end(JSON.stringify(counts.snapshot(now())));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    targets: [...byAddress].map(([address, { workload }]) => ({ workload, address, port })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
