import { compareText } from '../lib/collections.ts';
import type {
  ResourcePlural,
  TrafficReport,
  TrafficResource,
  TrafficSeries,
  TrafficSum,
  TrafficSummary,
} from './contract.ts';
import { resourcesOf } from './parties.ts';
import { Sum } from './sum.ts';

/** Relative weights of the backends of splits; by split and backend, `NAMESPACE/NAME` each. */
export type BackendWeights = (split: string, backend: string) => number | undefined;

/** Adds the traffic of a report up for the resources of one kind. TrafficSplits are only received for, from sources of no kind. */
export function summarize(report: TrafficReport, by: ResourcePlural, weights: BackendWeights): TrafficSummary {
  const edges = new Sums<{ readonly source: TrafficResource | null; readonly destination: TrafficResource | null }>();
  const totals = new Sums<{ readonly resource: TrafficResource; readonly direction: 'from' | 'to' }>();
  for (const series of report.series) {
    const splits = by === 'trafficsplits';
    const backend = splits ? backendOf(series, weights) : undefined;
    const sources = splits ? [] : resourcesOf(series.source, by);
    const destinations = splits ? splitOf(series) : resourcesOf(series.destination, by);
    if (splits && destinations.length === 0) continue;
    for (const source of orNone(sources)) {
      for (const destination of orNone(destinations)) {
        edges.add(`${textOf(source)} ${textOf(destination)}`, { source, destination }, series, backend);
      }
    }
    const both = [
      ...sources.map((each) => [each, 'to'] as const),
      ...destinations.map((each) => [each, 'from'] as const),
    ];
    for (const [resource, direction] of both) {
      totals.add(`${textOf(resource)} ${direction}`, { resource, direction }, series, backend);
    }
  }
  const { series: _, ...rest } = report;
  return { ...rest, by, edges: edges.results(), totals: totals.results() };
}

/** Sums by what they are about, the side, and the backend. */
class Sums<About extends object> {
  readonly #sums = new Map<string, { readonly about: About; readonly sum: Sum }>();

  add(name: string, about: About, series: TrafficSeries, backend: TrafficSum['backend']): void {
    const key = `${name} ${backend?.name ?? ''} ${series.side}`;
    let found = this.#sums.get(key);
    if (found === undefined) {
      found = { about, sum: new Sum(series.side, backend) };
      this.#sums.set(key, found);
    }
    found.sum.add(series);
  }

  results(): readonly (About & TrafficSum)[] {
    const sorted = [...this.#sums].sort(([a], [b]) => compareText(a, b));
    return sorted.map(([, { about, sum }]) => ({ ...about, ...sum.result() }));
  }
}

function orNone(resources: readonly TrafficResource[]): readonly (TrafficResource | null)[] {
  return resources.length === 0 ? [null] : resources;
}

function splitOf({ split }: TrafficSeries): readonly TrafficResource[] {
  const [namespace = '', name = ''] = split?.split('/') ?? [];
  return name === '' ? [] : [{ kind: 'TrafficSplit', namespace, name }];
}

/** Absent where no backend was chosen: the sidecar answered by itself. */
function backendOf(
  { split = '', service = '', backend }: TrafficSeries,
  weights: BackendWeights,
): TrafficSum['backend'] {
  if (backend === undefined) return undefined;
  return { apex: nameIn(service), name: nameIn(backend), weight: weights(split, backend) ?? 0 };
}

/** Of `NAMESPACE/NAME` the name. */
function nameIn(text: string): string {
  return text.slice(text.indexOf('/') + 1);
}

function textOf(resource: TrafficResource | null): string {
  return resource === null ? '' : `${resource.namespace ?? ''}/${resource.name}`;
}
