export interface AccountRateOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Milliseconds of any monotonic or wall clock. */
  readonly clock: () => number;
}

/** Accounts that are told apart; beyond these the one that was seen least recently begins anew. */
const mostAccounts = 10_000;

/** Token buckets, one for each account, so that one account cannot take the time of the others. */
export class AccountRate {
  readonly #options: AccountRateOptions;
  readonly #buckets = new Map<string, { readonly left: number; readonly at: number }>();

  constructor(options: AccountRateOptions) {
    this.#options = options;
  }

  /** Whether one more is within the bound, which then counts. */
  take(account: string): boolean {
    const { perSecond, burst, clock } = this.#options;
    const now = clock();
    const { left, at } = this.#buckets.get(account) ?? { left: burst, at: now };
    const filled = Math.min(burst, left + (Math.max(now - at, 0) / 1000) * perSecond);
    const allowed = filled >= 1;
    this.#buckets.delete(account);
    this.#buckets.set(account, { left: allowed ? filled - 1 : filled, at: now });
    if (this.#buckets.size > mostAccounts) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return allowed;
  }
}
