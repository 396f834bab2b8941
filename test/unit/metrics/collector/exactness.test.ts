import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Collector } from '../../../../src/metrics/collector/collector.ts';
import type { Side, TrafficReport } from '../../../../src/metrics/contract.ts';
import { LatencySketch, type SketchData } from '../../../../src/telemetry/latency-sketch.ts';
import { Counts, serveCounts, trafficLabels } from '../../../support/telemetry/counting-proxy.ts';

const pods = ['web-0', 'web-1', 'web-2'] as const;
const pod = fc.constantFrom(...pods);
const windows = [1, 10, 30, 90, 300, 900];

const labelsOf = {
  client: (name: string) => trafficLabels({ source_namespace: 'shop', source_pod: name, destination: 'shop/store:80' }),
  server: (name: string) =>
    trafficLabels({ direction: 'inbound', destination_namespace: 'shop', destination_pod: name }),
};

/** Proxies that count, begin anew, go and come back, and turns of reading that some of them do not answer. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      pod,
      side: fc.constantFrom<Side>('client', 'server'),
      code: fc.constantFrom(200, 404, 503),
      millis: fc.integer({ min: 0, max: 4_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), pod }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('go or come' as const), pod }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      seconds: fc.integer({ min: 1, max: 40 }),
      silent: fc.subarray([...pods], { maxLength: 2 }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Counted {
  readonly pod: string;
  readonly side: Side;
  readonly code: number;
  readonly seconds: number;
}

/** A mesh of some proxies, and what a collector of it has to say. */
class Mesh {
  now = 1_000_000;
  silent: readonly string[] = [];
  readonly gone = new Set<string>();
  readonly counts = new Map<string, Counts>(pods.map((name) => [name, new Counts(`shop/${name}`, this.now)]));
  readonly #unread = new Map<string, Counted[]>();
  readonly #read: (Counted & { readonly at: number })[] = [];

  take(step: Exclude<Step, { kind: 'turn' }>): void {
    const { kind, pod } = step;
    if (kind === 'request') this.#count({ ...step, seconds: step.millis / 1_000 });
    else this.#restart(pod);
    if (kind === 'go or come' && !this.gone.delete(pod)) this.gone.add(pod);
  }

  wait({ seconds, silent }: Extract<Step, { kind: 'turn' }>): void {
    this.now += seconds * 1_000;
    this.silent = silent;
  }

  /** Everybody who answers was read. */
  read(): void {
    for (const [name, requests] of this.#unread) {
      if (this.silent.includes(name)) continue;
      for (const request of requests) this.#read.push({ ...request, at: this.now });
      this.#unread.delete(name);
    }
  }

  /** Of a window, by side and pod. */
  sums(windowSeconds: number, side: Side | undefined): object {
    const after = this.now - windowSeconds * 1_000;
    const within = this.#read.filter((each) => each.at > after && (side === undefined || each.side === side));
    const groups = Map.groupBy(within, (each) => `${each.side} ${each.pod}`);
    return textOf(
      [...groups].map(([name, requests]) => {
        const latency = new LatencySketch();
        for (const { seconds } of requests) latency.observe(seconds);
        const codes = Map.groupBy(requests, ({ code }) => code);
        return [name, [...codes].map(([code, { length }]) => [code, length] as const), latency.toJSON()] as const;
      }),
    );
  }

  #count(request: Counted): void {
    const { pod, side, code, seconds } = request;
    if (this.gone.has(pod)) return;
    this.counts.get(pod)?.request(labelsOf[side](pod), code, side === 'client' ? 'forwarded' : 'allowed', seconds);
    this.#unread.set(pod, [...(this.#unread.get(pod) ?? []), request]);
  }

  #restart(name: string): void {
    this.now += 1;
    this.counts.get(name)?.restart(this.now);
    this.#unread.delete(name);
  }
}

type Told = readonly [name: string, codes: Iterable<readonly [number, number]>, latency: SketchData];

/** Runs of one proxy are told apart by a report: they are added up. */
function textOf(told: Iterable<Told>): object {
  const sums: Record<string, { readonly codes: Record<number, number>; latency: LatencySketch }> = {};
  for (const [name, codes, latency] of told) {
    sums[name] ??= { codes: {}, latency: new LatencySketch() };
    for (const [code, count] of codes) sums[name].codes[code] = (sums[name].codes[code] ?? 0) + count;
    sums[name].latency.add(latency);
  }
  return Object.fromEntries(
    Object.entries(sums).map(([name, { codes, latency }]) => {
      const { zero, buckets } = latency.toJSON();
      return [name, { codes, zero, buckets }];
    }),
  );
}

function toldBy({ series }: TrafficReport): object {
  return textOf(
    series.map(({ side, source, destination, codes, latency }) => {
      const name = `${side} ${side === 'client' ? source.pod : destination.pod}`;
      const counted = Object.entries(codes).map(([code, count]) => [Number(code), count] as const);
      return [name, counted, latency ?? { sum: 0, zero: 0, buckets: [] }];
    }),
  );
}

test('a window has exactly what was read within it, whatever proxies do', async () => {
  let mesh = new Mesh();
  const answers = pods.map((name) => ({
    workload: `shop/${name}`,
    // Another pod answers in place of one that is silent.
    snapshot: (at: number) =>
      mesh.silent.includes(name) ? new Counts('shop/other', at).snapshot(at) : mesh.counts.get(name)!.snapshot(at),
  }));
  const proxies = await serveCounts(answers, () => mesh.now);
  const check = async (collector: Collector) => {
    for (const seconds of windows) {
      for (const side of [undefined, 'client', 'server'] as const) {
        const report = await collector.report(seconds * 1_000, mesh.now, side);
        if (!report.ok) throw new Error(report.error);
        expect(toldBy(report.value)).toEqual(mesh.sums(seconds, side));
      }
    }
  };
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
    mesh = new Mesh();
    const collector = new Collector({
      targets: () => proxies.targets.filter(({ workload }) => !mesh.gone.has(workload.slice('shop/'.length))),
      directory: { pod: () => undefined, account: () => undefined, weights: () => undefined },
      historyMillis: 900_000,
      now: () => mesh.now,
    });
    try {
      for (const each of steps) {
        if (each.kind !== 'turn') mesh.take(each);
        else {
          mesh.wait(each);
          await collector.readAll();
          mesh.read();
          await check(collector);
        }
      }
    } finally {
      collector.stop();
    }
  });
  try {
    await fc.assert(property, { numRuns: 30 });
  } finally {
    await proxies.close();
  }
});
