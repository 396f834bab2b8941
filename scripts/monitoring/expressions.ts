import type { MetricDefinition } from '../../src/telemetry/catalogue.ts';

/** PromQL over five minutes, the window of all rules and panels. */
const window = '[5m]';

export function rate({ name }: MetricDefinition, selector?: string): string {
  return `rate(${name}${braces(selector)}${window})`;
}

/** How many a second, added up by some labels. */
export function sumOfRate(metric: MetricDefinition, by: readonly string[], selector?: string): string {
  return `sum by (${by.join(', ')}) (${rate(metric, selector)})`;
}

interface HistogramQuery {
  readonly by: readonly string[];
  readonly selector?: string;
  /** Only what is above. */
  readonly above?: number;
}

/** Observations of a histogram a second: of classic buckets, or where Prometheus keeps native histograms of these. */
export function observations({ name }: MetricDefinition, { by, selector, above }: HistogramQuery): string {
  const classic = `sum by (${by.join(', ')}) (rate(${name}_count${braces(selector)}${window}))`;
  const native = `histogram_count(sum by (${by.join(', ')}) (rate(${name}${braces(selector)}${window})))`;
  return either(classic, native, above);
}

/** A quantile of a histogram in seconds, likewise. */
export function quantile(q: number, { name }: MetricDefinition, { by, selector, above }: HistogramQuery): string {
  const classic = `sum by (${['le', ...by].join(', ')}) (rate(${name}_bucket${braces(selector)}${window}))`;
  const native = `sum by (${by.join(', ')}) (rate(${name}${braces(selector)}${window}))`;
  return either(`histogram_quantile(${q}, ${classic})`, `histogram_quantile(${q}, ${native})`, above);
}

function either(classic: string, native: string, above: number | undefined): string {
  const condition = above === undefined ? '' : ` > ${above}`;
  return `${classic}${condition} or ${native}${condition}`;
}

function braces(selector = ''): string {
  return selector === '' ? '' : `{${selector}}`;
}
