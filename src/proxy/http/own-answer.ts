import { grpcStatusOf, isGrpc } from '../policy/grpc.ts';
import type { Exchange } from '../routing/exchange.ts';
import type { Downstream } from './downstream.ts';
import { FieldList } from './field-list.ts';
import { localBody } from './local-answer.ts';
import type { ResponseMessage } from './message.ts';

const empty = Buffer.alloc(0);

/** An answer of the proxy's own with the exchange's status, in the form that the client's request asks for. */
export function answerOurselves(downstream: Downstream, exchange: Exchange): void {
  const { request, status, grpcStatus, responseEdits, method } = exchange;
  if (isGrpc(request.fields.lookup('content-type'))) {
    downstream.whole(trailersOnly(status, grpcStatus), responseEdits, empty, 0, 0);
  } else downstream.local(status, method, responseEdits);
}

/** What gRPC calls Trailers-Only: HTTP status 200, and the head is all there is. `grpcStatus` 0: what stands for the HTTP status. */
function trailersOnly(status: number, grpcStatus: number): ResponseMessage {
  const code = String(grpcStatus === 0 ? grpcStatusOf(status) : grpcStatus);
  const fields = ['content-type', 'application/grpc', 'grpc-status', code, 'grpc-message', localBody(status).trim()];
  return { status: 200, fields: new FieldList(fields), contentLength: -1 };
}
