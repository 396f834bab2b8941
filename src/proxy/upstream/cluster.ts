import { type Locality, tiersOf } from '../../lib/locality.ts';
import { limits } from '../limits.ts';
import type { ClusterMetrics, OverflowReason } from '../telemetry/clusters.ts';
import { type KeySource, NO_KEY } from './balance/key.ts';
import { Breaker, type BreakerLimits } from './breaker.ts';
import { chooseFaster } from './choice.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import type { DialTarget } from './dial.ts';
import { Endpoint } from './endpoint.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { HealthChecker } from './health-check.ts';
import { OutlierDetector } from './outlier.ts';
import { Selection } from './selection.ts';

/** A ready endpoint as configured. */
export interface Member {
  readonly pool: EndpointPool;
  readonly locality: Locality;
}

/** Finds out whether an endpoint serves. `done` is called once, within the time. */
export interface Prober {
  probe(pool: EndpointPool, question: ProbeQuestion, done: (ok: boolean, now: number) => void): void;
}

export interface ProbeQuestion {
  /** Of a GET; empty: a connection must be possible. */
  readonly path: string;
  readonly timeoutMillis: number;
  /** The lowest status that is a failure. */
  readonly failsFrom: number;
}

export interface ClusterEnvironment {
  readonly prober: Prober;
  readonly random: () => number;
}

export type EndpointState = 'healthy' | 'ejected' | 'unhealthy' | 'vanished';

const none: readonly never[] = [];

/** The endpoints of one service port. It outlives changes of configuration, and with it what is known of its endpoints. */
export class Cluster {
  /** `NAMESPACE/SERVICE:PORT`. */
  readonly name: string;
  /** Undefined without bounds of a policy. */
  breaker: Breaker | undefined;
  #settings: ClusterSettings;
  #endpoints: readonly Endpoint[] = [];
  /** No longer configured, with the time until which they are remembered. */
  #vanished: readonly { readonly endpoint: Endpoint; readonly until: number }[] = [];
  /** Undefined: has to be made anew. */
  #selection: Selection<Endpoint> | undefined;
  readonly #metrics: ClusterMetrics;
  readonly #random: () => number;
  readonly #detector: OutlierDetector<Endpoint>;
  readonly #checker: HealthChecker<Endpoint>;

  constructor(name: string, settings: ClusterSettings, metrics: ClusterMetrics, environment: ClusterEnvironment) {
    const { prober, random } = environment;
    this.name = name;
    this.#settings = settings;
    this.#metrics = metrics;
    this.#random = random;
    this.#detector = new OutlierDetector({
      probe: ({ pool }, done) => {
        const path = this.#settings.outlier?.probePath ?? '';
        prober.probe(pool, { path, timeoutMillis: limits.probeMillis, failsFrom: 500 }, done);
      },
      probed: (ok) => metrics.probed(ok),
      ejected: () => {
        metrics.ejected();
        this.#selection = undefined;
      },
      returned: ({ latency }) => {
        latency.forget();
        this.#selection = undefined;
      },
    });
    this.#checker = new HealthChecker(
      {
        check: ({ pool }, { path, timeoutMillis }, done) =>
          prober.probe(pool, { path, timeoutMillis, failsFrom: 400 }, (ok, now) => {
            metrics.checked(ok);
            done(ok, now);
          }),
        changed: () => {
          this.#selection = undefined;
        },
      },
      random,
    );
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Takes over the bounds of a policy. What is open counts on. */
  limit(limits: BreakerLimits | undefined): void {
    if (limits === undefined) this.breaker = undefined;
    else if (this.breaker === undefined) this.breaker = new Breaker(limits, this.#metrics);
    else this.breaker.limits = limits;
  }

  /**
   * Takes over a configuration. What is known of a server stays with it, until it says itself that it is not ready: then it
   * is as if it had never been there.
   */
  update(
    settings: ClusterSettings,
    members: readonly Member[],
    now: number,
    unready: readonly DialTarget[] = none,
  ): void {
    const refusing = new Set(unready.map(serverKey));
    const before = this.#endpoints;
    const known = new Map(
      [...this.#vanished.map(({ endpoint }) => endpoint), ...before].map((one) => [serverOf(one), one]),
    );
    const listed = new Map<string, Endpoint>();
    for (const member of members) listed.set(serverOf(member), this.#endpoint(member, known.get(serverOf(member))));
    const until = now + limits.vanishedMillis;
    this.#vanished = [...this.#vanished, ...before.map((endpoint) => ({ endpoint, until }))].filter(
      ({ endpoint }) => !listed.has(serverOf(endpoint)) && !refusing.has(serverOf(endpoint)),
    );
    this.#endpoints = [...listed.values()];
    this.#settings = settings;
    this.#selection = undefined;
    this.#detector.watch(this.#endpoints, settings.outlier);
    this.#checker.watch(this.#endpoints, settings.health);
  }

  /**
   * Who shall have a request, at a time on the monotonic clock: by the policy's algorithm, among the healthy ones of the
   * nearest tier that has enough. `avoid` are endpoints that had it already: they are chosen only when nobody else is left.
   * Undefined when there is nobody.
   */
  choose(request: KeySource, now: number, avoid: readonly Endpoint[] = none): Endpoint | undefined {
    const selection = this.#selection ?? this.#select();
    if (selection.usable === 0) {
      const vanished = this.#chooseVanished(now, avoid);
      if (vanished !== undefined) return vanished;
    }
    if (selection.panic) this.#metrics.panic();
    const { keyOf } = this.#settings;
    return selection.choose(keyOf === undefined ? NO_KEY : keyOf(request), now, avoid);
  }

  /** Counts a request that was refused for want of room. */
  overflow(reason: OverflowReason): void {
    this.#metrics.overflow(reason);
  }

  tick(now: number): void {
    if (this.#vanished.length > 0) this.#vanished = this.#vanished.filter(({ until }) => now < until);
    this.#detector.tick(now);
    this.#checker.tick(now);
  }

  /** How many endpoints are in a state. */
  count(state: EndpointState): number {
    if (state === 'vanished') return this.#vanished.filter(({ endpoint }) => endpoint.pool.roomy).length;
    return this.#endpoints.filter((endpoint) => stateOf(endpoint) === state).length;
  }

  /** The endpoints that are ejected now. */
  *ejected(): Generator<Endpoint> {
    for (const endpoint of this.#endpoints) if (endpoint.outlier.state !== 'in') yield endpoint;
  }

  #endpoint({ pool, locality }: Member, known: Endpoint | undefined): Endpoint {
    if (known?.pool !== pool) return new Endpoint(pool, locality, this.#detector, known);
    known.locality = locality;
    return known;
  }

  #select(): Selection<Endpoint> {
    const { preference } = this.#settings;
    const tiers = tiersOf(this.#endpoints, ({ locality }) => locality, preference);
    this.#selection = new Selection(tiers, ({ usable }) => usable, this.#settings, this.#random);
    return this.#selection;
  }

  /** Discovery lags behind: a connection that is open to one that it no longer lists proves more than the list. */
  #chooseVanished(now: number, avoid: readonly Endpoint[]): Endpoint | undefined {
    if (this.#vanished.length === 0) return undefined;
    const open = this.#vanished.map(({ endpoint }) => endpoint).filter((one) => one.pool.roomy && !avoid.includes(one));
    return chooseFaster(open, now, this.#random);
  }
}

function serverOf({ pool }: { readonly pool: EndpointPool }): string {
  return serverKey(pool.target);
}

function serverKey({ address, port, identity }: DialTarget): string {
  return `${address} ${port} ${identity}`;
}

function stateOf({ outlier, health }: Endpoint): EndpointState {
  if (outlier.state !== 'in') return 'ejected';
  return health.healthy ? 'healthy' : 'unhealthy';
}
