import { limits } from '../limits.ts';
import { backoffMillis, pushbackMillis } from '../policy/backoff.ts';
import { maySendAgain } from '../policy/request-policy.ts';
import { ANSWER_CONDITIONS, answerCondition, CONNECT_FAILURE, reasonOf } from '../policy/retry-conditions.ts';
import { type Exchange, unsentHeader } from '../routing/exchange.ts';
import type { ResponseMessage } from './message.ts';

/** No further try. */
export const ENOUGH = -1;

/** How long to wait before another try after a failure, in milliseconds; `ENOUGH` when none follows. */
export function afterFailure(exchange: Exchange, condition: number): number {
  return nextTry(exchange, condition, 0);
}

/** The same after the head of an answer, which is to be passed on when it is `ENOUGH`. */
export function afterAnswer(exchange: Exchange, { status, fields }: ResponseMessage): number {
  const on = exchange.policy?.retries.on ?? 0;
  if (status === 503 && (on & CONNECT_FAILURE) !== 0 && fields.lookupMesh(unsentHeader) !== undefined) {
    return nextTry(exchange, CONNECT_FAILURE, 0);
  }
  if ((on & ANSWER_CONDITIONS) === 0) return ENOUGH;
  const condition = answerCondition(on, status, status === 200 ? fields.lookup('grpc-status') : undefined);
  if (condition === 0) return ENOUGH;
  const pushback = pushbackMillis(fields.lookup('grpc-retry-pushback-ms'), fields.lookup('retry-after'), Date.now());
  return pushback > limits.pushbackMillis ? ENOUGH : nextTry(exchange, condition, pushback);
}

function nextTry(exchange: Exchange, condition: number, atLeastMillis: number): number {
  const { policy, series, method, deadline, tried } = exchange;
  if (policy === undefined) return ENOUGH;
  const { retries } = policy;
  if ((retries.on & condition) === 0 || tried.length >= retries.attempts) return ENOUGH;
  // Without a connection nothing was sent, so that nothing can be done twice.
  if (condition !== CONNECT_FAILURE && !maySendAgain(retries, method)) return ENOUGH;
  const { backoffBaseMillis, backoffMaxMillis, budget, budgetPercent, budgetMinPerSecond } = retries;
  const backoff = backoffMillis(backoffBaseMillis, backoffMaxMillis, tried.length + 1, Math.random());
  const wait = Math.max(backoff, atLeastMillis);
  const now = performance.now();
  if (deadline !== 0 && now + wait >= deadline) return ENOUGH;
  if (!holdsPlace(exchange)) return ENOUGH;
  if (!budget.take(budgetPercent, budgetMinPerSecond, now)) {
    series?.budgetExhausted();
    return ENOUGH;
  }
  series?.retried(reasonOf(condition));
  return wait;
}

/** Whether the policy's bound on retries has room, or this request is counted there already. */
function holdsPlace(exchange: Exchange): boolean {
  const breaker = exchange.cluster?.breaker;
  if (breaker === undefined || exchange.retryBreaker !== undefined) return true;
  if (!breaker.take('retries')) return false;
  exchange.retryBreaker = breaker;
  return true;
}
