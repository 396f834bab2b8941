import { type MetricDefinition, metrics } from '../../telemetry/catalogue.ts';
import { type TrafficLabels, trafficLabels, type Verdict } from '../../telemetry/labels.ts';
import { LatencySketch } from '../../telemetry/latency-sketch.ts';
import type { Ended, TrafficKind } from '../../telemetry/snapshot.ts';
import type { TrafficSeries } from '../contract.ts';
import type { MeshDirectory } from '../directory.ts';
import { Parties, trafficSeries } from '../series.ts';
import type { PromSeries } from './decode.ts';
import { growingCounts, growingHistograms, type MeasuredLatency, ofClassic, ofNative } from './latency.ts';
import { gained, type Targets, type Window } from './runs.ts';

/** What a metric counts, of which kind of traffic. */
const counted: readonly (readonly [MetricDefinition, TrafficKind, 'ended' | 'retries'])[] = [
  [metrics.requests, 'http', 'ended'],
  [metrics.retries, 'http', 'retries'],
  [metrics.tcpConnections, 'tcp', 'ended'],
  [metrics.tcpRetries, 'tcp', 'retries'],
  [metrics.udpFlows, 'udp', 'ended'],
];
const byName = new Map<string, (typeof counted)[number]>(counted.map((each) => [each[0].name, each]));
const bucketName = `${metrics.requestSeconds.name}_bucket`;
const sumName = `${metrics.requestSeconds.name}_sum`;

/** What is counted by simple numbers. */
export const scalarNames: readonly string[] = [...byName.keys(), bucketName, sumName];

/** Labels that a metric of traffic may have; whatever others a series has are those of its target. */
export const ownLabels: readonly string[] = [
  ...new Set([...counted.flatMap(([{ labels }]) => labels), 'le', metrics.countingSince.labels[0]]),
];

/** What one label set gained. */
interface Sum {
  readonly labels: TrafficLabels;
  readonly kind: TrafficKind;
  readonly ended: Map<string, { -readonly [K in keyof Ended]: Ended[K] }>;
  retries: number;
  /** Of native histograms. */
  latency: LatencySketch | undefined;
  /** Of classic ones, by upper bound. */
  readonly classic: Map<number, number>;
  classicSum: number;
}

/** Adds up what the series of Prometheus gained within a window. */
export class TrafficSums {
  readonly #targets: Targets;
  readonly #window: Window;
  readonly #sums = new Map<string, Sum>();
  #error = 0;

  constructor(targets: Targets, window: Window) {
    this.#targets = targets;
    this.#window = window;
  }

  addScalar({ labels, samples }: PromSeries): void {
    const name = labels.__name__ ?? '';
    const [, kind = 'http', what] = byName.get(name) ?? [];
    if (what === undefined && name !== bucketName && name !== sumName) return;
    const target = this.#targets.of(labels);
    const gain = gained(samples, target, this.#window, this.#targets.observedSince, growingCounts);
    const count = gain ?? 0;
    // A bucket without anything tells where the next one begins.
    if (count === 0 && name !== bucketName) return;
    const sum = this.#of(labels, kind);
    if (what === 'retries') sum.retries += count;
    else if (what === 'ended') addEnded(sum, labels, count);
    else if (name === sumName) sum.classicSum += count;
    else {
      const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
      sum.classic.set(bound, (sum.classic.get(bound) ?? 0) + count);
    }
  }

  addHistogram({ labels, histograms }: PromSeries): void {
    const target = this.#targets.of(labels);
    const gain = gained(histograms, target, this.#window, this.#targets.observedSince, growingHistograms);
    if (gain === undefined) return;
    const sum = this.#of(labels, 'http');
    sum.latency ??= new LatencySketch();
    sum.latency.add(this.#noted(ofNative(gain)));
  }

  /** The series, and how far percentiles of them may be off. */
  result(directory: MeshDirectory): { readonly series: readonly TrafficSeries[]; readonly latencyError: number } {
    const parties = new Parties(directory);
    const series = [...this.#sums.values()].flatMap(
      ({ labels, kind, ended, retries, latency, classic, classicSum }) => {
        if (ended.size === 0 && retries === 0) return [];
        const sketch =
          latency?.toJSON() ?? (classic.size === 0 ? undefined : this.#noted(ofClassic(classicSum, classic)));
        const all = { ended: [...ended.values()], retries, ...(sketch === undefined ? {} : { latency: sketch }) };
        return [trafficSeries(labels, kind, all, parties)];
      },
    );
    return { series, latencyError: this.#error };
  }

  #noted({ sketch, error }: MeasuredLatency): MeasuredLatency['sketch'] {
    this.#error = Math.max(this.#error, error);
    return sketch;
  }

  /** Prometheus leaves out labels that are empty. */
  #of(labels: PromSeries['labels'], kind: TrafficKind): Sum {
    const own = Object.fromEntries(trafficLabels.map(({ name }) => [name, labels[name] ?? ''])) as TrafficLabels;
    const key = `${kind}\n${Object.values(own).join('\n')}`;
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = { labels: own, kind, ended: new Map(), retries: 0, latency: undefined, classic: new Map(), classicSum: 0 };
      this.#sums.set(key, sum);
    }
    return sum;
  }
}

function addEnded({ ended }: Sum, { code = '0', verdict = 'failed' }: PromSeries['labels'], count: number): void {
  const key = `${code} ${verdict}`;
  const found = ended.get(key);
  if (found !== undefined) found.count += count;
  else ended.set(key, { code: Number(code), verdict: verdict as Verdict, count });
}
