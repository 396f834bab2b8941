import type { Candidate } from '../choice.ts';

/** What balancing knows of an endpoint. */
export interface BalancedEndpoint extends Candidate {
  /** The same as long as it is the same endpoint, whatever others there are: what the hashing algorithms place it by. */
  readonly id: string;
}

/** A way to choose from a list that does not change. */
export interface Balancer<T> {
  /**
   * `key` is the hash of what binds the request to an endpoint, or `NO_KEY`; `avoid` are endpoints that were tried before.
   * Undefined when nothing else is left.
   */
  choose(key: number, now: number, avoid: readonly T[]): T | undefined;
}
