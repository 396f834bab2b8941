import type { EndpointPool } from './endpoint-pool.ts';

/** The ready endpoints of one service port. */
export class Cluster {
  /** `NAMESPACE/SERVICE:PORT`. */
  readonly name: string;
  readonly #pools: readonly EndpointPool[];

  constructor(name: string, pools: readonly EndpointPool[]) {
    this.name = name;
    this.#pools = pools;
  }

  /** The less busy of two random endpoints; undefined when none is ready. */
  choose(): EndpointPool | undefined {
    const pools = this.#pools;
    if (pools.length < 2) return pools[0];
    const first = Math.floor(Math.random() * pools.length);
    const other = (first + 1 + Math.floor(Math.random() * (pools.length - 1))) % pools.length;
    const a = pools[first]!;
    const b = pools[other]!;
    return b.outstanding < a.outstanding ? b : a;
  }
}
