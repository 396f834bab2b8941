import { idempotentMethods } from '../../../src/lib/http-methods.ts';
import type { HeaderEdits, RequestPolicy, Retries, RetryCondition } from '../../../src/model/policy.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import { duration, type Fields, percent } from './object.ts';

/** `methods`: of the requests that it is about; absent: of all that are left. */
export interface Treatment {
  readonly methods?: readonly string[];
  readonly fields: Fields;
}

/** What VirtualService does with requests of some methods beside routing them; what may be sent again depends on their method. */
export function treatments(
  policy: RequestPolicy,
  asked: 'any' | readonly string[],
  destinationOf: (service: ServiceId, port: number) => Fields,
): readonly Treatment[] {
  const { timeouts, retries, faults, mirror, headers } = policy;
  const common = {
    ...(timeouts?.request ? { timeout: duration(timeouts.request) } : {}),
    ...faultFields(faults ?? {}),
    ...(mirror === undefined || mirror.share === 0
      ? {}
      : {
          mirrors: [{ destination: destinationOf(mirror.service, mirror.port), percentage: percent(mirror.share) }],
        }),
    ...headerFields(headers),
  };
  const perTry = timeouts?.perTry ?? 0;
  if (retries === undefined && perTry === 0) return [{ fields: common }];
  const { methods = 'idempotent', on = defaultConditions } = retries ?? {};
  const harmless = on.filter((condition) => condition === 'connectFailure');
  const rest = { fields: { ...common, ...retryFields(retries ?? {}, harmless, perTry) } };
  if (harmless.length === on.length || retries?.attempts === 0) return [rest];
  const repeatable = { ...common, ...retryFields(retries ?? {}, on, perTry) };
  const again: readonly string[] = methods === 'idempotent' ? idempotentMethods : methods;
  const left = asked === 'any' || asked.some((method) => !again.includes(method));
  return left ? [{ methods: again, fields: repeatable }, rest] : [{ fields: repeatable }];
}

const defaultConditions: readonly RetryCondition[] = ['connectFailure', 'reset', 'perTryTimeout'];

const retryOn: Readonly<Record<RetryCondition, string>> = {
  connectFailure: 'connect-failure,refused-stream',
  reset: 'reset',
  gatewayError: 'gateway-error',
  serverError: '5xx',
  rateLimited: '429',
  // A try that takes too long is one that was reset.
  perTryTimeout: 'reset',
  grpcCancelled: 'cancelled',
  grpcDeadlineExceeded: 'deadline-exceeded',
  grpcResourceExhausted: 'resource-exhausted',
  grpcUnavailable: 'unavailable',
};

function retryFields({ attempts = 2, backoff }: Retries, on: readonly RetryCondition[], perTry: number): Fields {
  const perTryTimeout = perTry === 0 ? {} : { perTryTimeout: duration(perTry) };
  if (attempts === 0 || on.length === 0) return { retries: { attempts: 0, ...perTryTimeout } };
  return {
    retries: {
      attempts,
      ...perTryTimeout,
      retryOn: [...new Set(on.map((condition) => retryOn[condition]))].join(','),
      ...(backoff?.base === undefined ? {} : { backoff: duration(backoff.base) }),
    },
  };
}

function faultFields({ delay, abort }: NonNullable<RequestPolicy['faults']>): Fields {
  const fault = {
    ...(delay === undefined || delay.share === 0
      ? {}
      : { delay: { fixedDelay: duration(delay.time), percentage: percent(delay.share) } }),
    ...(abort === undefined || abort.share === 0
      ? {}
      : { abort: { httpStatus: abort.httpStatus, percentage: percent(abort.share) } }),
  };
  return Object.keys(fault).length === 0 ? {} : { fault };
}

function headerFields(headers: RequestPolicy['headers']): Fields {
  const request = edits(headers?.request);
  const response = edits(headers?.response);
  const said = { ...(request === undefined ? {} : { request }), ...(response === undefined ? {} : { response }) };
  return Object.keys(said).length === 0 ? {} : { headers: said };
}

function edits({ set, add, remove }: HeaderEdits = {}): Fields | undefined {
  const said = {
    ...(set === undefined ? {} : { set: values(set) }),
    ...(add === undefined ? {} : { add: values(add) }),
    ...(remove === undefined ? {} : { remove }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

function values(edits: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(edits).map(([name, value]) => [name, envoyText(value)]));
}

/** The text of a header as Istio hands it to Envoy, for which `%` begins what it puts in. */
export function envoyText(value: string): string {
  return value.replaceAll('%', '%%');
}
