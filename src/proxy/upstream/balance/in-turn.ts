import type { Balancer } from './balancer.ts';

/** One after the other. It begins anywhere, so that many clients that start together do not march in step. */
export class RoundRobin<T> implements Balancer<T> {
  readonly #candidates: readonly T[];
  #next: number;

  constructor(candidates: readonly T[], random: () => number) {
    this.#candidates = candidates;
    this.#next = Math.floor(random() * candidates.length);
  }

  choose(_key: number, _now: number, avoid: readonly T[]): T | undefined {
    const candidates = this.#candidates;
    for (let tried = 0; tried < candidates.length; tried++) {
      const candidate = candidates[this.#next]!;
      this.#next = (this.#next + 1) % candidates.length;
      if (!avoid.includes(candidate)) return candidate;
    }
    return undefined;
  }
}

/** Any. */
export class RandomChoice<T> implements Balancer<T> {
  readonly #candidates: readonly T[];
  readonly #random: () => number;

  constructor(candidates: readonly T[], random: () => number) {
    this.#candidates = candidates;
    this.#random = random;
  }

  choose(_key: number, _now: number, avoid: readonly T[]): T | undefined {
    return anyOf(this.#candidates, this.#random, avoid);
  }
}

/** A random one of those that are not to be avoided. */
export function anyOf<T>(candidates: readonly T[], random: () => number, avoid: readonly T[]): T | undefined {
  const left = avoid.length === 0 ? candidates : candidates.filter((one) => !avoid.includes(one));
  return left[Math.floor(random() * left.length)];
}
