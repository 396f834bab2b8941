import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { hashText } from './hash.ts';
import { anyOf } from './in-turn.ts';
import { NO_KEY } from './key.ts';

/** Prime, so that every endpoint's permutation reaches every slot. */
const tableSize = 65_537;
const skipSeed = 0x9747b28c;
const empty = -1;

/**
 * Consistent hashing by a table of which each endpoint takes slots in turn, in an order of its own (Eisenbud et al.,
 * "Maglev", 3.4). Shares are equal within one slot; with an endpoint less a few other keys move too.
 */
export class Maglev<T extends BalancedEndpoint> implements Balancer<T> {
  readonly #endpoints: readonly T[];
  readonly #random: () => number;
  readonly #table: Int32Array;

  constructor(candidates: readonly T[], random: () => number) {
    this.#endpoints = candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#random = random;
    this.#table = fill(this.#endpoints);
  }

  choose(key: number, _now: number, avoid: readonly T[]): T | undefined {
    if (key === NO_KEY || this.#endpoints.length === 0) return anyOf(this.#endpoints, this.#random, avoid);
    for (let step = 0; step < tableSize; step++) {
      const endpoint = this.#endpoints[this.#table[(key + step) % tableSize]!]!;
      if (!avoid.includes(endpoint)) return endpoint;
    }
    return undefined;
  }
}

function fill(endpoints: readonly BalancedEndpoint[]): Int32Array {
  const table = new Int32Array(tableSize).fill(empty);
  if (endpoints.length === 0) return table;
  const slots = endpoints.map(({ id }) => hashText(id) % tableSize);
  const skips = endpoints.map(({ id }) => (hashText(id, skipSeed) % (tableSize - 1)) + 1);
  for (let filled = 0; filled < tableSize; ) {
    for (let index = 0; index < endpoints.length && filled < tableSize; index++) {
      let slot = slots[index]!;
      while (table[slot] !== empty) slot = (slot + skips[index]!) % tableSize;
      table[slot] = index;
      slots[index] = (slot + skips[index]!) % tableSize;
      filled++;
    }
  }
  return table;
}
