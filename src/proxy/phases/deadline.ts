import { deadlineHeader, parseDeadline, parseGrpcTimeout } from '../policy/deadline.ts';
import { DEADLINE_EXCEEDED } from '../policy/grpc.ts';
import type { Exchange } from '../routing/exchange.ts';
import { tickMillis } from '../ticker.ts';
import { ANSWER, NEXT, type Phase } from './phase.ts';

/** From here on the request has until its deadline: what policy allows, or less when the caller waits no longer. */
export const deadlinePhase: Phase = {
  name: 'deadline',
  request: (exchange) => {
    const { policy } = exchange;
    if (policy?.idleMillis !== undefined) exchange.idleMillis = patience(policy.idleMillis);
    const millis = allowedMillis(exchange);
    if (millis === Number.POSITIVE_INFINITY) return NEXT;
    exchange.deadline = exchange.startedAt + millis;
    if (millis > 0) {
      exchange.transaction.giveUpAt(exchange.deadline);
      return NEXT;
    }
    exchange.series?.deadlineExceeded();
    exchange.status = 504;
    exchange.grpcStatus = DEADLINE_EXCEEDED;
    exchange.failed();
    return ANSWER;
  },
};

/** Counted from the last tick, and yet never too short. */
function patience(idleMillis: number): number {
  return idleMillis === 0 ? Number.POSITIVE_INFINITY : idleMillis + tickMillis;
}

/** A caller can only shorten what policy allows. */
function allowedMillis({ policy, request }: Exchange): number {
  const { fields, method } = request;
  let millis = Number.POSITIVE_INFINITY;
  if (policy !== undefined && policy.requestMillis > 0) millis = policy.requestMillis;
  const header = fields.lookupMesh(deadlineHeader);
  if (header !== undefined) millis = Math.min(millis, parseDeadline(header) ?? millis);
  // gRPC knows no other method.
  const timeout = method === 'POST' ? fields.lookup('grpc-timeout') : undefined;
  if (timeout !== undefined) millis = Math.min(millis, parseGrpcTimeout(timeout) ?? millis);
  return millis;
}
