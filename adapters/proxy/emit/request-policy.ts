import type { HeaderEdits as HeaderEditsMessage } from '../../../generated/types/proxy/smi/proxy/v1/HeaderEdits.ts';
import type { RequestPolicyLayer } from '../../../generated/types/proxy/smi/proxy/v1/RequestPolicyLayer.ts';
import type { Retries as RetriesMessage } from '../../../generated/types/proxy/smi/proxy/v1/Retries.ts';
import { idempotentMethods } from '../../../src/lib/http-methods.ts';
import type { HeaderEdits, PolicyLayer, RequestPolicy, Retries, RetryCondition } from '../../../src/model/policy.ts';
import { portName } from '../names.ts';
import { emitMatch } from './match.ts';
import { stated } from './stated.ts';

/** What one policy says about requests to a service. */
export function emitRequestLayer({ policy, matches, fields }: PolicyLayer<RequestPolicy>): RequestPolicyLayer {
  const { timeouts, retries, faults, mirror, headers, debugRouting } = fields;
  return {
    policy,
    ...emitCoverage(matches),
    ...stated({
      timeouts: timeouts && stated({ requestMs: timeouts.request, perTryMs: timeouts.perTry, idleMs: timeouts.idle }),
      retries: retries && emitRetries(retries),
      faults:
        faults &&
        stated({
          delay: faults.delay && { millis: faults.delay.time, share: faults.delay.share },
          abort: faults.abort,
        }),
      mirror: mirror && { endpoints: portName(mirror.service, mirror.port), share: mirror.share },
      requestHeaders: headers?.request && emitEdits(headers.request),
      responseHeaders: headers?.response && emitEdits(headers.response),
      debugRouting,
    }),
  };
}

/** Which requests a layer covers: an empty list is never "every request". */
export function emitCoverage(matches: PolicyLayer<unknown>['matches']): Pick<RequestPolicyLayer, 'matches' | 'any'> {
  return matches === 'any' ? { any: true } : { matches: matches.map(emitMatch) };
}

const conditions = {
  connectFailure: 'CONNECT_FAILURE',
  reset: 'RESET',
  gatewayError: 'GATEWAY_ERROR',
  serverError: 'SERVER_ERROR',
  rateLimited: 'RATE_LIMITED',
  perTryTimeout: 'PER_TRY_TIMEOUT',
  grpcCancelled: 'GRPC_CANCELLED',
  grpcDeadlineExceeded: 'GRPC_DEADLINE_EXCEEDED',
  grpcResourceExhausted: 'GRPC_RESOURCE_EXHAUSTED',
  grpcUnavailable: 'GRPC_UNAVAILABLE',
} as const satisfies Record<RetryCondition, string>;

function emitRetries({ on, methods, attempts, budget, backoff }: Retries): RetriesMessage {
  return stated({
    on: on && { conditions: on.map((condition) => conditions[condition]) },
    methods: methods && { methods: methods === 'idempotent' ? [...idempotentMethods] : [...methods] },
    attempts,
    budgetPercent: budget?.percent,
    budgetMinPerSecond: budget?.minPerSecond,
    budgetWindowMs: budget?.window,
    backoffBaseMs: backoff?.base,
    backoffMaxMs: backoff?.max,
  });
}

function emitEdits({ set, add, remove }: HeaderEdits): HeaderEditsMessage {
  return stated({ set: set && lines(set), add: add && lines(add), remove: remove && [...remove] });
}

function lines(values: Readonly<Record<string, string>>): HeaderEditsMessage['set'] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}
