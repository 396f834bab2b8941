import { compareText } from '../lib/collections.ts';
import type {
  ResourcePlural,
  SummaryPart,
  TrafficParty,
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

/**
 * Adds the traffic of a report up for the resources of one kind: all sums, or `only` some. TrafficSplits are only received for, from sources
 * of no kind.
 */
export function summarize(
  report: TrafficReport,
  by: ResourcePlural,
  weights: BackendWeights,
  only?: SummaryPart,
): TrafficSummary {
  const edges = new Sums<{ readonly source: TrafficResource | null; readonly destination: TrafficResource | null }>();
  const totals = new Sums<{ readonly resource: TrafficResource; readonly direction: 'from' | 'to' }>();
  const splits = by === 'trafficsplits';
  const ends = new Ends(by);
  for (const series of report.series) {
    const backend = splits ? backendOf(series, weights) : undefined;
    const sources = splits ? [] : ends.of(series.source);
    const destinations = splits ? splitOf(series) : ends.of(series.destination);
    if (splits && destinations.length === 0) continue;
    if (only === undefined || only === 'edges') {
      for (const source of orNone(sources)) {
        for (const destination of orNone(destinations)) {
          const about = { source: source.resource, destination: destination.resource };
          edges.add(`${source.text} ${destination.text}`, about, series, backend);
        }
      }
    }
    for (const direction of ['to', 'from'] as const) {
      if (only !== undefined && only !== direction) continue;
      for (const { resource, text } of direction === 'to' ? sources : destinations)
        totals.add(`${text} ${direction}`, { resource, direction }, series, backend);
    }
  }
  const { series: _, ...rest } = report;
  return { ...rest, by, edges: edges.results(), totals: totals.results() };
}

interface End<Resource extends TrafficResource | null = TrafficResource> {
  readonly resource: Resource;
  /** Tells it from others of its kind. */
  readonly text: string;
}

/** The resources of one kind that parties count for; a party that many series share is looked at once. */
class Ends {
  readonly #by: ResourcePlural;
  readonly #known = new Map<TrafficParty, readonly End[]>();

  constructor(by: ResourcePlural) {
    this.#by = by;
  }

  of(party: TrafficParty): readonly End[] {
    let ends = this.#known.get(party);
    if (ends === undefined) {
      ends = resourcesOf(party, this.#by).map(endOf);
      this.#known.set(party, ends);
    }
    return ends;
  }
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

const none: readonly End<null>[] = [{ resource: null, text: '' }];

function orNone(ends: readonly End[]): readonly End<TrafficResource | null>[] {
  return ends.length === 0 ? none : ends;
}

function endOf(resource: TrafficResource): End {
  return { resource, text: `${resource.namespace ?? ''}/${resource.name}` };
}

function splitOf({ split }: TrafficSeries): readonly End[] {
  const [namespace = '', name = ''] = split?.split('/') ?? [];
  return name === '' ? [] : [endOf({ kind: 'TrafficSplit', namespace, name })];
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
