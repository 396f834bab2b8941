import { RetryBudget } from './retry-budget.ts';

/** The accounts of all service ports; they outlive changes of configuration. */
export class RetryBudgets {
  #kept = new Map<string, RetryBudget>();
  #asked = new Map<string, RetryBudget>();

  /** Of a service port, over a window. */
  budget(service: string, windowMillis: number): RetryBudget {
    const key = `${service} ${windowMillis}`;
    const budget = this.#asked.get(key) ?? this.#kept.get(key) ?? new RetryBudget(windowMillis);
    this.#asked.set(key, budget);
    return budget;
  }

  /** Forgets those that nobody asked for since the last time. */
  commit(): void {
    this.#kept = this.#asked;
    this.#asked = new Map();
  }
}
