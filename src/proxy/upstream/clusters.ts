import type { Locality } from '../../lib/locality.ts';
import { metrics as catalogue } from '../../telemetry/catalogue.ts';
import type { Ejection } from '../../telemetry/ejections.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import { ClusterMetrics } from '../telemetry/clusters.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import { bounds } from './breaker.ts';
import { Cluster, type ClusterEnvironment, type EndpointState } from './cluster.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import type { DialTarget } from './dial.ts';
import type { Pools } from './pools.ts';

/** An endpoint as configured. */
export interface ClusterMember {
  readonly target: DialTarget;
  /** Whether the server says that it serves. */
  readonly ready: boolean;
  readonly locality: Locality;
}

/** Collects the clusters of a new configuration. What a cluster is told holds at once. */
export interface ClustersTransaction {
  cluster(name: string, settings: ClusterSettings, members: readonly ClusterMember[]): Cluster;
  /** Forgets the clusters and retires the pools that nobody asked for. */
  commit(): void;
}

const states: readonly EndpointState[] = ['healthy', 'ejected', 'unhealthy', 'vanished'];

/** All clusters of a proxy, by name, through all changes of configuration. */
export class Clusters implements Tickable {
  readonly #pools: Pools;
  readonly #ticker: Ticker;
  readonly #registry: MetricsRegistry;
  readonly #environment: ClusterEnvironment;
  #current = new Map<string, Cluster>();

  constructor(pools: Pools, ticker: Ticker, registry: MetricsRegistry, environment: ClusterEnvironment) {
    this.#pools = pools;
    this.#ticker = ticker;
    this.#registry = registry;
    this.#environment = environment;
    ticker.add(this);
  }

  transaction(): ClustersTransaction {
    const wanted = new Map<string, Cluster>();
    const pools = this.#pools.transaction();
    return {
      cluster: (name, settings, members) => {
        const known = wanted.get(name);
        if (known !== undefined) return known;
        const cluster = this.#current.get(name) ?? this.#create(name, settings);
        wanted.set(name, cluster);
        cluster.limit(settings.breaker);
        if (settings.breaker !== undefined) this.#showBreaker(name);
        const own = settings.ownConnections ? { owner: name, breaker: cluster.breaker } : undefined;
        const ready = members.filter((member) => member.ready);
        const unready = members.filter((member) => !member.ready).map(({ target }) => target);
        const all = ready.map(({ target, locality }) => ({
          pool: pools.pool(target, settings.connectMillis, own),
          locality,
        }));
        cluster.update(settings, all, this.#ticker.now, unready);
        return cluster;
      },
      commit: () => {
        this.#current = wanted;
        pools.commit();
      },
    };
  }

  tick(now: number): void {
    for (const cluster of this.#current.values()) cluster.tick(now);
  }

  /** What outlier detection keeps out now. */
  ejections(): readonly Ejection[] {
    const epoch = Date.now() - performance.now();
    return [...this.#current.values()].flatMap((cluster) =>
      [...cluster.ejected()].map(({ id, outlier: { ejectedAt, ejectedUntil, reason } }) => ({
        ...{ cluster: cluster.name, endpoint: id, why: reason },
        ...{ since: Math.round(epoch + ejectedAt), until: Math.round(epoch + ejectedUntil) },
      })),
    );
  }

  #showBreaker(name: string): void {
    for (const bound of bounds) {
      const open = () => (this.#current.get(name)?.breaker?.isOpen(bound) === true ? 1 : 0);
      this.#registry.gauge(catalogue.breakerOpen, open, { cluster: name, bound });
    }
  }

  #create(name: string, settings: ClusterSettings): Cluster {
    const metrics = new ClusterMetrics(this.#registry, name);
    for (const state of states) {
      const count = () => this.#current.get(name)?.count(state) ?? 0;
      this.#registry.gauge(catalogue.endpoints, count, { cluster: name, state });
    }
    return new Cluster(name, settings, metrics, this.#environment);
  }
}
