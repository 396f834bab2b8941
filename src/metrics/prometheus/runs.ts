import type { PromSample, PromSeries } from './decode.ts';

/** The past that is asked for beside the window: a proxy has to be read at least once in so many milliseconds. */
export const lookbackMillis = 120_000;

/** When a target of Prometheus was read, and which run of its proxy answered. */
export interface TargetRuns {
  readonly workload: string;
  /** Times of readings and when the run of then began, ascending. */
  readonly readings: readonly PromSample<number>[];
}

export interface Window {
  readonly after: number;
  readonly until: number;
}

/** The targets that answer for proxies, by what Prometheus says of where it reads. */
export class Targets {
  readonly #targets = new Map<string, TargetRuns>();
  readonly #own: ReadonlySet<string>;
  /** The first reading of any. */
  readonly observedSince: number;

  /** `own`: labels that metrics have; whatever others a series has are those that Prometheus gave its target. */
  constructor(series: readonly PromSeries[], own: readonly string[]) {
    this.#own = new Set(['__name__', ...own]);
    for (const { labels, samples } of series)
      this.#targets.set(this.#key(labels), { workload: labels.workload ?? '', readings: samples });
    this.observedSince = Math.min(...[...this.#targets.values()].flatMap(({ readings }) => readings[0]?.at ?? []));
  }

  get all(): readonly TargetRuns[] {
    return [...this.#targets.values()];
  }

  of(labels: PromSeries['labels']): TargetRuns | undefined {
    return this.#targets.get(this.#key(labels));
  }

  #key(labels: PromSeries['labels']): string {
    const added = Object.entries(labels).filter(([name]) => !this.#own.has(name));
    return JSON.stringify(added.sort(([one], [other]) => (one < other ? -1 : 1)));
  }
}

/** Values that grow, and begin anew. */
export interface Growing<Value> {
  /** What a value is beyond an earlier one; undefined when it is less, so that counting began anew. */
  minus(value: Value, earlier: Value): Value | undefined;
  plus(one: Value, other: Value): Value;
}

/**
 * What a series gained by readings within a window, exactly: each reading counts what it has beyond the one before, whether
 * that one is in the window or not. A run's first reading counts whole; so does the first of a series whose target was read
 * before. Nothing is known of the past of a target that was running already when it was read first. `undefined`: nothing gained.
 */
export function gained<Value>(
  samples: readonly PromSample<Value>[],
  target: TargetRuns | undefined,
  window: Window,
  observedSince: number,
  { minus, plus }: Growing<Value>,
): Value | undefined {
  let sum: Value | undefined;
  let before: PromSample<Value> | undefined;
  for (const sample of samples) {
    if (sample.at > window.until) break;
    const gain =
      before === undefined
        ? countsWhole(sample.at, target, observedSince)
          ? sample.value
          : undefined
        : sameRun(target, before.at, sample.at)
          ? (minus(sample.value, before.value) ?? sample.value)
          : sample.value;
    before = sample;
    if (gain === undefined || sample.at <= window.after) continue;
    sum = sum === undefined ? gain : plus(sum, gain);
  }
  return sum;
}

/** As with the collector: of a run that began before anybody was read the past is not known. */
function countsWhole(at: number, target: TargetRuns | undefined, observedSince: number): boolean {
  const [first] = target?.readings ?? [];
  if (first === undefined) return false;
  return first.at < at || first.value * 1000 >= observedSince;
}

/** Without readings of its own at these times a series is believed to go on, unless it counts less. */
function sameRun(target: TargetRuns | undefined, one: number, other: number): boolean {
  const runAt = (at: number) => target?.readings.find((reading) => reading.at === at)?.value;
  const [earlier, later] = [runAt(one), runAt(other)];
  return earlier === undefined || later === undefined || earlier === later;
}

/** Whether what a target has at the end of a window, less what it had at its beginning, is what it gained. */
export function goesOn({ readings }: TargetRuns, { after, until }: Window): boolean {
  const base = readings.findLastIndex(({ at }) => at <= after);
  const inside = readings.slice(Math.max(base, 0)).filter(({ at }) => at <= until);
  return base >= 0 && inside.every(({ value }) => value === inside[0]?.value);
}
