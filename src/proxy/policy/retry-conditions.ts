/** What a failed try was, as bits: a policy names those after which it tries again. */
export const CONNECT_FAILURE = 1;
export const RESET = 2;
export const GATEWAY_ERROR = 4;
export const SERVER_ERROR = 8;
export const RATE_LIMITED = 16;
const GRPC_CANCELLED = 32;
const GRPC_DEADLINE_EXCEEDED = 64;
const GRPC_RESOURCE_EXHAUSTED = 128;
export const GRPC_UNAVAILABLE = 256;
export const PER_TRY_TIMEOUT = 512;

/** Conditions that only the head of an answer shows. */
export const ANSWER_CONDITIONS =
  GATEWAY_ERROR |
  SERVER_ERROR |
  RATE_LIMITED |
  GRPC_CANCELLED |
  GRPC_DEADLINE_EXCEEDED |
  GRPC_RESOURCE_EXHAUSTED |
  GRPC_UNAVAILABLE;

/** Names of the proxy's configuration -> bits. */
export const conditionBits = {
  CONNECT_FAILURE,
  RESET,
  GATEWAY_ERROR,
  SERVER_ERROR,
  RATE_LIMITED,
  GRPC_CANCELLED,
  GRPC_DEADLINE_EXCEEDED,
  GRPC_RESOURCE_EXHAUSTED,
  GRPC_UNAVAILABLE,
  PER_TRY_TIMEOUT,
} as const;

/** Of the conditions `on`, the one that an answer meets; 0 when it is to be passed on. `grpcStatus` is empty unless the head has it. */
export function answerCondition(on: number, status: number, grpcStatus: string | undefined): number {
  if (status >= 500) {
    if ((on & GATEWAY_ERROR) !== 0 && status >= 502 && status <= 504) return GATEWAY_ERROR;
    return on & SERVER_ERROR;
  }
  if (status === 429) return on & RATE_LIMITED;
  switch (grpcStatus) {
    case '1':
      return on & GRPC_CANCELLED;
    case '4':
      return on & GRPC_DEADLINE_EXCEEDED;
    case '8':
      return on & GRPC_RESOURCE_EXHAUSTED;
    case '14':
      return on & GRPC_UNAVAILABLE;
    default:
      return 0;
  }
}

const reasons: ReadonlyMap<number, string> = new Map([
  [CONNECT_FAILURE, 'connect-failure'],
  [RESET, 'reset'],
  [GATEWAY_ERROR, 'gateway-error'],
  [SERVER_ERROR, 'server-error'],
  [RATE_LIMITED, 'rate-limited'],
  [GRPC_CANCELLED, 'grpc-cancelled'],
  [GRPC_DEADLINE_EXCEEDED, 'grpc-deadline-exceeded'],
  [GRPC_RESOURCE_EXHAUSTED, 'grpc-resource-exhausted'],
  [GRPC_UNAVAILABLE, 'grpc-unavailable'],
  [PER_TRY_TIMEOUT, 'per-try-timeout'],
]);

/** The label of a condition in metrics. */
export function reasonOf(condition: number): string {
  return reasons.get(condition) ?? 'other';
}
