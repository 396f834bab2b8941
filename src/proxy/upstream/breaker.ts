import type { ClusterMetrics } from '../telemetry/clusters.ts';

/** What one client's proxy may have open towards one service port; `Infinity` for no bound of the policy. */
export interface BreakerLimits {
  readonly connections: number;
  readonly pending: number;
  readonly requests: number;
  readonly retries: number;
}

export type Bounded = keyof BreakerLimits;

export const bounds: readonly Bounded[] = ['connections', 'pending', 'requests', 'retries'];

/** Counts what is open, and refuses at once what would be too much. */
export class Breaker {
  limits: BreakerLimits;
  readonly #metrics: ClusterMetrics;
  readonly #open = { connections: 0, pending: 0, requests: 0, retries: 0 };
  readonly #closers = new Set<() => boolean>();

  constructor(limits: BreakerLimits, metrics: ClusterMetrics) {
    this.limits = limits;
    this.#metrics = metrics;
  }

  /** False, and counted as an overflow, when there is no room; otherwise `release` must follow once. */
  take(what: Bounded): boolean {
    if (this.#open[what] < this.limits[what]) {
      this.#open[what]++;
      return true;
    }
    this.overflow(what);
    return false;
  }

  /** Whether there is no room for another one. */
  isOpen(what: Bounded): boolean {
    return this.#open[what] >= this.limits[what];
  }

  /** Counts what was refused. */
  overflow(what: Bounded): void {
    this.#metrics.overflow(what);
  }

  /** The same without counting an overflow: who asks can do without. */
  tryTake(what: Bounded): boolean {
    return this.#open[what] < this.limits[what] && this.take(what);
  }

  release(what: Bounded): void {
    this.#open[what]--;
  }

  /** `closeIdle` gives up a connection that nobody uses and says whether there was one. */
  add(closeIdle: () => boolean): void {
    this.#closers.add(closeIdle);
  }

  remove(closeIdle: () => boolean): void {
    this.#closers.delete(closeIdle);
  }

  /** Makes room for a connection where an idle one of another endpoint takes it. */
  reclaimConnection(): boolean {
    for (const closeIdle of this.#closers) if (closeIdle()) return true;
    return false;
  }
}
