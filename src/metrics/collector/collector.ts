import type { Agent } from 'node:http';
import { ok, type Result } from '../../lib/result.ts';
import type { TelemetrySnapshot } from '../../telemetry/snapshot.ts';
import type { MetricsSource, Side, TrafficReport, TrafficSeries, TrafficSummary, WantedSums } from '../contract.ts';
import type { MeshDirectory } from '../directory.ts';
import { LabelledFlow, Parties, trafficSeries } from '../series.ts';
import { FlowGains } from '../sum.ts';
import { Summing } from '../summarize.ts';
import { GainSums } from './gain-sum.ts';
import { type KnownSeries, ProxyHistory, type Span } from './proxy-history.ts';
import { readProxy, type ScrapeTarget, scrapeAgent } from './read-proxy.ts';

export interface CollectorOptions {
  /** The proxies that there are now. */
  readonly targets: () => readonly ScrapeTarget[];
  readonly directory: MeshDirectory;
  /** Between two readings of one proxy, in milliseconds. */
  readonly intervalMillis?: number;
  /** The longest window that can be asked for, in milliseconds. */
  readonly historyMillis?: number;
  /** Proxies are not read, and nothing is remembered, once nobody has asked for so long, in milliseconds; absent: they always are. */
  readonly restsAfterMillis?: number;
  readonly now?: () => number;
}

export interface CollectorFigures {
  /** Bytes that proxies have sent. */
  readonly received: number;
  /** Bytes of history. */
  readonly kept: number;
  readonly readings: number;
  readonly failures: number;
}

const defaultInterval = 5_000;
const defaultHistory = 300_000;
/** Readings under way at a time. */
const maxReadings = 32;
/** Of history, over all proxies; the oldest goes first. */
const maxKeptBytes = 128 * 1024 * 1024;
const ticksPerInterval = 20;
/** Of intervals, between two readings of a proxy that does not answer. */
const longestPause = 12;

interface Proxy {
  target: ScrapeTarget;
  /** The run that is being read last. */
  readonly histories: ProxyHistory[];
  /** In which of the ticks of an interval it is read: they are spread over it. */
  readonly phase: number;
  reading: boolean;
  readAt: number | undefined;
  /** Readings without an answer since the last one that had one, and turns to let pass. */
  failures: number;
  pause: number;
}

/** Reads what every proxy counts, again and again, and remembers what they gained for some minutes. Memory and work are bounded. */
export class Collector implements MetricsSource {
  readonly #options: Required<CollectorOptions>;
  readonly #agent: Agent = scrapeAgent();
  readonly #proxies = new Map<string, Proxy>();
  #observedSince: number;
  /** When somebody asked last; nothing while it rests. */
  #askedAt: number | undefined;
  #tick = 0;
  #underWay = 0;
  readonly #waiting = new Set<Proxy>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #figures = { received: 0, readings: 0, failures: 0 };

  constructor(options: CollectorOptions) {
    this.#options = {
      intervalMillis: defaultInterval,
      historyMillis: defaultHistory,
      restsAfterMillis: Number.POSITIVE_INFINITY,
      now: Date.now,
      ...options,
    };
    this.#observedSince = this.#options.now();
    if (options.restsAfterMillis === undefined) this.#askedAt = this.#observedSince;
  }

  get figures(): CollectorFigures {
    return { ...this.#figures, kept: this.#kept() };
  }

  start(): void {
    this.#timer = setInterval(() => this.#beat(), this.#options.intervalMillis / ticksPerInterval);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#waiting.clear();
    this.#agent.destroy();
  }

  /** Reads every proxy now; resolves when all have answered or failed. */
  async readAll(): Promise<void> {
    this.#follow();
    const turns = [...this.#proxies.values()].values();
    const work = async () => {
      for (const proxy of turns) await this.#read(proxy);
    };
    await Promise.all(Array.from({ length: maxReadings }, work));
  }

  async report(windowMillis: number, now: number, side?: Side): Promise<Result<TrafficReport, string>> {
    const head = this.#head(windowMillis, now);
    return ok({ ...head, series: this.#between(spanOf(windowMillis, now, side)) });
  }

  /** Nothing is made of single series: in a large mesh most of the work is what each of them gained. */
  async summary(windowMillis: number, now: number, wanted: WantedSums): Promise<Result<TrafficSummary, string>> {
    const head = this.#head(windowMillis, now);
    const span = spanOf(windowMillis, now, wanted.side);
    const parties = new Parties(this.#options.directory);
    const summing = new Summing(wanted);
    const gainsOf = ({ labels, kind }: KnownSeries) => {
      const flow = new LabelledFlow(labels, kind, parties);
      return new FlowGains(flow, summing.sumsOf(flow));
    };
    for (const { histories } of this.#proxies.values()) for (const history of histories) history.tell(span, gainsOf);
    return ok({ ...head, ...summing.results() });
  }

  #head(windowMillis: number, now: number): Omit<TrafficReport, 'series'> {
    if (this.#askedAt === undefined) {
      this.#observedSince = this.#options.now();
      // What proxies have counted so far: the next reading tells what they gained.
      if (this.#timer !== undefined) void this.readAll();
    }
    this.#askedAt = this.#options.now();
    const { intervalMillis } = this.#options;
    const present = [...this.#proxies.values()].filter(({ target }) => target.address !== '');
    const lately = now - 3 * intervalMillis;
    return {
      windowSeconds: windowMillis / 1000,
      observedSeconds: Math.max(0, Math.min(windowMillis, now - this.#observedSince)) / 1000,
      at: now,
      measuredBy: 'collector',
      proxies: { known: present.length, read: present.filter(({ readAt = 0 }) => readAt > lately).length },
    };
  }

  #between(span: Span): readonly TrafficSeries[] {
    const parties = new Parties(this.#options.directory);
    const sums = new GainSums();
    const series: TrafficSeries[] = [];
    for (const { histories } of this.#proxies.values()) {
      for (const history of histories) {
        for (const [{ labels, kind }, counted] of history.between(span, sums))
          series.push(trafficSeries(labels, kind, counted, parties));
      }
    }
    return series;
  }

  #beat(): void {
    const { now, restsAfterMillis } = this.#options;
    if (this.#askedAt === undefined) return;
    if (now() - this.#askedAt > restsAfterMillis) {
      this.#askedAt = undefined;
      this.#proxies.clear();
      this.#waiting.clear();
      return;
    }
    if (this.#tick === 0) this.#follow();
    for (const proxy of this.#proxies.values()) {
      if (proxy.phase !== this.#tick || proxy.reading) continue;
      if (proxy.pause > 0) proxy.pause -= 1;
      else this.#waiting.add(proxy);
    }
    this.#tick = (this.#tick + 1) % ticksPerInterval;
    this.#advance();
  }

  #advance(): void {
    while (this.#underWay < maxReadings && !this.#stopped) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#underWay += 1;
      void this.#read(next).then(() => {
        this.#underWay -= 1;
        this.#advance();
      });
    }
  }

  async #read(proxy: Proxy): Promise<void> {
    if (proxy.target.address === '') return;
    proxy.reading = true;
    const read = await readProxy(proxy.target, this.#agent, (bytes) => {
      this.#figures.received += bytes;
    });
    proxy.reading = false;
    this.#figures.readings += 1;
    if (!read.ok || read.value.workload !== proxy.target.workload) {
      // At the address of a pod that is gone another may answer.
      this.#figures.failures += 1;
      proxy.pause = Math.min(2 ** proxy.failures, longestPause) - 1;
      proxy.failures += 1;
      return;
    }
    proxy.failures = 0;
    const now = this.#options.now();
    proxy.readAt = now;
    this.#take(proxy, read.value, now);
  }

  #take({ histories }: Proxy, snapshot: TelemetrySnapshot, now: number): void {
    const current = histories.at(-1);
    if (current?.add(snapshot, now) === true) return;
    // A run that began within what is remembered has been counted by nobody; of an older one the past is not known, or was told long ago.
    const age = snapshot.at - snapshot.startedAt;
    const countsFirst = current !== undefined || age <= now - this.#observedSince;
    histories.push(new ProxyHistory(snapshot, now, countsFirst));
  }

  /** Which proxies there are, and what is old enough to be forgotten. */
  #follow(): void {
    const { now, historyMillis, targets } = this.#options;
    const wanted = new Map(targets().map((target) => [target.workload, target]));
    for (const [workload, target] of wanted) {
      const proxy = this.#proxies.get(workload);
      if (proxy !== undefined) proxy.target = target;
      else {
        const phase = this.#proxies.size % ticksPerInterval;
        this.#proxies.set(workload, {
          target,
          histories: [],
          phase,
          reading: false,
          readAt: undefined,
          failures: 0,
          pause: 0,
        });
      }
    }
    this.#forget(now() - historyMillis, wanted);
    for (let share = 2; this.#kept() > maxKeptBytes; share *= 2) {
      this.#observedSince = now() - historyMillis / share;
      this.#forget(this.#observedSince, wanted);
    }
  }

  #forget(before: number, wanted: ReadonlyMap<string, ScrapeTarget>): void {
    this.#observedSince = Math.max(this.#observedSince, before);
    for (const [workload, proxy] of this.#proxies) {
      const present = wanted.has(workload);
      if (!present) proxy.target = { ...proxy.target, address: '' };
      const kept = proxy.histories.filter(
        (history, index) => history.forget(before) || (present && index === proxy.histories.length - 1),
      );
      proxy.histories.splice(0, proxy.histories.length, ...kept);
      if (!present && kept.length === 0) this.#proxies.delete(workload);
    }
  }

  #kept(): number {
    let bytes = 0;
    for (const { histories } of this.#proxies.values()) for (const history of histories) bytes += history.bytes;
    return bytes;
  }
}

function spanOf(windowMillis: number, now: number, side: Side | undefined): Span {
  return { after: now - windowMillis, until: now, ...(side === undefined ? {} : { side }) };
}
