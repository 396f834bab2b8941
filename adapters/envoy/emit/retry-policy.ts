import { idempotentMethods } from '../../../src/lib/http-methods.ts';
import type { Retries, RetryCondition } from '../../../src/model/policy.ts';
import { any, duration, type Message } from './message.ts';

/** In an answer of the server's proxy: its program took no connection, so that the request can do no harm elsewhere. */
export const unsentHeader = 'x-smi-unsent';

/** Without a policy: what certainly or harmlessly was not done. */
const defaultConditions: readonly RetryCondition[] = ['connectFailure', 'reset', 'perTryTimeout'];
const defaultAttempts = 2;

/** A server that wants to be left alone for longer is not waited for. */
const maxPushback = '5s';

const statusConditions = { gatewayError: [502, 503, 504], rateLimited: [429] } as const;
const grpcConditions = {
  grpcCancelled: 'cancelled',
  grpcDeadlineExceeded: 'deadline-exceeded',
  grpcResourceExhausted: 'resource-exhausted',
  grpcUnavailable: 'unavailable',
} as const;

/** Methods of requests that may be sent again although their server may have seen them. */
export function repeatableMethods({ methods }: Retries): readonly string[] {
  return methods === undefined || methods === 'idempotent' ? idempotentMethods : methods;
}

/** Whether it matters to a policy what a request's method is. */
export function dependsOnMethod(retries: Retries): boolean {
  const conditions = retries.on ?? defaultConditions;
  return retries.attempts !== 0 && conditions.some((condition) => condition !== 'connectFailure');
}

/**
 * What is tried again, and when; undefined where nothing is and each try has the whole time. `repeatable`: the requests may
 * be sent again although their server may have seen them.
 */
export function retryPolicy(retries: Retries, perTry: number, repeatable: boolean): Message | undefined {
  const perTryTimeout = perTry === 0 ? {} : { perTryTimeout: duration(perTry) };
  const all = retries.on ?? defaultConditions;
  const on = repeatable ? all : all.filter((condition) => condition === 'connectFailure');
  const attempts = on.length === 0 ? 0 : (retries.attempts ?? defaultAttempts);
  if (attempts === 0) return perTry === 0 ? undefined : { ...perTryTimeout, numRetries: 0 };
  return {
    ...conditions(on),
    numRetries: attempts,
    ...perTryTimeout,
    ...backoff(retries.backoff ?? {}),
    // Another endpoint, as long as one of a few choices is another.
    retryHostPredicate: [previousHosts],
    hostSelectionRetryMaxAttempts: 5,
  };
}

/** Not said where it is Envoy's own default. */
function backoff({ base = 25, max = 250 }: NonNullable<Retries['backoff']>): Message {
  if (base === 25 && max === 250) return {};
  return { retryBackOff: { baseInterval: duration(base), maxInterval: duration(Math.max(base, max)) } };
}

function conditions(on: readonly RetryCondition[]): Message {
  const codes = Object.entries(statusConditions).flatMap(([name, list]) =>
    on.includes(name as RetryCondition) ? list : [],
  );
  const headers = [
    ...(on.includes('connectFailure') ? [{ name: unsentHeader, presentMatch: true }] : []),
    ...(on.includes('serverError') ? [{ name: ':status', stringMatch: { prefix: '5' } }] : []),
  ];
  const names = [
    ...(on.includes('connectFailure') ? ['connect-failure', 'refused-stream'] : []),
    ...(on.includes('reset') ? ['reset'] : []),
    ...(codes.length > 0 ? ['retriable-status-codes'] : []),
    ...(headers.length > 0 ? ['retriable-headers'] : []),
    ...Object.entries(grpcConditions).flatMap(([name, word]) => (on.includes(name as RetryCondition) ? [word] : [])),
  ];
  const answers = on.some((condition) => !(defaultConditions as readonly string[]).includes(condition));
  return {
    retryOn: names.join(','),
    ...(codes.length > 0 ? { retriableStatusCodes: codes } : {}),
    ...(headers.length > 0 ? { retriableHeaders: headers } : {}),
    ...(answers
      ? {
          rateLimitedRetryBackOff: {
            resetHeaders: [{ name: 'retry-after', format: 'SECONDS' }],
            maxInterval: maxPushback,
          },
        }
      : {}),
  };
}

const previousHosts: Message = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  typedConfig: any('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
};
