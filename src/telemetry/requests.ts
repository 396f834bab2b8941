import { metrics } from './catalogue.ts';
import { codeClass, type TrafficLabels, type Verdict } from './labels.ts';
import type { MetricsRegistry } from './registry.ts';
import type { Counter, Histogram, Labels } from './series.ts';

/** What went through a raw connection, and for how long. */
export interface ConnectionCounters {
  readonly toServer: Counter;
  readonly toClient: Counter;
  readonly seconds: Counter;
}

/** What went through tunnels, in bytes. */
export interface TunnelBytes {
  readonly toServer: Counter;
  readonly toClient: Counter;
}

/** The pod that took a request, as the client knows it. */
export interface ServingPod {
  /** `NAMESPACE/POD`; empty where it is none of the mesh. */
  readonly workload?: string;
  /** `KIND/NAME`. */
  readonly owner?: string;
  readonly identity: string;
}

/** An exemplar for one request a second is as good as one for each. */
const exemplarMillis = 1_000;

/** Counts the requests and connections of one kind, apart for each pod that takes them. */
export class RequestSeries {
  readonly labels: TrafficLabels;
  readonly #registry: MetricsRegistry;
  readonly #pods = new Map<string, PodSeries>();
  #unserved: PodSeries | undefined;
  /** Most requests go to one of few pods. */
  #lastPod: ServingPod | undefined;
  #last: PodSeries | undefined;

  constructor(registry: MetricsRegistry, labels: TrafficLabels) {
    this.#registry = registry;
    this.labels = labels;
  }

  /** What one pod took; without one, what none did. */
  of(pod: ServingPod | undefined): PodSeries {
    if (pod !== undefined && pod === this.#lastPod) return this.#last!;
    const { workload = '' } = pod ?? {};
    if (pod === undefined || workload === '') {
      this.#unserved ??= new PodSeries(this.#registry, this.labels);
      return this.#unserved;
    }
    let series = this.#pods.get(workload);
    if (series === undefined) {
      series = new PodSeries(this.#registry, servedBy(this.labels, pod, workload));
      if (this.#pods.size >= maxPods) this.#pods.clear();
      this.#pods.set(workload, series);
    }
    this.#lastPod = pod;
    this.#last = series;
    return series;
  }

  /** A raw connection was taken, or not. */
  connection(verdict: Verdict, pod?: ServingPod): void {
    this.of(pod).connection(verdict);
  }

  /** For a raw connection that is carried. */
  carried(pod?: ServingPod): ConnectionCounters {
    return this.of(pod).carried();
  }

  /** A raw connection is tried at another endpoint. */
  connectRetried(): void {
    this.#count(metrics.tcpRetries, { reason: 'connect-failure' });
  }

  /** A request went out once more. */
  retried(reason: string, times = 1): void {
    this.#count(metrics.retries, { reason }, times);
  }

  /** A request would have gone out once more, but too many did already. */
  budgetExhausted(): void {
    this.#count(metrics.retryBudgetExhausted);
  }

  deadlineExceeded(): void {
    this.#count(metrics.deadlineExceeded);
  }

  /** For a request whose connection becomes a tunnel. */
  tunnel(): TunnelBytes {
    const counter = (flow: string) => this.#registry.counter(metrics.tunnelBytes, { ...this.labels, flow });
    return { toServer: counter('to-server'), toClient: counter('to-client') };
  }

  /** Policy delayed the request, or answered it, on purpose. */
  faulted(kind: 'delay' | 'abort'): void {
    this.#count(metrics.faults, { kind });
  }

  /** A copy of a request ended, or was not made. */
  mirrored(mirror: string, outcome: string): void {
    this.#count(metrics.mirrored, { mirror, outcome });
  }

  /** Too many requests came. */
  rateLimited(policy: string): void {
    this.#count(metrics.rateLimited, { policy });
  }

  #count(definition: (typeof metrics)[keyof typeof metrics], more: Labels = {}, times = 1): void {
    this.#registry.counter(definition, { ...this.labels, ...more }).value += times;
  }
}

/** Remembered for each kind of request; those that are not are found again in the registry. */
const maxPods = 1_000;

function servedBy(labels: TrafficLabels, { owner = '', identity }: ServingPod, workload: string): TrafficLabels {
  const slash = workload.indexOf('/');
  return {
    ...labels,
    destination_namespace: workload.slice(0, slash),
    destination_owner: owner,
    destination_pod: workload.slice(slash + 1),
    destination_identity: identity,
  };
}

/** The requests of one kind that one pod took, or none. */
export class PodSeries {
  readonly #registry: MetricsRegistry;
  readonly #labels: TrafficLabels;
  readonly #codes: number[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #counters: Counter[] = [];
  readonly #connections: Partial<Record<Verdict, Counter>> = {};
  #duration: Histogram | undefined;
  #carried: ConnectionCounters | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(registry: MetricsRegistry, labels: TrafficLabels) {
    this.#registry = registry;
    this.#labels = labels;
  }

  /** `code` is the status that the client got, 0 when it got none. */
  record(code: number, verdict: Verdict, seconds: number): void {
    // How long a tunnel stood says nothing about how fast the server answers.
    if (code !== 101) this.#histogram().observe(seconds);
    for (let i = 0; i < this.#codes.length; i++) {
      if (this.#codes[i] === code && this.#verdicts[i] === verdict) {
        this.#counters[i]!.value++;
        return;
      }
    }
    this.#add(code, verdict).value++;
  }

  /** Whether somebody should look for the trace of what was recorded last: once in a while. `now`: milliseconds on any clock. */
  wantsExemplar(now: number): boolean {
    if (now - this.#askedAt < exemplarMillis) return false;
    this.#askedAt = now;
    return true;
  }

  /** `at`: milliseconds since 1970. */
  exemplify(traceId: string, seconds: number, at: number): void {
    this.#histogram().exemplar = { traceId, seconds, at };
  }

  connection(verdict: Verdict): void {
    this.#connections[verdict] ??= this.#registry.counter(metrics.tcpConnections, { ...this.#labels, verdict });
    this.#connections[verdict].value++;
  }

  carried(): ConnectionCounters {
    this.#carried ??= this.#carry();
    return this.#carried;
  }

  #histogram(): Histogram {
    this.#duration ??= this.#registry.histogram(metrics.requestSeconds, this.#labels);
    return this.#duration;
  }

  #carry(): ConnectionCounters {
    const bytes = (flow: string) => this.#registry.counter(metrics.tcpBytes, { ...this.#labels, flow });
    const seconds = this.#registry.counter(metrics.tcpSeconds, this.#labels);
    return { toServer: bytes('to-server'), toClient: bytes('to-client'), seconds };
  }

  #add(code: number, verdict: Verdict): Counter {
    const labels = { ...this.#labels, code_class: codeClass(code), code: String(code), verdict };
    const counter = this.#registry.counter(metrics.requests, labels);
    this.#codes.push(code);
    this.#verdicts.push(verdict);
    this.#counters.push(counter);
    return counter;
  }
}
