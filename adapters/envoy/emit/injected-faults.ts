import type { Faults } from '../../../src/model/policy.ts';
import { any, duration, type Message } from './message.ts';

const filterNames = { delay: 'smi.fault-delay', abort: 'smi.fault-abort', grpcAbort: 'smi.fault-abort-grpc' } as const;
const configType = 'envoy.extensions.filters.http.fault.v3.HTTPFault';

/** The filters that some of these faults need, in this order; they take no part but where a route asks for them. */
export function faultFilters(faults: readonly Faults[]): readonly Message[] {
  const used = {
    delay: faults.some(({ delay }) => delay !== undefined),
    abort: faults.some(({ abort }) => abort !== undefined),
    grpcAbort: faults.some(({ abort }) => abort?.grpcStatus !== undefined),
  };
  return (['delay', 'abort', 'grpcAbort'] as const)
    .filter((kind) => used[kind])
    .map((kind) => ({ name: filterNames[kind], typedConfig: any(configType, {}), disabled: true }));
}

/** `typed_per_filter_config` of a route whose requests meet faults. */
export function injectedFaults({ delay, abort }: Faults): Message {
  const both = abort?.grpcStatus !== undefined;
  return {
    ...(delay === undefined
      ? {}
      : {
          [filterNames.delay]: fault({ delay: { fixedDelay: duration(delay.time), percentage: share(delay.share) } }),
        }),
    ...(abort === undefined
      ? {}
      : {
          [filterNames.abort]: fault({
            abort: { httpStatus: abort.httpStatus, percentage: share(abort.share) },
            ...(both ? { headers: [{ ...grpcCall, invertMatch: true, treatMissingHeaderAsEmpty: true }] } : {}),
          }),
        }),
    ...(abort?.grpcStatus === undefined
      ? {}
      : {
          [filterNames.grpcAbort]: fault({
            abort: { grpcStatus: abort.grpcStatus, percentage: share(abort.share) },
            headers: [grpcCall],
          }),
        }),
  };
}

const grpcCall: Message = {
  name: 'content-type',
  stringMatch: { safeRegex: { regex: 'application/grpc(?:[+; ].*)?' } },
};

function fault(config: Message): Message {
  return any(configType, { ...config, disableDownstreamClusterStats: true });
}

/** Shares are in hundredths of a percent. */
export function share(numerator: number): Message {
  return { numerator, denominator: 'TEN_THOUSAND' };
}
