import { type Candidate, chooseFaster, chooseLessBusy } from '../choice.ts';
import type { Balancer } from './balancer.ts';

/** The better of two random candidates: by the latency to expect, or by the requests under way. */
export class TwoChoices<T extends Candidate> implements Balancer<T> {
  readonly #candidates: readonly T[];
  readonly #random: () => number;
  readonly #byLatency: boolean;

  constructor(by: 'EWMA' | 'LEAST_REQUEST', candidates: readonly T[], random: () => number) {
    this.#byLatency = by === 'EWMA';
    this.#candidates = candidates;
    this.#random = random;
  }

  choose(_key: number, now: number, avoid: readonly T[]): T | undefined {
    const candidates = avoid.length === 0 ? this.#candidates : this.#candidates.filter((one) => !avoid.includes(one));
    return this.#byLatency ? chooseFaster(candidates, now, this.#random) : chooseLessBusy(candidates, this.#random);
  }
}
