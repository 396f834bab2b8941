import { type Algorithm, createBalancer } from './balance/algorithms.ts';
import type { BalancedEndpoint, Balancer } from './balance/balancer.ts';
import { mix } from './balance/hash.ts';
import { NO_KEY } from './balance/key.ts';
import { sharesOf } from './balance/tier-shares.ts';

interface Tier<T> {
  readonly balancer: Balancer<T>;
  /** Of the requests, from 0 to 1. */
  readonly share: number;
}

const none: readonly never[] = [];

/** Who can be chosen, as things stand: made anew whenever an endpoint's state changes. */
export class Selection<T extends BalancedEndpoint> {
  /** Too few are usable, so that the choice is among all. */
  readonly panic: boolean;
  /** How many of all are usable. */
  readonly usable: number;
  /** The nearest first; none is empty. */
  readonly #tiers: readonly Tier<T>[];
  readonly #random: () => number;

  /** `tiers`: the nearest first, none empty. */
  constructor(
    tiers: readonly (readonly T[])[],
    usable: (endpoint: T) => boolean,
    settings: { readonly algorithm: Algorithm; readonly panicPercent: number },
    random: () => number,
  ) {
    const healthy = tiers.map((tier) => tier.filter(usable));
    const total = tiers.reduce((sum, tier) => sum + tier.length, 0);
    this.usable = healthy.reduce((sum, tier) => sum + tier.length, 0);
    this.panic = this.usable * 100 < settings.panicPercent * total;
    this.#random = random;
    const members = this.panic ? tiers : healthy;
    const shares = sharesOf(tiers.map((tier, index) => ({ healthy: members[index]!.length, total: tier.length })));
    this.#tiers = members
      .map((list, index) => ({ list, share: shares[index]! }))
      .filter(({ list }) => list.length > 0)
      .map(({ list, share }) => ({ balancer: createBalancer(settings.algorithm, list, random), share }));
  }

  /** Undefined when there is nobody. With everybody in `avoid`, one that was tried before is better than none. */
  choose(key: number, now: number, avoid: readonly T[]): T | undefined {
    const tier = this.#tierFor(key);
    if (tier === undefined) return undefined;
    return tier.balancer.choose(key, now, avoid) ?? this.#another(tier, key, now, avoid);
  }

  #tierFor(key: number): Tier<T> | undefined {
    const tiers = this.#tiers;
    const first = tiers[0];
    if (first === undefined || first.share === 1) return first;
    let rest = key === NO_KEY ? this.#random() : mix(key) / 2 ** 32;
    for (const tier of tiers) {
      if (rest < tier.share) return tier;
      rest -= tier.share;
    }
    return first;
  }

  /** All of its tier were tried: one of the others, the nearest first. */
  #another(tier: Tier<T>, key: number, now: number, avoid: readonly T[]): T | undefined {
    for (const { balancer } of this.#tiers) {
      const other = balancer.choose(key, now, avoid);
      if (other !== undefined) return other;
    }
    return tier.balancer.choose(key, now, none);
  }
}
