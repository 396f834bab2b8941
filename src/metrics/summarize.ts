import { compareText } from '../lib/collections.ts';
import type {
  BackendWeights,
  ResourcePlural,
  Side,
  TrafficFlow,
  TrafficParty,
  TrafficReport,
  TrafficResource,
  TrafficSum,
  TrafficSummary,
  WantedSums,
} from './contract.ts';
import { resourcesOf } from './parties.ts';
import { Sum } from './sum.ts';

/** Adds the traffic of a report up. TrafficSplits are only received for, from sources of no kind. */
export function summarize({ series, ...rest }: TrafficReport, wanted: WantedSums): TrafficSummary {
  const summing = new Summing(wanted);
  for (const each of series) for (const sum of summing.sumsOf(each)) sum.add(each);
  return { ...rest, ...summing.results() };
}

/** Knows what each flow counts for. */
export class Summing {
  readonly #wanted: WantedSums;
  readonly #ends: Ends;
  readonly #edges = new Sums<{
    readonly source: TrafficResource | null;
    readonly destination: TrafficResource | null;
  }>();
  readonly #totals = new Sums<{ readonly resource: TrafficResource; readonly direction: 'from' | 'to' }>();

  constructor(wanted: WantedSums) {
    this.#wanted = wanted;
    this.#ends = new Ends(wanted.by);
  }

  /** The sums that take what a flow gains. */
  sumsOf(flow: TrafficFlow): readonly Sum[] {
    const { by, only, weights } = this.#wanted;
    const splits = by === 'trafficsplits';
    const sources = splits || only === 'from' ? [] : this.#ends.of(flow.source);
    const destinations = splits ? splitOf(flow) : only === 'to' ? [] : this.#ends.of(flow.destination);
    if (splits && destinations.length === 0) return [];
    const backend = splits ? backendOf(flow, weights) : undefined;
    const sums: Sum[] = [];
    if (only === undefined || only === 'edges') {
      for (const source of orNone(sources)) {
        for (const destination of orNone(destinations)) {
          const about = { source: source.resource, destination: destination.resource };
          sums.push(this.#edges.of(`${source.text} ${destination.text}`, about, flow.side, backend));
        }
      }
    }
    for (const direction of ['to', 'from'] as const) {
      if (only !== undefined && only !== direction) continue;
      for (const { resource, text } of direction === 'to' ? sources : destinations)
        sums.push(this.#totals.of(`${text} ${direction}`, { resource, direction }, flow.side, backend));
    }
    return sums;
  }

  results(): Pick<TrafficSummary, 'by' | 'edges' | 'totals'> {
    return { by: this.#wanted.by, edges: this.#edges.results(), totals: this.#totals.results() };
  }
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

  of(name: string, about: About, side: Side, backend: TrafficSum['backend']): Sum {
    const key = `${name} ${backend?.name ?? ''} ${side}`;
    let found = this.#sums.get(key);
    if (found === undefined) {
      found = { about, sum: new Sum(side, backend) };
      this.#sums.set(key, found);
    }
    return found.sum;
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

function splitOf({ split }: TrafficFlow): readonly End[] {
  const [namespace = '', name = ''] = split?.split('/') ?? [];
  return name === '' ? [] : [endOf({ kind: 'TrafficSplit', namespace, name })];
}

/** Absent where no backend was chosen: the sidecar answered by itself. */
function backendOf({ split = '', service = '', backend }: TrafficFlow, weights: BackendWeights): TrafficSum['backend'] {
  if (backend === undefined) return undefined;
  return { apex: nameIn(service), name: nameIn(backend), weight: weights(split, backend) ?? 0 };
}

/** Of `NAMESPACE/NAME` the name. */
function nameIn(text: string): string {
  return text.slice(text.indexOf('/') + 1);
}
