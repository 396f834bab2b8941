export const DEADLINE_EXCEEDED = 4;
export const RESOURCE_EXHAUSTED = 8;

/** Whether a content type says that the request is a gRPC call: those are answered by a status in trailers. */
export function isGrpc(contentType: string | undefined): boolean {
  if (contentType === undefined || !contentType.startsWith('application/grpc')) return false;
  const next = contentType.charAt('application/grpc'.length);
  return next === '' || next === '+' || next === ';' || next === ' ';
}

/** The gRPC status that stands for an HTTP status (the mapping of gRPC's http-grpc-status-mapping, which Envoy uses too). */
export function grpcStatusOf(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}
