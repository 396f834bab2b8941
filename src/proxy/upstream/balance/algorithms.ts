import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { RandomChoice, RoundRobin } from './in-turn.ts';
import { Maglev } from './maglev.ts';
import { RingHash } from './ring-hash.ts';
import { TwoChoices } from './two-choices.ts';

export type Algorithm = 'EWMA' | 'LEAST_REQUEST' | 'ROUND_ROBIN' | 'RANDOM' | 'RING_HASH' | 'MAGLEV';

/** `random` gives numbers from 0 to below 1. */
export function createBalancer<T extends BalancedEndpoint>(
  algorithm: Algorithm,
  candidates: readonly T[],
  random: () => number,
): Balancer<T> {
  switch (algorithm) {
    case 'EWMA':
    case 'LEAST_REQUEST':
      return new TwoChoices(algorithm, candidates, random);
    case 'ROUND_ROBIN':
      return new RoundRobin(candidates, random);
    case 'RANDOM':
      return new RandomChoice(candidates, random);
    case 'RING_HASH':
      return new RingHash(candidates, random);
    case 'MAGLEV':
      return new Maglev(candidates, random);
  }
}
