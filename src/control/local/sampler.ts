import { isDeepStrictEqual } from 'node:util';
import type { PodObject } from '../../kubernetes/types.ts';
import type { WantedShare } from '../messages.ts';
import { scrape } from './metrics-scrape.ts';
import { buildTable, countTraffic, type PodScrape, type TrafficCounts, type TrafficRow } from './table.ts';

export interface SamplerSource {
  readonly pods: readonly PodObject[];
  readonly shares: readonly WantedShare[];
}

export interface TrafficTable {
  readonly rows: readonly TrafficRow[];
  /** What the rows cover. */
  readonly seconds: number;
}

interface Snapshot {
  readonly at: number;
  readonly counts: TrafficCounts;
}

const periodMillis = 1_000;
const windowMillis = 5_000;

/** Asks every sidecar once a second what it counted, and remembers enough for a table of the last five seconds. */
export class TrafficSampler {
  readonly #source: SamplerSource;
  readonly #onSample: () => void;
  /** Kept per pod, so that a sidecar that is away for a moment, or gone for good, still counts with what it had. */
  readonly #scrapes = new Map<string, PodScrape>();
  #first: Snapshot | undefined;
  #firstShares: readonly WantedShare[] = [];
  #sharesChanged = false;
  #recent: Snapshot[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(source: SamplerSource, onSample: () => void) {
    this.#source = source;
    this.#onSample = onSample;
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#tick(), periodMillis);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async sample(): Promise<void> {
    await Promise.all(this.#source.pods.map((pod) => this.#scrapePod(pod)));
    const snapshot = { at: performance.now(), counts: countTraffic([...this.#scrapes.values()]) };
    this.#first ??= { at: snapshot.at, counts: new Map() };
    this.#followShares();
    const oldest = snapshot.at - windowMillis - periodMillis / 2;
    this.#recent = [...this.#recent.filter(({ at }) => at >= oldest), snapshot];
  }

  /** The last five seconds. */
  recent(): TrafficTable {
    return this.#between(this.#recent[0], this.#source.shares);
  }

  /** Everything since the start; without wanted shares when they were not the same all the time. */
  whole(): TrafficTable {
    return this.#between(this.#first, this.#sharesChanged ? [] : this.#firstShares);
  }

  async #tick(): Promise<void> {
    await this.sample();
    if (this.#stopped) return;
    this.#onSample();
    this.start();
  }

  async #scrapePod(planned: PodObject): Promise<void> {
    const { meta, ips } = planned;
    const samples = ips[0] === undefined ? undefined : await scrape(ips[0]);
    if (samples === undefined) return;
    const pod = `${meta.namespace}/${meta.name}`;
    this.#scrapes.set(pod, { pod, source: `${meta.namespace}/${meta.owners[0]?.name ?? meta.name}`, samples });
  }

  #followShares(): void {
    const { shares } = this.#source;
    if (this.#firstShares.length === 0) this.#firstShares = shares;
    else if (!isDeepStrictEqual(shares, this.#firstShares)) this.#sharesChanged = true;
  }

  #between(before: Snapshot | undefined, shares: readonly WantedShare[]): TrafficTable {
    const after = this.#recent.at(-1);
    if (before === undefined || after === undefined) return { rows: [], seconds: 0 };
    const seconds = Math.max(0.001, (after.at - before.at) / 1000);
    return { rows: buildTable(before.counts, after.counts, seconds, shares), seconds };
  }
}
