import { LatencySketch } from '../telemetry/latency-sketch.ts';
import { noCodes } from './codes.ts';
import type { TrafficParty, TrafficReport, TrafficSeries } from './contract.ts';

/**
 * A report in which each request counts once, and the pods of one owner together: parties have their farthest owner in place of pod and
 * node. In a mesh of many replicas this is a small part of the whole.
 */
export function mergePods(report: TrafficReport): TrafficReport {
  const parties = new Owners();
  const merged = new Map<string, Merged>();
  for (const series of report.series.filter(countsOnce(report.series))) {
    const [source, destination] = [parties.of(series.source), parties.of(series.destination)];
    const { side, kind, service, port, backend, split, rule } = series;
    const key = JSON.stringify([side, kind, source.key, destination.key, service, port, backend, split, rule]);
    let into = merged.get(key);
    if (into === undefined) {
      into = new Merged({ ...series, source: source.party, destination: destination.party });
      merged.set(key, into);
    }
    into.add(series);
  }
  return { ...report, series: [...merged.values()].map((each) => each.series()) };
}

/**
 * Both proxies of a request count it: the client's is taken, which knows the Service and has seen retries and the network. That of the
 * server is for callers without a proxy.
 */
function countsOnce(series: readonly TrafficSeries[]): (one: TrafficSeries) => boolean {
  const clients = new Set(series.flatMap(({ side, source }) => (side === 'client' ? (source.identity ?? []) : [])));
  return ({ side, source }) => side === 'client' || source.identity === undefined || !clients.has(source.identity);
}

interface Owner {
  readonly party: TrafficParty;
  readonly key: string;
}

class Owners {
  /** Series share parties. */
  readonly #known = new Map<TrafficParty, Owner>();

  of(party: TrafficParty): Owner {
    let known = this.#known.get(party);
    if (known === undefined) {
      const { pod, node, owners, ...rest } = party;
      const last = owners?.at(-1);
      const owner = last === undefined ? party : { ...rest, owners: [last] };
      known = { party: owner, key: JSON.stringify(owner) };
      this.#known.set(party, known);
    }
    return known;
  }
}

class Merged {
  readonly #first: TrafficSeries;
  readonly #counts = { success: 0, failure: 0, denied: 0, retries: 0 };
  readonly #codes = noCodes();
  #latency: LatencySketch | undefined;

  constructor(first: TrafficSeries) {
    this.#first = first;
  }

  add({ success, failure, denied, retries, codes, latency }: TrafficSeries): void {
    this.#counts.success += success;
    this.#counts.failure += failure;
    this.#counts.denied += denied;
    this.#counts.retries += retries;
    for (const code in codes) this.#codes[code] = (this.#codes[code] ?? 0) + codes[code]!;
    if (latency === undefined) return;
    this.#latency ??= new LatencySketch();
    this.#latency.add(latency);
  }

  series(): TrafficSeries {
    const latency = this.#latency === undefined ? {} : { latency: this.#latency.toJSON() };
    return { ...this.#first, ...this.#counts, codes: this.#codes, ...latency };
  }
}
