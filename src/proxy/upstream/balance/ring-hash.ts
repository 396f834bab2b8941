import { limits } from '../../limits.ts';
import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { hashText, mix } from './hash.ts';
import { anyOf } from './in-turn.ts';
import { NO_KEY } from './key.ts';

const pointsPerEndpoint = 160;
const secondSeed = 0x5bd1e995;

/**
 * Consistent hashing on a ring, as ketama does: each endpoint has many points, a key belongs to the next point. With an
 * endpoint less only its own keys move.
 */
export class RingHash<T extends BalancedEndpoint> implements Balancer<T> {
  readonly #endpoints: readonly T[];
  readonly #random: () => number;
  readonly #points: Uint32Array;
  /** Of each point, the index of its endpoint. */
  readonly #owners: Uint32Array;

  constructor(candidates: readonly T[], random: () => number) {
    const endpoints = candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const each = Math.max(1, Math.min(pointsPerEndpoint, Math.floor(limits.ringPoints / endpoints.length)));
    // A point and its owner as one number, so that sorting numbers sorts both.
    const pairs = new Float64Array(endpoints.length * each);
    for (const [owner, { id }] of endpoints.entries()) {
      const base = hashText(id);
      const other = hashText(id, secondSeed);
      for (let i = 0; i < each; i++) pairs[owner * each + i] = mix(base ^ mix(other + i)) * ownerRange + owner;
    }
    pairs.sort();
    this.#endpoints = endpoints;
    this.#random = random;
    this.#points = Uint32Array.from(pairs, (pair) => Math.floor(pair / ownerRange));
    this.#owners = Uint32Array.from(pairs, (pair) => pair % ownerRange);
  }

  choose(key: number, _now: number, avoid: readonly T[]): T | undefined {
    if (key === NO_KEY) return anyOf(this.#endpoints, this.#random, avoid);
    const count = this.#points.length;
    const start = this.#firstFrom(key);
    for (let step = 0; step < count; step++) {
      const endpoint = this.#endpoints[this.#owners[(start + step) % count]!]!;
      if (!avoid.includes(endpoint)) return endpoint;
    }
    return undefined;
  }

  /** Index of the first point at or after the key; their number when there is none. */
  #firstFrom(key: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Above any index of an endpoint; with 32 bits of a point it stays an exact integer. */
const ownerRange = 2 ** 20;
