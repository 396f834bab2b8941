import { Kept } from './kept.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { RetryBudget } from './retry-budget.ts';

/** What policies have counted so far. */
export class PolicyMemory {
  readonly budgets = new Kept<RetryBudget>();
  readonly limiters = new Kept<RateLimiter>();

  commit(): void {
    this.budgets.commit();
    this.limiters.commit();
  }
}
