import { any, duration, type Message } from './message.ts';

/** What is left of a request's time, in whole milliseconds: from hop to hop within the mesh, and to programs. */
export const deadlineHeader = 'x-smi-deadline-ms';

/** A caller can shorten its time: Envoy's own router reads the header under another name. */
export const callersDeadline: Message = {
  name: 'deadline',
  typedConfig: any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
    mutations: {
      requestMutations: [
        {
          append: {
            header: { key: 'x-envoy-upstream-rq-timeout-ms', value: `%REQ(${deadlineHeader})%` },
            appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD',
          },
        },
      ],
    },
  }),
};

/** Nothing is left of the caller's time; to Envoy itself no milliseconds would mean no limit. */
export const overdue: Message = {
  name: 'overdue',
  match: { prefix: '/', headers: [{ name: deadlineHeader, stringMatch: { safeRegex: { regex: '0{1,12}' } } }] },
  directResponse: { status: 504 },
};

/** `max_stream_duration` of a route: the time in milliseconds from a request's head; 0: none but that of `grpc-timeout`. */
export function requestTime(millis: number): Message {
  if (millis === 0) return { grpcTimeoutHeaderMax: '0s' };
  return { maxStreamDuration: duration(millis), grpcTimeoutHeaderMax: duration(millis) };
}
