import type { Ticker } from '../ticker.ts';
import type { Dialer, DialTarget } from './dial.ts';
import { EndpointPool } from './endpoint-pool.ts';

/** All pools of a proxy. Services that share an endpoint share its connections. */
export class Pools {
  readonly #dialer: Dialer;
  readonly #ticker: Ticker;
  #current = new Map<string, EndpointPool>();
  /** No longer configured, still finishing. */
  readonly #leaving = new Set<EndpointPool>();

  constructor(dialer: Dialer, ticker: Ticker) {
    this.#dialer = dialer;
    this.#ticker = ticker;
  }

  /** Collects the pools of a new configuration; `commit` retires those that it did not ask for. */
  transaction(): { pool(target: DialTarget): EndpointPool; commit(): void } {
    const wanted = new Map<string, EndpointPool>();
    return {
      pool: (target) => {
        const key = `${target.address} ${target.port} ${target.identity}`;
        const pool = wanted.get(key) ?? this.#current.get(key) ?? new EndpointPool(target, this.#dialer, this.#ticker);
        wanted.set(key, pool);
        return pool;
      },
      commit: () => {
        for (const [key, pool] of this.#current) {
          if (wanted.has(key)) continue;
          pool.retire();
          this.#leaving.add(pool);
        }
        for (const pool of this.#leaving) {
          if (pool.connections === 0 && pool.outstanding === 0) this.#leaving.delete(pool);
        }
        this.#current = wanted;
      },
    };
  }

  get connections(): number {
    let count = 0;
    for (const pool of this.#current.values()) count += pool.connections;
    for (const pool of this.#leaving) count += pool.connections;
    return count;
  }

  destroy(): void {
    for (const pool of [...this.#current.values(), ...this.#leaving]) pool.destroy();
    this.#current.clear();
    this.#leaving.clear();
  }
}
