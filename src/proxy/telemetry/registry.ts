/** Upper bounds of the duration buckets, in seconds. */
const durationBounds = [
  0.00025, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export type Labels = Readonly<Record<string, string>>;

export class Counter {
  value = 0;
}

/** A number that is read when somebody asks. */
export type GaugeSource = () => number;

export class Histogram {
  readonly buckets = new Float64Array(durationBounds.length + 1);
  sum = 0;

  observe(seconds: number): void {
    let slot = 0;
    while (slot < durationBounds.length && seconds > durationBounds[slot]!) slot++;
    this.buckets[slot]! += 1;
    this.sum += seconds;
  }
}

interface Family<T> {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly series: Map<string, T>;
}

/**
 * The metrics of one proxy. Series are found once, when configuration is compiled or a connection begins, and then
 * counted without a look-up. They outlive a change of configuration.
 */
export class MetricsRegistry {
  readonly #counters = new Map<string, Family<Counter>>();
  readonly #gauges = new Map<string, Family<GaugeSource>>();
  readonly #histograms = new Map<string, Family<Histogram>>();

  counter(name: string, help: string, labels: Labels = {}): Counter {
    return series(this.#counters, name, help, 'counter', labels, () => new Counter());
  }

  gauge(name: string, help: string, source: GaugeSource, labels: Labels = {}): void {
    series(this.#gauges, name, help, 'gauge', labels, () => source);
  }

  histogram(name: string, help: string, labels: Labels = {}): Histogram {
    return series(this.#histograms, name, help, 'histogram', labels, () => new Histogram());
  }

  /** Prometheus text format 0.0.4. */
  render(): string {
    const lines: string[] = [];
    for (const [name, family] of this.#counters) {
      head(lines, name, family);
      for (const [labels, counter] of family.series) lines.push(`${name}${braces(labels)} ${counter.value}`);
    }
    for (const [name, family] of this.#gauges) {
      head(lines, name, family);
      for (const [labels, source] of family.series) lines.push(`${name}${braces(labels)} ${source()}`);
    }
    for (const [name, family] of this.#histograms) {
      head(lines, name, family);
      for (const [labels, histogram] of family.series) renderHistogram(lines, name, labels, histogram);
    }
    return `${lines.join('\n')}\n`;
  }
}

function series<T>(
  families: Map<string, Family<T>>,
  name: string,
  help: string,
  type: Family<T>['type'],
  labels: Labels,
  create: () => T,
): T {
  let family = families.get(name);
  if (family === undefined) {
    family = { help, type, series: new Map() };
    families.set(name, family);
  }
  const key = labelText(labels);
  let found = family.series.get(key);
  if (found === undefined) {
    found = create();
    family.series.set(key, found);
  }
  return found;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`)
    .join(',');
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function head(lines: string[], name: string, family: { readonly help: string; readonly type: string }): void {
  lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.type}`);
}

function renderHistogram(lines: string[], name: string, labels: string, histogram: Histogram): void {
  const prefix = labels === '' ? '' : `${labels},`;
  let total = 0;
  durationBounds.forEach((bound, slot) => {
    total += histogram.buckets[slot]!;
    lines.push(`${name}_bucket{${prefix}le="${bound}"} ${total}`);
  });
  total += histogram.buckets[durationBounds.length]!;
  lines.push(`${name}_bucket{${prefix}le="+Inf"} ${total}`);
  lines.push(`${name}_sum${braces(labels)} ${histogram.sum}`, `${name}_count${braces(labels)} ${total}`);
}
