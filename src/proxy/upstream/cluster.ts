import { chooseFaster } from './choice.ts';
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

  /** The faster of two random endpoints at a time on the monotonic clock; undefined when none is ready. */
  choose(now: number): EndpointPool | undefined {
    return chooseFaster(this.#pools, now, Math.random);
  }
}
