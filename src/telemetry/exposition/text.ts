import type { Family, MetricsRegistry } from '../registry.ts';
import { Counter, type Exemplar, Histogram } from '../series.ts';

/** Prometheus' text format 0.0.4: histograms with classic buckets. */
export function renderText(registry: MetricsRegistry): string {
  return render(registry, { exemplars: false, familyName: ({ name }) => name, end: '' });
}

/** OpenMetrics 1.0: the same with exemplars and units. */
export function renderOpenMetrics(registry: MetricsRegistry): string {
  return render(registry, {
    exemplars: true,
    familyName: ({ name, type }) => (type === 'counter' ? name.replace(/_total$/, '') : name),
    end: '# EOF\n',
  });
}

interface Dialect {
  readonly exemplars: boolean;
  readonly familyName: (definition: Family['definition']) => string;
  readonly end: string;
}

function render(registry: MetricsRegistry, { exemplars, familyName, end }: Dialect): string {
  const lines: string[] = [];
  for (const { definition, series } of registry.families()) {
    const name = familyName(definition);
    lines.push(`# HELP ${name} ${definition.help}`, `# TYPE ${name} ${definition.type}`);
    for (const [labels, { series: each }] of series) {
      if (each instanceof Counter) lines.push(`${definition.name}${braces(labels)} ${each.value}`);
      else if (each instanceof Histogram) histogram(lines, definition.name, labels, each, exemplars);
      else lines.push(`${definition.name}${braces(labels)} ${each()}`);
    }
  }
  return `${lines.join('\n')}\n${end}`;
}

function histogram(lines: string[], name: string, labels: string, each: Histogram, exemplars: boolean): void {
  const prefix = labels === '' ? '' : `${labels},`;
  let exemplar = exemplars ? each.exemplar : undefined;
  for (const [bound, count] of each.classic()) {
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
    const shown = exemplar !== undefined && exemplar.seconds <= bound ? exemplarText(exemplar) : '';
    if (shown !== '') exemplar = undefined;
    lines.push(`${name}_bucket{${prefix}le="${le}"} ${count}${shown}`);
  }
  const { sum, count } = each.sketch;
  lines.push(`${name}_sum${braces(labels)} ${sum}`, `${name}_count${braces(labels)} ${count}`);
}

function exemplarText({ traceId, seconds, at }: Exemplar): string {
  return ` # {trace_id="${traceId}"} ${seconds} ${at / 1000}`;
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}
