import { err, ok, type Result } from '../../lib/result.ts';
import { metrics } from '../../telemetry/catalogue.ts';
import { sketchScale } from '../../telemetry/latency-sketch.ts';
import type { MetricsSource, Side, TrafficReport, TrafficSummary, WantedSums } from '../contract.ts';
import type { MeshDirectory } from '../directory.ts';
import { summarize } from '../summarize.ts';
import type { PromSeries } from './decode.ts';
import { goesOn, lookbackMillis, Targets, type Window } from './runs.ts';
import { ownLabels, scalarNames, TrafficSums } from './sums.ts';

/** Somebody who evaluates PromQL. */
export interface Evaluator {
  query(expression: string, at: number): Promise<Result<readonly PromSeries[], string>>;
}

export interface PrometheusSourceOptions {
  readonly prometheus: Evaluator;
  readonly directory: MeshDirectory;
  /** The proxies that there are now, `NAMESPACE/POD`; absent where nobody knows. */
  readonly workloads?: () => readonly string[];
}

const duration = metrics.requestSeconds.name;
const since = metrics.countingSince.name;
const instant = `{__name__=~"${duration}|${since}"}`;
const raw = `{__name__=~"${[...scalarNames, since].join('|')}"}`;

/**
 * What went through the mesh, of a Prometheus that reads its proxies. No rate is estimated: raw samples are subtracted, so that counts are exactly
 * those of the readings within the window. Durations come of native histograms, or of classic ones.
 */
export class PrometheusSource implements MetricsSource {
  readonly #options: PrometheusSourceOptions;

  constructor(options: PrometheusSourceOptions) {
    this.#options = options;
  }

  async report(windowMillis: number, now: number, side?: Side): Promise<Result<TrafficReport, string>> {
    const { directory, workloads } = this.#options;
    const window: Window = { after: now - windowMillis, until: now };
    const asked = await this.#ask(window);
    if (!asked.ok) return asked;
    const { scalars, beginning, end } = asked.value;
    const targets = targetsOf(scalars);
    const fault = this.#unread(targets, window);
    if (fault !== undefined) return err(fault);
    const [first, last] = [targetsOf(beginning), targetsOf(end)];
    const steady = (labels: PromSeries['labels']) => {
      const target = targets.of(labels);
      if (target === undefined || first.of(labels) === undefined || last.of(labels) === undefined) return false;
      return goesOn(target, window);
    };
    const sums = new TrafficSums(targets, window);
    for (const series of scalars) sums.addScalar(series);
    for (const series of joined(named(beginning, duration), named(end, duration), window))
      if (steady(series.labels)) sums.addHistogram(series);
    if (named(scalars, since).some(({ labels }) => !steady(labels))) {
      const whole = await this.#options.prometheus.query(rangeOf(duration, window), window.until);
      if (!whole.ok) return whole;
      for (const series of whole.value) if (!steady(series.labels)) sums.addHistogram(series);
    }
    const { series, latencyError } = sums.result(directory);
    return ok({
      windowSeconds: windowMillis / 1000,
      observedSeconds: Math.max(0, Math.min(windowMillis, now - targets.observedSince)) / 1000,
      at: now,
      measuredBy: 'prometheus',
      ...(latencyError > sketchScale.maxError ? { latencyError } : {}),
      ...(workloads === undefined ? {} : { proxies: readOf(workloads(), targets, window) }),
      series: side === undefined ? series : series.filter((each) => each.side === side),
    });
  }

  async summary(windowMillis: number, now: number, wanted: WantedSums): Promise<Result<TrafficSummary, string>> {
    const found = await this.report(windowMillis, now, wanted.side);
    return found.ok ? ok(summarize(found.value, wanted)) : found;
  }

  /**
   * Every sample of what is counted by simple numbers, and the histograms at both ends: those of proxies that began anew in between, were
   * read for the first time or are gone need more.
   */
  async #ask(window: Window): Promise<Result<Answers, string>> {
    const { prometheus } = this.#options;
    const [scalars, beginning, end] = await Promise.all([
      prometheus.query(rangeOf(raw, window), window.until),
      prometheus.query(instant, window.after),
      prometheus.query(instant, window.until),
    ]);
    if (!scalars.ok) return scalars;
    if (!beginning.ok) return beginning;
    return end.ok ? ok({ scalars: scalars.value, beginning: beginning.value, end: end.value }) : end;
  }

  /** Why nothing can be said, when nothing was read within the window. */
  #unread(targets: Targets, window: Window): string | undefined {
    const { workloads } = this.#options;
    if (workloads?.().length === 0) return undefined;
    if (targets.all.length === 0)
      return 'Prometheus has read no proxy of the mesh lately; docs/monitoring.md says what it has to scrape';
    if (targets.all.some(({ readings }) => (readings.at(-1)?.at ?? 0) > window.after)) return undefined;
    const seconds = Math.round((window.until - window.after) / 1000);
    return `Prometheus has read no proxy in the last ${seconds} s: ask for a window of at least its scrape interval`;
  }
}

interface Answers {
  readonly scalars: readonly PromSeries[];
  readonly beginning: readonly PromSeries[];
  readonly end: readonly PromSeries[];
}

function rangeOf(selector: string, { after, until }: Window): string {
  return `${selector}[${Math.ceil((until - after + lookbackMillis) / 1000)}s]`;
}

function targetsOf(series: readonly PromSeries[]): Targets {
  return new Targets(named(series, since), ownLabels);
}

function named(series: readonly PromSeries[], name: string): readonly PromSeries[] {
  return series.filter(({ labels }) => labels.__name__ === name);
}

/** What histograms were at the beginning of a window, and at its end. */
function joined(
  beginning: readonly PromSeries[],
  end: readonly PromSeries[],
  { after, until }: Window,
): readonly PromSeries[] {
  const key = ({ labels }: PromSeries) => JSON.stringify(Object.entries(labels).sort());
  const before = new Map(beginning.map((each) => [key(each), each.histograms]));
  return end.map((series) => ({
    ...series,
    histograms: [
      ...(before.get(key(series)) ?? []).map(({ value }) => ({ at: after, value })),
      ...series.histograms.map(({ value }) => ({ at: until, value })),
    ],
  }));
}

/** How many of the proxies that there are were read within the window, or the last minute where that is longer. */
function readOf(workloads: readonly string[], targets: Targets, { after, until }: Window) {
  const lately = Math.min(after, until - lookbackMillis / 2);
  const read = new Set(
    targets.all.filter(({ readings }) => (readings.at(-1)?.at ?? 0) > lately).map(({ workload }) => workload),
  );
  return { known: workloads.length, read: workloads.filter((workload) => read.has(workload)).length };
}
