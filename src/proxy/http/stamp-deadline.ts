import { deadlineHeader, formatDeadline, formatGrpcTimeout } from '../policy/deadline.ts';
import { isGrpc } from '../policy/grpc.ts';
import type { Exchange } from '../routing/exchange.ts';

/**
 * Tells the next hop how much of the request's time is left when it gets it, in the way of its protocol. Hosts outside the
 * mesh are told nothing that only the mesh knows.
 */
export function stampDeadline(exchange: Exchange): void {
  const { request, deadline, policy, series } = exchange;
  const left = deadline - performance.now();
  const edits = exchange.editRequest();
  if (isGrpc(request.fields.lookup('content-type'))) edits.set('grpc-timeout', formatGrpcTimeout(left));
  else if (policy !== undefined || series?.labels.direction === 'inbound') {
    edits.set(deadlineHeader, formatDeadline(left));
  }
}
