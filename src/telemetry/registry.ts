import { closedLabels, type MetricDefinition, metrics } from './catalogue.ts';
import { Counter, type GaugeSource, Histogram, type Labels } from './series.ts';

type Series = Counter | GaugeSource | Histogram;

/** All series of one metric. */
export interface Family {
  readonly definition: MetricDefinition;
  readonly series: ReadonlyMap<string, { readonly labels: Labels; readonly series: Series }>;
}

interface OpenFamily extends Family {
  readonly series: Map<string, { readonly labels: Labels; readonly series: Series }>;
}

/** The value of labels of whatever comes when a process has as many series as it may have. */
export const overflowValue = 'overflow';

/** Series of one process, all metrics together; a sidecar of a large mesh has some hundreds. */
const defaultLimit = 10_000;

/**
 * The metrics of one process, all of the catalogue. Series are found once, when configuration is compiled or a connection
 * begins, and then counted without a look-up; they outlive a change of configuration. There is a bound on them: what comes
 * beyond it counts under `overflow` in every label whose values are not known beforehand, and how often that was necessary is itself counted.
 */
export class MetricsRegistry {
  readonly #families = new Map<string, OpenFamily>();
  readonly #limit: number;
  #size = 0;

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  counter(definition: MetricDefinition, labels: Labels = {}): Counter {
    return this.#series(definition, labels, () => new Counter()) as Counter;
  }

  gauge(definition: MetricDefinition, source: GaugeSource, labels: Labels = {}): void {
    this.#series(definition, labels, () => source);
  }

  histogram(definition: MetricDefinition, labels: Labels = {}): Histogram {
    return this.#series(definition, labels, () => new Histogram()) as Histogram;
  }

  /** In the order in which they appeared. */
  families(): Iterable<Family> {
    return this.#families.values();
  }

  /** How often a label set was counted under `overflow` because there were too many. */
  get overflowed(): number {
    let sum = 0;
    for (const { series } of this.#families.get(metrics.seriesOverflow.name)?.series.values() ?? [])
      if (series instanceof Counter) sum += series.value;
    return sum;
  }

  #series(definition: MetricDefinition, labels: Labels, create: () => Series): Series {
    const family = this.#family(definition);
    const key = labelText(labels);
    const found = family.series.get(key);
    if (found !== undefined) return found.series;
    if (this.#size < this.#limit || key === '') return this.#add(family, key, labels, create);
    const folded = Object.fromEntries(
      Object.entries(labels).map(([name, value]) => [name, closedLabels.has(name) ? value : overflowValue]),
    );
    const foldedKey = labelText(folded);
    if (definition !== metrics.seriesOverflow)
      this.counter(metrics.seriesOverflow, { metric: definition.name }).value += 1;
    return family.series.get(foldedKey)?.series ?? this.#add(family, foldedKey, folded, create);
  }

  #add(family: OpenFamily, key: string, labels: Labels, create: () => Series): Series {
    const series = create();
    family.series.set(key, { labels, series });
    this.#size++;
    return series;
  }

  #family(definition: MetricDefinition): OpenFamily {
    let family = this.#families.get(definition.name);
    if (family === undefined) {
      family = { definition, series: new Map() };
      this.#families.set(definition.name, family);
    }
    return family;
  }
}

/** As the text formats write them, without braces. */
function labelText(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(labels[name]!)}"`;
  return text;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`)) : value;
}
