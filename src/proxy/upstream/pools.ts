import type { Ticker } from '../ticker.ts';
import type { Breaker } from './breaker.ts';
import type { Dialer, DialTarget } from './dial.ts';
import { EndpointPool } from './endpoint-pool.ts';

/** For a cluster that shares its connections with no other. */
export interface OwnConnections {
  readonly owner: string;
  readonly breaker: Breaker | undefined;
}

/** Collects the pools of a new configuration; `commit` retires those that it did not ask for. */
export interface PoolsTransaction {
  pool(target: DialTarget, connectMillis: number, own: OwnConnections | undefined): EndpointPool;
  commit(): void;
}

/** All pools of a proxy. Clusters that share an endpoint share its connections, unless one has bounds of its own. */
export class Pools {
  readonly #dialer: Dialer;
  readonly #ticker: Ticker;
  #current = new Map<string, EndpointPool>();
  /** No longer configured, still finishing; with their keys. */
  readonly #leaving = new Map<EndpointPool, string>();

  constructor(dialer: Dialer, ticker: Ticker) {
    this.#dialer = dialer;
    this.#ticker = ticker;
  }

  transaction(): PoolsTransaction {
    const wanted = new Map<string, EndpointPool>();
    return {
      pool: (target, connectMillis, own) => {
        const key = `${target.address} ${target.port} ${target.identity} ${target.workload ?? ''} ${target.http2 === true} ${target.tunnel === true} ${target.program === true} ${own?.owner ?? ''}`;
        let pool = wanted.get(key);
        if (pool === undefined) {
          pool = this.#known(key, own?.breaker) ?? new EndpointPool(target, this.#dialer, this.#ticker, own?.breaker);
          if (this.#leaving.delete(pool)) pool.revive();
          wanted.set(key, pool);
        }
        pool.connectMillis = connectMillis;
        return pool;
      },
      commit: () => this.#replace(wanted),
    };
  }

  get connections(): number {
    let count = 0;
    for (const pool of this.#current.values()) count += pool.connections;
    for (const pool of this.#leaving.keys()) count += pool.connections;
    return count;
  }

  destroy(): void {
    for (const pool of [...this.#current.values(), ...this.#leaving.keys()]) pool.destroy();
    this.#current.clear();
    this.#leaving.clear();
  }

  #known(key: string, breaker: Breaker | undefined): EndpointPool | undefined {
    const leaving = [...this.#leaving].filter(([, leftKey]) => leftKey === key).map(([pool]) => pool);
    return [this.#current.get(key), ...leaving].find((pool) => pool !== undefined && pool.breaker === breaker);
  }

  #replace(wanted: Map<string, EndpointPool>): void {
    for (const pool of this.#leaving.keys()) {
      if (pool.connections === 0 && pool.outstanding === 0) this.#leaving.delete(pool);
    }
    for (const [key, pool] of this.#current) {
      if (wanted.get(key) === pool) continue;
      pool.retire();
      this.#leaving.set(pool, key);
    }
    this.#current = wanted;
  }
}
