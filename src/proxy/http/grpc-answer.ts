import { grpcStatusOf } from '../policy/grpc.ts';
import { FieldList } from './field-list.ts';
import { localBody } from './local-answer.ts';
import type { ResponseMessage } from './message.ts';

/**
 * An answer of the proxy's own to a gRPC call, in the form that gRPC calls Trailers-Only: HTTP status 200, and the head is
 * all there is. `grpcStatus` 0 means the one that stands for the HTTP status.
 */
export function grpcAnswer(status: number, grpcStatus: number): ResponseMessage {
  const code = grpcStatus === 0 ? grpcStatusOf(status) : grpcStatus;
  const fields = [
    'content-type',
    'application/grpc',
    'grpc-status',
    String(code),
    'grpc-message',
    localBody(status).trim(),
  ];
  return { status: 200, fields: new FieldList(fields), contentLength: -1 };
}
