import type { Faults } from '../../../src/model/policy.ts';
import { any, type Message, seconds } from './message.ts';

/** Fault injection (gRFC A33). It comes before a cluster is asked for an endpoint, so it can also answer in its place. */
const filterName = 'envoy.filters.http.fault';
const type = 'envoy.extensions.filters.http.fault.v3.HTTPFault';

/** The filter that routes configure; without a word of theirs it lets everything pass. */
export const faultFilter: Message = { name: filterName, typedConfig: any(type, {}) };

/** gRPC status codes. */
export const permissionDenied = 7;
export const unimplemented = 12;
export const unavailable = 14;

const always: Message = { numerator: 100, denominator: 'HUNDRED' };

/** A route that fails every call with a status. */
export function failing(grpcStatus: number): Message {
  return perRoute({ abort: { grpcStatus, percentage: always } });
}

export function routeFaults({ delay, abort }: Faults): Message {
  return perRoute({
    ...(delay === undefined ? {} : { delay: { fixedDelay: seconds(delay.time), percentage: share(delay.share) } }),
    ...(abort === undefined ? {} : { abort: { ...status(abort), percentage: share(abort.share) } }),
  });
}

/** Clients turn an HTTP status into a gRPC status as A33 says. */
function status({ httpStatus, grpcStatus }: NonNullable<Faults['abort']>): Message {
  return grpcStatus === undefined ? { httpStatus } : { grpcStatus };
}

/** Hundredths of a percent. */
function share(numerator: number): Message {
  return { numerator, denominator: 'TEN_THOUSAND' };
}

function perRoute(fault: Message): Message {
  return { typedPerFilterConfig: { [filterName]: any(type, fault) } };
}
