import { idempotentMethods } from '../../lib/http-methods.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { EditPlan } from './edit-plan.ts';
import type { RetryBudget } from './retry-budget.ts';
import { CONNECT_FAILURE, PER_TRY_TIMEOUT, RESET } from './retry-conditions.ts';

/** What happens to a request to a service, after all layers that cover it. Times in milliseconds; 0 is no limit. */
export interface RequestPolicy {
  /** From the request's head to the end of its answer, all tries together. */
  readonly requestMillis: number;
  /** From the start of one try to the head of its answer. */
  readonly perTryMillis: number;
  /** Without a byte in either direction; undefined: the proxy's own bound. */
  readonly idleMillis: number | undefined;
  readonly retries: RetryPolicy;
  readonly delay: Delay | undefined;
  readonly abort: Abort | undefined;
  readonly mirror: Mirror | undefined;
  readonly requestHeaders: EditPlan | undefined;
  readonly responseHeaders: EditPlan | undefined;
  /** Whether `x-smi-backend` may name the backend of a split. */
  readonly debugRouting: boolean;
}

export interface RetryPolicy {
  /** Bits of retry-conditions.ts. */
  readonly on: number;
  /** Undefined: the idempotent ones. */
  readonly methods: ReadonlySet<string> | undefined;
  /** Tries after the first. */
  readonly attempts: number;
  /** Shared by all policies of a service port that have the same window. */
  readonly budget: RetryBudget;
  readonly budgetPercent: number;
  readonly budgetMinPerSecond: number;
  readonly backoffBaseMillis: number;
  readonly backoffMaxMillis: number;
}

export interface Delay {
  readonly millis: number;
  /** In hundredths of a percent, as all shares. */
  readonly share: number;
}

export interface Abort {
  readonly httpStatus: number;
  /** 0: what stands for the HTTP status. */
  readonly grpcStatus: number;
  readonly share: number;
}

export interface Mirror {
  readonly cluster: Cluster;
  readonly share: number;
}

/** Methods that mean the same sent twice as once (RFC 9110 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(idempotentMethods);

/** What holds without any policy: retries of what certainly or harmlessly was not done. */
export const defaultRetries: Omit<RetryPolicy, 'budget'> = {
  on: CONNECT_FAILURE | RESET | PER_TRY_TIMEOUT,
  methods: undefined,
  attempts: 2,
  budgetPercent: 20,
  budgetMinPerSecond: 10,
  backoffBaseMillis: 25,
  backoffMaxMillis: 250,
};

export const defaultBudgetWindowMillis = 10_000;

/** Whether a request of a method may be sent again that its server may have seen already. */
export function maySendAgain({ methods }: RetryPolicy, method: string): boolean {
  return (methods ?? idempotent).has(method);
}
