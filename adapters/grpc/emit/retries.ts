import type { Retries, RetryCondition } from '../../../src/model/policy.ts';
import { type Message, seconds } from './message.ts';

/** What gRPC can tell apart (gRFC A44). Connections that failed before a call was sent are tried again by gRPC itself. */
const conditions: Partial<Record<RetryCondition, string>> = {
  grpcCancelled: 'cancelled',
  grpcDeadlineExceeded: 'deadline-exceeded',
  grpcResourceExhausted: 'resource-exhausted',
  grpcUnavailable: 'unavailable',
};

/** gRPC makes at most five tries in all. */
const maxRetries = 4;
const defaultAttempts = 2;

/** Nothing unless a policy says that POST, which every gRPC call is, may be repeated. */
export function retryPolicy(retries: Retries | undefined): Message {
  if (retries === undefined) return {};
  const { on = [], methods = 'idempotent', attempts = defaultAttempts, backoff } = retries;
  const retryOn = on.flatMap((condition) => conditions[condition] ?? []);
  if (methods === 'idempotent' || !methods.includes('POST') || attempts < 1 || retryOn.length === 0) return {};
  return {
    retryPolicy: {
      retryOn: retryOn.join(','),
      numRetries: Math.min(attempts, maxRetries),
      ...(backoff?.base === undefined ? {} : { retryBackOff: backOff(backoff.base, backoff.max) }),
    },
  };
}

/** Clients refuse a longest pause that is shorter than the first, and a first one of nothing. */
function backOff(base: number, max: number | undefined): Message {
  const first = Math.max(1, base);
  return {
    baseInterval: seconds(first),
    ...(max === undefined ? {} : { maxInterval: seconds(Math.max(first, max)) }),
  };
}
